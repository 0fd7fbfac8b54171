//! What the lanes hear of the store's feed: changed settings, pauses, deletions, receivers that are gone, and what was queued by
//! somebody else.
//!
//! What waits to be looked at is merged: a tenant once, with its lanes, however often they change. Tenants take turns, several
//! at a time, and a tenant without lanes is not looked at. What cannot be read is read again after a pause.
//!
//! No answer depends on how soon the lanes hear of a change: before each exchange its subscription is looked up, in a cache that
//! is never behind this node's own changes. What was paused is not sent, and a turn that was given by replaced settings is given
//! back ([`LaneSet::still_holds`](super::lanes::LaneSet::still_holds)).

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use postroad_domain::TenantNo;
use postroad_store::{Change, Changes, LaneKey, StoreError};
use rustc_hash::{FxHashMap, FxHashSet};
use tokio::task::JoinSet;

use super::dispatch::{Dispatcher, REFILL_PAUSE};

/// Looks that read at the same time.
const LOOKS_MAX: usize = 8;

/// What is looked at in one go.
#[derive(Debug, PartialEq, Eq)]
enum Look {
    /// A tenant, and those of its lanes that changed.
    Tenant(TenantNo, BTreeSet<LaneKey>),
    /// All lanes in which something waits.
    WaitingLanes,
}

/// How a look went on.
enum Step {
    /// It is over.
    Done(Look),
    /// The store did not answer.
    Failed(Look),
    /// The pause behind that is over.
    Again(Look),
}

impl Dispatcher {
    /// Hears what changes until it is ended.
    pub(super) async fn keep_up(self: Arc<Self>, changes: Changes) {
        let (mut pending, mut looks) = (Pending::default(), JoinSet::new());
        loop {
            while let Some(look) = pending.next() {
                looks.spawn(Arc::clone(&self).look(look));
            }
            tokio::select! {
                // Looks that are over make room for others, of which there are as many as were noted: no flood of changes keeps
                // them waiting, and what is noted later is merged.
                biased;
                Some(step) = looks.join_next() => match step {
                    Ok(Step::Done(look)) => pending.done(&look),
                    Ok(Step::Failed(look)) => {
                        pending.pauses();
                        looks.spawn(Arc::clone(&self).pause(look));
                    }
                    Ok(Step::Again(look)) => pending.again(look),
                    // A look panicked; the released program would have ended with it.
                    Err(error) => return tracing::error!(%error, "the lanes hear of no more changes"),
                },
                change = changes.next() => self.note(change, &mut pending),
            }
        }
    }

    fn note(self: &Arc<Self>, change: Change, pending: &mut Pending) {
        match change {
            Change::Lane(lane) => pending.note(lane.tenant_no, [lane]),
            Change::Overflowed(lane, handle) => self.drop_up_to(lane, handle),
            // Where it is still there, each lane that changed is told by itself.
            Change::Tenant(no) if self.has_lanes_of(no) => pending.note(no, []),
            Change::Everything => {
                for lane in self.lanes_in_memory() {
                    // What it holds may have been ended.
                    self.drop_up_to(lane, i64::MAX);
                    pending.note(lane.tenant_no, [lane]);
                }
                // A lane that is not in memory matters too: what its gone receiver left may be sent again.
                pending.waiting_lanes = true;
            }
            Change::Tenant(_)
            | Change::Key(_)
            | Change::Events(_)
            | Change::CalledOff(_)
            | Change::Noticed(_) => {}
        }
    }

    async fn look(self: Arc<Self>, look: Look) -> Step {
        let looked = match &look {
            Look::Tenant(no, lanes) => self.look_at(*no, lanes).await,
            Look::WaitingLanes => self.wake_waiting_lanes().await,
        };
        match looked {
            Ok(()) => Step::Done(look),
            Err(error) => {
                tracing::warn!(%error, "what changed could not be read; its lanes look again later");
                Step::Failed(look)
            }
        }
    }

    async fn pause(self: Arc<Self>, look: Look) -> Step {
        self.clock.sleep(REFILL_PAUSE).await;
        Step::Again(look)
    }

    /// Their subscriptions may have been changed, paused or deleted; or something may wait for them in the store. Of a tenant
    /// that is gone memory lets go.
    async fn look_at(self: &Arc<Self>, no: TenantNo, lanes: &BTreeSet<LaneKey>) -> Result<(), StoreError> {
        let Some(config) = self.configs.by_no(no).await? else {
            self.lanes_of(no).into_iter().for_each(|lane| self.drop_ready(lane));
            return Ok(());
        };
        for lane in lanes {
            match config.endpoint(lane.subscription_no) {
                Some(endpoint) if endpoint.subscription.spec.active => {
                    self.look_again(*lane, endpoint.lane_settings.clone());
                }
                _ => self.drop_ready(*lane),
            }
        }
        Ok(())
    }
}

