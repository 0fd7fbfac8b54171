//! Large fan-outs that are under way: what is left of them, and whose next step it is. Tenants take turns; of a tenant the oldest
//! goes on, and beside it those behind it that go to the same subscriptions next.
//!
//! All of it is in the store too: a stop forgets what is here, and the next start goes on.
//!
//! **Invariant:** a step of a fan-out is taken when the one before is written: the store numbers what is left by what was served.

use std::{collections::VecDeque, time::Duration};

use postroad_domain::{TenantNo, limits::OPEN_FANOUTS_MAX};
use postroad_store::Fanout;
use rustc_hash::FxHashMap;

/// Before a step that the store refused is tried again.
pub(super) const REFUSED_PAUSE: Duration = Duration::from_secs(60);

/// Bytes of the events of fan-outs that go abreast: the store may read them for a step, in a commit that others wait for.
const ABREAST_BYTES_MAX: usize = 256 * 1024;

/// The fan-outs under way.
#[derive(Default)]
pub(super) struct OpenFanouts {
    tenants: FxHashMap<TenantNo, VecDeque<Fanout>>,
    turns: VecDeque<TenantNo>,
    /// What is left of those whose step is in the commit that is being made.
    behind_step: Vec<Fanout>,
    /// Those whose step the store refused, each with when it is tried again on the monotonic clock.
    refused: Vec<(Duration, Fanout)>,
    /// How many each tenant has, wherever they stand.
    open: FxHashMap<TenantNo, usize>,
    len: usize,
}

impl OpenFanouts {
    /// Whether there are steps to be taken.
    pub(super) fn has_steps(&self) -> bool {
        !self.turns.is_empty()
    }

    /// Whether the tenant may open another one beside so many that are about to be opened, by whomever: it has no more than are
    /// left for all others (ADR 4).
    pub(super) fn has_room(&self, no: TenantNo, opening: usize) -> bool {
        let open = self.open.get(&no).copied().unwrap_or_default();
        open + opening < OPEN_FANOUTS_MAX.saturating_sub(self.len + opening)
    }

    /// One begins.
    pub(super) fn push(&mut self, fanout: Fanout) {
        self.len += 1;
        *self.open.entry(fanout.tenant_no).or_default() += 1;
        self.line_up(fanout, VecDeque::push_back);
    }

    fn line_up(&mut self, fanout: Fanout, place: fn(&mut VecDeque<Fanout>, Fanout)) {
        let no = fanout.tenant_no;
        let of_tenant = self.tenants.entry(no).or_default();
        if of_tenant.is_empty() {
            self.turns.push_back(no);
        }
        place(of_tenant, fanout);
    }

    /// The commit with the last steps was made: those go on of which something is left, and those that were refused long ago.
    pub(super) fn go_on(&mut self, now: Duration) {
        for left in std::mem::take(&mut self.behind_step).into_iter().rev() {
            self.line_up(left, VecDeque::push_front);
        }
        if self.refused.iter().any(|(until, _)| *until <= now) {
            let due: Vec<_> = self.refused.extract_if(.., |(until, _)| *until <= now).collect();
            due.into_iter().for_each(|(_, fanout)| self.line_up(fanout, VecDeque::push_back));
        }
    }

    /// When the first that was refused is tried again.
    pub(super) fn next_refused(&self) -> Option<Duration> {
        self.refused.iter().map(|(until, _)| *until).min()
    }

    /// The next steps, of so many targets together at most: those of the oldest fan-out of a tenant, and of others of it that are
    /// as far. Rows of one subscription lie together in the store, so a few of each touch far less of it than one of each.
    pub(super) fn next_steps(&mut self, targets_max: usize) -> Vec<Fanout> {
        let Some(no) = self.turns.pop_front() else { return Vec::new() };
        let Some(of_tenant) = self.tenants.get_mut(&no) else { return Vec::new() };
        let abreast = take_abreast(of_tenant, targets_max.isqrt());
        if of_tenant.is_empty() {
            self.tenants.remove(&no);
        } else {
            self.turns.push_back(no);
        }
        let each = (targets_max / abreast.len().max(1)).max(1);
        abreast.into_iter().map(|whole| self.step(whole, each)).collect()
    }

    /// The first so many targets of a fan-out. The rest stands behind them.
    fn step(&mut self, mut whole: Fanout, targets_max: usize) -> Fanout {
        if whole.targets.len() <= targets_max {
            self.close(whole.tenant_no);
            return whole;
        }
        let targets = whole.targets.drain(..targets_max).collect();
        let step = Fanout { targets, ..whole };
        let next_number = step.next_number + step.targets.len() as u16;
        self.behind_step.push(Fanout { targets: whole.targets, next_number, ..step });
        step
    }

    /// A step could not be written now: it is the next one of its tenant.
    pub(super) fn take_back(&mut self, step: Fanout) {
        let whole = self.whole(step);
        self.line_up(whole, VecDeque::push_front);
    }

    /// The store refused a step: it waits, and with it what is left behind it.
    pub(super) fn refuse(&mut self, step: Fanout, until: Duration) {
        let whole = self.whole(step);
        self.refused.push((until, whole));
    }

    /// A step that was not written, with what is left behind it.
    fn whole(&mut self, step: Fanout) -> Fanout {
        let is_same = |left: &Fanout| (left.tenant_no, left.event_id) == (step.tenant_no, step.event_id);
        match self.behind_step.iter().position(is_same) {
            Some(place) => {
                let left = self.behind_step.remove(place);
                let mut targets = step.targets;
                targets.extend(left.targets);
                Fanout { targets, ..step }
            }
            None => {
                self.len += 1;
                *self.open.entry(step.tenant_no).or_default() += 1;
                step
            }
        }
    }

    fn close(&mut self, no: TenantNo) {
        self.len -= 1;
        if let Some(open) = self.open.get_mut(&no) {
            *open -= 1;
            if *open == 0 {
                self.open.remove(&no);
            }
        }
    }

    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// The oldest fan-out, and those close behind it that go to the same subscription next.
fn take_abreast(of_tenant: &mut VecDeque<Fanout>, count_max: usize) -> Vec<Fanout> {
    let next = |fanout: &Fanout| fanout.targets.first().map(|target| target.subscription_no);
    let mut abreast: Vec<_> = of_tenant.pop_front().into_iter().collect();
    let mut bytes: usize = abreast.iter().map(|fanout| fanout.event_bytes).sum();
    let mut place = 0;
    while abreast.len() < count_max && place < count_max && place < of_tenant.len() {
        let candidate = &of_tenant[place];
        if next(candidate) == next(&abreast[0]) && bytes + candidate.event_bytes <= ABREAST_BYTES_MAX {
            bytes += candidate.event_bytes;
            abreast.extend(of_tenant.remove(place));
        } else {
            place += 1;
        }
    }
    abreast
}
