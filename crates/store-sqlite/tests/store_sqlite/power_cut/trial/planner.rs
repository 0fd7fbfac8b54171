//! Chooses what comes next, by the seed alone: never by what a store answered, so that a seed is always the same story.

use std::{collections::HashSet, time::Duration};

use bytes::Bytes;
use postroad_domain::{
    Attempt, DeliveryId, ErrorClass, EventId, EventType, Headers, Reason, RegisteredType, RequestHead,
    ResponseHead, TenantId, Timestamp,
    attempt::Answer,
    ids::{Id, Kind},
};
use postroad_store::{GroupKey, GroupTarget, Idempotency, Next};
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};

use super::step::{Action, EventPlan, OutcomePlan, Step, SubscriptionName, TestPlan, Waiting, Write};

/// Tenants that come, change, and may go and come again.
const TENANTS: usize = 3;
/// Chances are taken among so many of the latest: the early ones have ended long ago.
const LATEST: usize = 30;
/// Keys of the groups of a subscription.
const GROUP_KEYS: u8 = 3;
/// Repeats of keyed events that one commit asks for.
const REPEATS_MAX: usize = 40;

/// The source of a trial's story.
#[derive(Debug)]
pub(crate) struct Planner {
    rng: StdRng,
    now: Timestamp,
    data_bytes_max: usize,
    subscriptions: Vec<SubscriptionName>,
    deliveries: Vec<DeliveryId>,
    /// Those of them that may be groups.
    groups: HashSet<DeliveryId>,
    keyed: Vec<EventPlan>,
}

impl Planner {
    /// A story for a seed, with events of at most so many bytes.
    pub(crate) fn new(seed: u64, data_bytes_max: usize) -> Self {
        Self {
            rng: StdRng::seed_from_u64(seed),
            now: Timestamp::parse("2026-11-21T20:50:00Z").unwrap(),
            data_bytes_max,
            subscriptions: Vec::new(),
            deliveries: Vec::new(),
            groups: HashSet::new(),
            keyed: Vec::new(),
        }
    }

    /// Chance for the trial's own choices.
    pub(crate) fn rng(&mut self) -> &mut StdRng {
        &mut self.rng
    }

    /// What comes next.
    pub(crate) fn next(&mut self) -> Action {
        if self.subscriptions.len() < 2 {
            return self.create();
        }
        let step = match self.rng.random_range(0..100) {
            0..8 => return self.create(),
            8..53 => self.commit(),
            53..60 => self.configure(),
            60..64 => Step::Retry { delivery: self.delivery() },
            64..67 => {
                let limit = if self.rng.random_bool(0.7) { 1_000 } else { 2 };
                Step::SendNow { subscription: self.subscription(), limit }
            }
            67..71 => Step::Cancel { delivery: self.delivery() },
            71..80 => {
                Step::SetActive { subscription: self.subscription(), active: self.rng.random_bool(0.6) }
            }
            80..82 => Step::DeleteSubscription { subscription: self.subscription() },
            82 => Step::DeleteTenant { tenant: self.tenant() },
            83..85 => Step::Prune { age: Duration::from_millis(self.rng.random_range(0..400)) },
            85..88 => Step::Sweep { limit: self.rng.random_range(1..50) },
            88..93 => Step::FanOut { targets_each: self.rng.random_range(1..3) },
            93 => Step::PutSetting { value: self.bytes(100).to_vec() },
            _ => {
                let ways = ["PASSIVE", "FULL", "RESTART", "TRUNCATE"];
                return Action::Checkpoint(ways[self.rng.random_range(0..ways.len())]);
            }
        };
        self.write(step)
    }

    /// Asks again for the latest events that have a key.
    pub(crate) fn repeats(&mut self) -> Write {
        let first = self.keyed.len().saturating_sub(REPEATS_MAX);
        let mut events = self.keyed[first..].to_vec();
        for event in &mut events {
            event.id = EventId::for_event(self.tick(), &mut self.rng);
            event.wanted_by.clear();
        }
        Write { at: self.tick(), step: Step::Commit { events, outcomes: Vec::new() } }
    }