/// What waits to be looked at. **Invariant:** a tenant is looked at by one look at a time.
#[derive(Debug, Default)]
struct Pending {
    tenants: FxHashMap<TenantNo, BTreeSet<LaneKey>>,
    /// The tenants that wait and are not looked at now, in their order.
    queue: VecDeque<TenantNo>,
    /// Tenants that are looked at, or pause since they could not be read.
    busy: FxHashSet<TenantNo>,
    waiting_lanes: bool,
    waiting_lanes_busy: bool,
    /// Looks that read now.
    reading: usize,
}

impl Pending {
    fn note(&mut self, no: TenantNo, lanes: impl IntoIterator<Item = LaneKey>) {
        let is_new = !self.tenants.contains_key(&no);
        self.tenants.entry(no).or_default().extend(lanes);
        if is_new && !self.busy.contains(&no) {
            self.queue.push_back(no);
        }
    }

    /// What to look at next; [`Self::done`] or [`Self::pauses`] ends it.
    fn next(&mut self) -> Option<Look> {
        if self.reading == LOOKS_MAX {
            return None;
        }
        let look = if self.waiting_lanes && !self.waiting_lanes_busy {
            (self.waiting_lanes, self.waiting_lanes_busy) = (false, true);
            Look::WaitingLanes
        } else {
            let no = self.queue.pop_front()?;
            self.busy.insert(no);
            Look::Tenant(no, self.tenants.remove(&no).unwrap_or_default())
        };
        self.reading += 1;
        Some(look)
    }

    fn done(&mut self, look: &Look) {
        self.reading -= 1;
        self.free(look);
    }

    /// A look could not read. It comes [again](Self::again) after a pause, and others read meanwhile.
    fn pauses(&mut self) {
        self.reading -= 1;
    }

    fn again(&mut self, look: Look) {
        self.free(&look);
        match look {
            Look::Tenant(no, lanes) => self.note(no, lanes),
            Look::WaitingLanes => self.waiting_lanes = true,
        }
    }

    fn free(&mut self, look: &Look) {
        match look {
            Look::Tenant(no, _) => {
                self.busy.remove(no);
                if self.tenants.contains_key(no) {
                    self.queue.push_back(*no);
                }
            }
            Look::WaitingLanes => self.waiting_lanes_busy = false,
        }
    }
}

#[cfg(test)]
mod tests {
    use postroad_domain::SubscriptionNo;

    use super::*;

    fn lane(tenant: i64, subscription: i64) -> LaneKey {
        LaneKey { tenant_no: TenantNo(tenant), subscription_no: SubscriptionNo(subscription) }
    }

    fn note(pending: &mut Pending, lane: LaneKey) {
        pending.note(lane.tenant_no, [lane]);
    }

    fn look(lanes: &[LaneKey]) -> Option<Look> {
        Some(Look::Tenant(lanes[0].tenant_no, lanes.iter().copied().collect()))
    }

    #[test]
    fn changes_of_a_tenant_are_one_look_and_do_not_delay_others() {
        let mut pending = Pending::default();
        for no in [1, 2, 1, 3] {
            note(&mut pending, lane(1, no));
        }
        note(&mut pending, lane(2, 9));
        assert_eq!(pending.next(), look(&[lane(1, 1), lane(1, 2), lane(1, 3)]));
        assert_eq!(pending.next(), look(&[lane(2, 9)]));
        assert_eq!(pending.next(), None);
    }

    #[test]
    fn what_changes_during_a_look_is_looked_at_behind_it() {
        let mut pending = Pending::default();
        note(&mut pending, lane(1, 1));
        let first = pending.next().unwrap();
        note(&mut pending, lane(1, 2));
        assert_eq!(pending.next(), None);
        pending.done(&first);
        assert_eq!(pending.next(), look(&[lane(1, 2)]));
    }

    #[test]
    fn what_could_not_be_read_comes_again_and_keeps_nobody_else_waiting() {
        let mut pending = Pending::default();
        (1..=LOOKS_MAX as i64 + 1).for_each(|no| note(&mut pending, lane(no, 1)));
        let failed = pending.next().unwrap();
        let others = std::iter::from_fn(|| pending.next()).count();
        assert_eq!(others, LOOKS_MAX - 1, "so many read at a time");
        pending.pauses();
        assert_eq!(pending.next(), look(&[lane(LOOKS_MAX as i64 + 1, 1)]));
        note(&mut pending, lane(1, 2));
        pending.again(failed);
        pending.pauses();
        assert_eq!(pending.next(), look(&[lane(1, 1), lane(1, 2)]));
        assert_eq!(pending.next(), None);
    }

    #[test]
    fn the_waiting_lanes_are_read_again_when_everything_changed_meanwhile() {
        let mut pending = Pending { waiting_lanes: true, ..Pending::default() };
        let first = pending.next().unwrap();
        pending.waiting_lanes = true;
        assert_eq!(pending.next(), None);
        pending.done(&first);
        assert_eq!(pending.next(), Some(Look::WaitingLanes));
    }
}
