//! A story while it is drawn.

use std::time::Duration;

use crate::{
    plan::{
        Behaviour, DiskPlan, EVENT_TYPES, End, Ending, Events, HostPlan, Leap, Pace, Plan, Step, StoreKind,
        SubscriptionPlan, TenantPlan, Theme, Thread, Trouble,
    },
    random::Draws,
};

/// When people begin: everything is set up by then.
pub(super) const BEGIN: Duration = Duration::from_secs(8);
/// How long everything is well at the end, so that what can end does: longer than the longest schedule that is promised whole.
const CALM: Duration = Duration::from_secs(900);

/// A story that is not finished.
pub struct Draft {
    pub(super) draws: Draws,
    pub(super) plan: Plan,
    next_event: u64,
}

impl Draft {
    pub(super) fn new(seed: u64, theme: Theme, store: StoreKind) -> Self {
        let mut draws = Draws::new(seed, "story", 0);
        let sync_ms = draws.pick(&[(0, 0), (0, 1), (1, 3), (2, 8)]);
        let disk = DiskPlan {
            sync_ms,
            row_us: draws.between(5, 40),
            read_ms: draws.pick(&[(0, 0), (0, 2), (1, 6)]),
            read_bytes_max: 16 * 1024 * 1024,
            troubles: Vec::new(),
        };
        let plan = Plan {
            seed,
            theme,
            store,
            disk,
            backlog_max: None,
            retention: None,
            tenants: Vec::new(),
            hosts: Vec::new(),
            subscriptions: Vec::new(),
            threads: Vec::new(),
            ends: Vec::new(),
            leaps: Vec::new(),
            calm_from: Duration::ZERO,
            until: Duration::ZERO,
        };
        Self { draws, plan, next_event: 1 }
    }

    /// How long people are busy.
    pub(super) fn busy(&mut self, from: u64, to: u64) {
        self.plan.calm_from = BEGIN + self.draws.seconds(from, to);
    }

    /// A moment while people are busy.
    pub(super) fn moment(&mut self) -> Duration {
        let span = (self.plan.calm_from - BEGIN).as_millis() as u64;
        BEGIN + Duration::from_millis(self.draws.below(span))
    }

    pub(super) fn tenant(&mut self, profile: &'static str) -> usize {
        self.plan.tenants.push(TenantPlan { profile, is_quiet: false });
        self.plan.tenants.len() - 1
    }

    pub(super) fn host(&mut self, phases: Vec<(Duration, Behaviour)>) -> usize {
        let connect_ms = self.draws.pick(&[(0, 0), (0, 3), (5, 40)]);
        self.plan.hosts.push(HostPlan { connect_ms, phases });
        self.plan.hosts.len() - 1
    }

    /// A host that behaves so from the beginning on.
    pub(super) fn host_that(&mut self, behaviour: Behaviour) -> usize {
        self.host(vec![(Duration::ZERO, behaviour)])
    }

    /// A subscription with settings that are mostly the usual ones.
    pub(super) fn subscription(&mut self, tenant: usize, host: usize) -> &mut SubscriptionPlan {
        let profile = self.plan.tenants[tenant].profile;
        let gaps = match profile {
            "standard" if self.draws.chance(60) => Some(self.gaps()),
            _ => None,
        };
        let pace = Pace {
            active: true,
            ordered: false,
            concurrency: self.draws.pick(&[1, 2, 8, 8]),
            rate_limit: None,
        };
        let event_type = self.draws.chance(25).then(|| self.draws.below(EVENT_TYPES.len() as u64) as usize);
        let timeout = Duration::from_secs(self.draws.pick(&[2, 5, 10, 15]));
        let timeout = if profile == "leadhub" { Duration::from_secs(10) } else { timeout };
        self.plan.subscriptions.push(SubscriptionPlan {
            tenant,
            host,
            event_type,
            pace,
            gaps,
            timeout,
            settings_bytes: 0,
            delay: Duration::ZERO,
            group: None,
        });
        self.plan.subscriptions.last_mut().expect("it was pushed just now")
    }