    fn write(&mut self, step: Step) -> Action {
        Action::Write(Write { at: self.tick(), step })
    }

    fn create(&mut self) -> Action {
        let tenant = self.tenant();
        let step = if self.rng.random_bool(0.4) {
            Step::PutTenant { tenant, name: format!("name {}", self.rng.random_range(0..100)) }
        } else {
            let subscription = SubscriptionName { tenant, id: self.id() };
            self.subscriptions.push(subscription.clone());
            Step::CreateSubscription { subscription }
        };
        self.write(step)
    }

    fn configure(&mut self) -> Step {
        match self.rng.random_range(0..7) {
            0 => Step::Rotate { subscription: self.subscription(), sealed: self.bytes(100).to_vec() },
            1 => Step::Deactivate { subscription: self.subscription() },
            2 => Step::PutProfile { content: self.rng.random_range(0..6) },
            3 => Step::DeleteEventType { tenant: self.tenant(), name: self.event_type() },
            4 => Step::PutEventType { tenant: self.tenant(), event_type: self.registered() },
            _ => Step::Test(Box::new(self.test())),
        }
    }

    fn test(&mut self) -> TestPlan {
        let succeeded = self.rng.random_bool(0.5);
        let next = if succeeded { Next::Succeeded } else { Next::Failed(Reason::Exhausted) };
        TestPlan {
            subscription: self.subscription(),
            id: EventId::for_event(self.tick(), &mut self.rng),
            event_type: self.event_type(),
            attributes: self.bytes(20),
            data: self.bytes(self.data_bytes_max),
            attempt: Attempt { number: 1, ..self.attempt(next) },
            succeeded,
        }
    }

    fn registered(&mut self) -> RegisteredType {
        let name = self.event_type();
        let title = Some(format!("title {}", self.rng.random_range(0..100)));
        RegisteredType { name, title, group: None, description: None, example: None, schema: None }
    }

    fn event_type(&mut self) -> EventType {
        EventType::parse(&format!("deal.{}", self.rng.random_range(0..5))).unwrap()
    }

    fn commit(&mut self) -> Step {
        let count = [1, 3, 20][self.rng.random_range(0..3)];
        let count = self.rng.random_range(0..=count);
        // Outcomes come first: a delivery that is not acknowledged yet has none.
        let mut outcomes: Vec<OutcomePlan> = Vec::new();
        for _ in 0..self.rng.random_range(0..8) {
            let delivery = self.delivery();
            if outcomes.iter().all(|outcome| outcome.delivery != delivery) {
                outcomes.push(self.outcome(delivery));
            }
        }
        let events = (0..count).map(|_| self.event()).collect();
        Step::Commit { events, outcomes }
    }

    fn event(&mut self) -> EventPlan {
        let tenant = self.tenant();
        let id = EventId::for_event(self.tick(), &mut self.rng);
        let mut wanted_by = Vec::new();
        for _ in 0..self.rng.random_range(0..=3) {
            let subscription = self.subscription();
            if subscription.tenant == tenant && wanted_by.iter().all(|(id, _)| *id != subscription.id) {
                wanted_by.push((subscription.id, self.waiting()));
            }
        }
        // Which number a target has depends on which of them are there.
        let may_be_groups = wanted_by.iter().any(|(_, waiting)| waiting.group.is_some());
        for (number, _) in (1..).zip(&wanted_by) {
            self.deliveries.push(id.delivery(number));
            if may_be_groups {
                self.groups.insert(id.delivery(number));
            }
        }
        let event = EventPlan {
            tenant,
            id,
            event_type: EventType::parse("lead.created").unwrap(),
            tags: vec!["a".to_owned(); self.rng.random_range(0..2)],
            attributes: self.bytes(20),
            data: self.bytes(self.data_bytes_max),
            idempotency: self.rng.random_bool(0.3).then(|| self.idempotency()),
            served_at_once: if self.rng.random_bool(0.8) { wanted_by.len() } else { 0 },
            wanted_by,
        };
        if event.idempotency.is_some() {
            self.keyed.push(event.clone());
        }
        event
    }

    /// What a delivery of an event of this moment waits for: mostly for nothing, or for other events.
    fn waiting(&mut self) -> Waiting {
        let delay = Duration::from_millis(self.rng.random_range(1..300));
        let due = if self.rng.random_bool(0.2) { self.now.after(delay) } else { Timestamp::default() };
        Waiting { due, group: self.rng.random_bool(0.5).then(|| self.group()) }
    }

    /// Small groups, whose settings change.
    fn group(&mut self) -> GroupTarget {
        let may_be_large = self.rng.random_bool(0.8);
        GroupTarget {
            key: GroupKey([self.rng.random_range(0..GROUP_KEYS); 16]),
            window_ms: self.rng.random_range(1..400),
            is_aligned: self.rng.random_bool(0.2),
            events_max: self.rng.random_range(1..8),
            bytes_max: if may_be_large { 1_000_000 } else { self.rng.random_range(1..2_000) },
        }
    }

    fn idempotency(&mut self) -> Idempotency {
        let mut hash = || {
            let mut bytes = [0; 32];
            self.rng.fill_bytes(&mut bytes);
            bytes
        };
        let (key_hash, bytes_hash) = (hash(), hash());
        Idempotency { key_hash, bytes_hash, expires_at: self.now.after(Duration::from_secs(7 * 86_400)) }
    }

    fn outcome(&mut self, delivery: DeliveryId) -> OutcomePlan {
        let due = self.now.after(Duration::from_millis(self.rng.random_range(1..5_000)));
        let next = match self.rng.random_range(0..4) {
            0 => Next::Failed(Reason::Exhausted),
            1 => Next::Queued { due, tries: self.rng.random_range(1..5) },
            _ => Next::Succeeded,
        };
        let when_due = self.groups.contains(&delivery);
        // As the engine keeps it with the first attempt of a group that failed, and the store only once.
        let body = (when_due && next != Next::Succeeded).then(|| self.bytes(200));
        OutcomePlan { delivery, attempt: self.attempt(next), next, when_due, body }
    }

    pub(super) fn attempt(&mut self, next: Next) -> Attempt {
        let answer = if next == Next::Succeeded {
            let headers = [("Server", "test")].into();
            let body = self.bytes(600);
            Answer::Response(ResponseHead { status: 204, headers, body, truncated: false })
        } else {
            Answer::Error { class: ErrorClass::Connect, message: "nobody listens".to_owned() }
        };
        Attempt {
            id: self.id(),
            number: 0,
            at: self.now,
            duration: Duration::from_micros(self.rng.random_range(1..5_000)),
            repeated: false,
            request: RequestHead {
                method: "POST".to_owned(),
                url: "https://example.com/hook".to_owned(),
                headers: Headers::new(),
            },
            answer,
        }
    }

    fn tenant(&mut self) -> TenantId {
        TenantId::parse(&format!("tenant-{}", self.rng.random_range(0..TENANTS))).unwrap()
    }

    fn subscription(&mut self) -> SubscriptionName {
        let back = self.rng.random_range(1..=self.subscriptions.len().min(LATEST));
        self.subscriptions[self.subscriptions.len() - back].clone()
    }

    /// A delivery that was once planned, whatever became of it; before there is one, one that never will be.
    fn delivery(&mut self) -> DeliveryId {
        if self.deliveries.is_empty() {
            return self.id();
        }
        let back = self.rng.random_range(1..=self.deliveries.len().min(LATEST));
        self.deliveries[self.deliveries.len() - back]
    }

    fn bytes(&mut self, max: usize) -> Bytes {
        // Mostly short, now and then as long as may be.
        let max = if self.rng.random_bool(0.8) { max.div_ceil(10) } else { max };
        let mut bytes = vec![0; self.rng.random_range(0..=max)];
        self.rng.fill_bytes(&mut bytes);
        bytes.into()
    }

    pub(super) fn id<K: Kind>(&mut self) -> Id<K> {
        let at = self.tick();
        Id::new(at, &mut self.rng)
    }

    pub(super) fn tick(&mut self) -> Timestamp {
        self.now = self.now.after(Duration::from_millis(1));
        self.now
    }
}