    fn gaps(&mut self) -> Vec<Duration> {
        let count = self.draws.between(0, 6);
        (0..count)
            .map(|_| Duration::from_millis(self.draws.pick(&[200, 1_000, 5_000, 20_000, 60_000])))
            .collect()
    }

    /// Numbers for events.
    pub(super) fn events(&mut self, tenant: usize, count: u64, bytes: usize, pause_ms: (u64, u64)) -> Events {
        let first = self.next_event;
        self.next_event += count;
        let wanted = self.plan.subscriptions.iter().filter(|planned| planned.tenant == tenant);
        let wanted: Vec<_> = wanted.filter_map(|planned| planned.event_type).collect();
        let any = self.draws.below(EVENT_TYPES.len() as u64) as usize;
        let event_type =
            if wanted.is_empty() || self.draws.chance(30) { any } else { self.draws.pick(&wanted) };
        Events { tenant, first, count, bytes, event_type, pause_ms, deliver_in_ms: (0, 0) }
    }

    pub(super) fn thread(&mut self, from: Duration, steps: Vec<Step>) {
        self.plan.threads.push(Thread { from, steps });
    }

    /// Somebody who publishes, over about the whole busy time.
    pub(super) fn publisher(&mut self, tenant: usize, count: u64, bytes: usize) {
        let span_ms = (self.plan.calm_from - BEGIN).as_millis() as u64;
        let pause = (2 * span_ms / count.max(1)).min(20_000);
        let from = BEGIN + self.draws.millis((0, 500));
        let events = self.events(tenant, count, bytes, (0, pause));
        self.thread(from, vec![Step::Publish(events)]);
    }

    /// A restart of some kind.
    pub(super) fn restart(&mut self) {
        let grace = self.draws.seconds(0, 4);
        let behind = self.draws.chance(50);
        let how = match self.draws.below(4) {
            0 | 1 => Ending::Kill,
            2 => Ending::KillInCommit { behind },
            _ => Ending::Stop { grace },
        };
        let (at, down_for) = (self.moment(), self.draws.millis((50, 5_000)));
        self.plan.ends.push(End { at, how, down_for });
    }

    pub(super) fn trouble(&mut self, trouble: Trouble, seconds: (u64, u64)) {
        let from = self.moment();
        let to = from + self.draws.seconds(seconds.0, seconds.1);
        self.plan.disk.troubles.push((from, to, trouble));
    }

    pub(super) fn leap(&mut self, at: Duration, seconds: i64) {
        self.plan.leaps.push((at, Leap { seconds }));
    }

    pub(super) fn finish(self) -> Plan {
        let mut plan = self.plan;
        let of = |tenant: usize| {
            let indexes = plan.subscriptions.iter().enumerate();
            indexes
                .filter(move |(_, planned)| planned.tenant == tenant)
                .map(|(index, _)| index)
                .collect::<Vec<_>>()
        };
        let set_up: Vec<_> = (0..plan.tenants.len())
            .map(|tenant| Thread {
                from: Duration::ZERO,
                steps: vec![Step::PutTenant(tenant), Step::Create(of(tenant))],
            })
            .collect();
        plan.threads.splice(0..0, set_up);
        plan.ends.sort_by_key(|end| end.at);
        // A node that dies while it is down does not: it dies soon after.
        let mut earliest = Duration::ZERO;
        for end in &mut plan.ends {
            end.at = end.at.max(earliest);
            earliest = end.at + end.down_for + Duration::from_secs(3);
        }
        plan.leaps.sort_by_key(|(at, _)| *at);
        let last = plan.ends.last().map_or(Duration::ZERO, |end| end.at + end.down_for);
        plan.calm_from = plan.calm_from.max(last) + Duration::from_secs(5);
        plan.until = plan.calm_from + CALM;
        plan
    }
}
