//! The work behind watermarks, in steps.

use postroad_domain::{EventId, Reason, TenantNo, Timestamp, delivery::Input};

use super::state::{DeliveryKey, DeliveryRow, Place, State, SubscriptionRow};
use crate::{BacklogBudget, Change, GrowingBacklog, LaneKey, Sweep, Swept};

/// One row's work.
enum Chore {
    Cancel(DeliveryKey),
    Expire(DeliveryKey),
    Overflow(DeliveryKey),
    Erase(Row),
}

/// A row that nobody can see any more.
enum Row {
    Delivery(DeliveryKey),
    Event((TenantNo, EventId)),
    Idempotency((TenantNo, [u8; 32])),
    Subscription(LaneKey),
    Tenant(TenantNo),
}

impl State {
    pub(super) fn sweep(&mut self, sweep: Sweep) -> Swept {
        let chores = self.chores(sweep);
        let mut swept = Swept { more: chores.len() > sweep.limit, ..Swept::default() };
        for chore in chores.into_iter().take(sweep.limit) {
            match chore {
                Chore::Cancel(key) => {
                    self.make_real(key);
                    swept.cancelled += 1;
                }
                Chore::Expire(key) => {
                    self.finish(key, Input::Expire, Some(Reason::Expired), sweep.at);
                    if let Some(lane) = self.deliveries.get(&key).map(|row| row.lane) {
                        self.notice_failure(lane, key.1, sweep.at);
                    }
                    swept.expired += 1;
                }
                Chore::Overflow(key) => {
                    self.finish(key, Input::Overflow, Some(Reason::BacklogFull), sweep.at);
                    if let Some((lane, no)) = self.deliveries.get(&key).map(|row| (row.lane, row.no)) {
                        self.announced.push(Change::Overflowed(lane, no));
                        self.notice_failure(lane, key.1, sweep.at);
                    }
                    swept.overflowed += 1;
                }
                Chore::Erase(row) => {
                    self.erase(row);
                    swept.erased += 1;
                }
            }
        }
        swept.growing = self.growing(sweep.budget);
        swept
    }

    /// Lanes whose backlog passed another share of its budget.
    fn growing(&mut self, budget: BacklogBudget) -> Vec<GrowingBacklog> {
        let lanes: Vec<_> = self.subscriptions.keys().copied().collect();
        let mut growing = Vec::new();
        for lane in lanes {
            let waiting = self.waiting_in(lane).filter(|row| self.mark_over(row).is_none());
            let (deliveries, bytes) =
                waiting.fold((0, 0), |(count, bytes), row| (count + 1, bytes + row.bytes()));
            let told = self.backlogs_told.entry(lane).or_default();
            let percent = budget.passed(*told, deliveries, bytes);
            if percent > *told {
                growing.push(GrowingBacklog { lane, deliveries, bytes, percent });
            }
            *told = percent;
        }
        growing
    }

    fn chores(&self, Sweep { at, budget, .. }: Sweep) -> Vec<Chore> {
        let is_deleted = |no: TenantNo| self.tenant_by_no(no).is_none();
        let mut chores = Vec::new();
        for (lane, subscription) in self.subscriptions.iter().filter(|(lane, _)| !is_deleted(lane.tenant_no))
        {
            chores.extend(self.beyond(*lane, at, budget).map(Chore::Overflow));
            for row in self.waiting_in(*lane) {
                let key = (lane.tenant_no, row.id);
                let expired = row.place.is_some_and(|place| place.expires_at < at);
                if self.mark_over(row).is_some() {
                    chores.push(Chore::Cancel(key));
                } else if subscription.is_held() && expired {
                    chores.push(Chore::Expire(key));
                }
            }
        }
        let old_key = |(key, row): (&(TenantNo, [u8; 32]), &super::state::IdempotencyRow)| {
            (row.expires_at <= at || is_deleted(key.0)).then_some(Row::Idempotency(*key))
        };
        let deliveries = self.deliveries.keys().filter(|key| is_deleted(key.0)).copied().map(Row::Delivery);
        let events = self.events.keys().filter(|key| is_deleted(key.0)).copied().map(Row::Event);
        let subscriptions =
            self.subscriptions.keys().filter(|key| is_deleted(key.tenant_no)).copied().map(Row::Subscription);
        // Last, so that a tenant's row stands until nothing else of it does.
        let tenants = self.tenants.keys().filter(|no| is_deleted(**no)).copied().map(Row::Tenant);
        let rows = deliveries
            .chain(events)
            .chain(self.idempotency.iter().filter_map(old_key))
            .chain(subscriptions)
            .chain(tenants);
        chores.extend(rows.map(Chore::Erase));
        chores
    }

    /// The oldest deliveries of a lane that are too many or too large for its budget.
    fn beyond(
        &self,
        lane: LaneKey,
        at: Timestamp,
        budget: BacklogBudget,
    ) -> impl Iterator<Item = DeliveryKey> {
        let is_held = self.subscriptions.get(&lane).is_some_and(SubscriptionRow::is_held);
        // What expires now is a chore already.
        let expires = |place: Place| is_held && place.expires_at < at;
        let waits = |row: &&DeliveryRow| {
            row.place.is_some_and(|place| !expires(place)) && self.mark_over(row).is_none()
        };
        let mut waiting: Vec<_> = self.waiting_in(lane).filter(waits).collect();
        waiting.sort_by_key(|row| row.no);
        let mut left = BacklogBudget {
            deliveries: waiting.len() as u64,
            bytes: waiting.iter().map(|row| row.bytes()).sum(),
        };
        let beyond = waiting.into_iter().take_while(move |row| {
            let is_beyond = left.deliveries > budget.deliveries || left.bytes > budget.bytes;
            left.deliveries -= 1;
            left.bytes -= row.bytes();
            is_beyond
        });
        beyond.map(move |row| (lane.tenant_no, row.id))
    }

    fn erase(&mut self, row: Row) {
        match row {
            Row::Delivery(key) => self.erase_delivery(key),
            Row::Event(key) => {
                self.events.remove(&key);
                self.event_numbers.remove(&key);
                self.unlog_event(key.0, key.1);
            }
            Row::Idempotency(key) => {
                self.idempotency.remove(&key);
            }
            Row::Subscription(key) => {
                self.subscriptions.remove(&key);
                self.leases.remove(&key);
            }
            Row::Tenant(no) => {
                self.fanouts.retain(|fanout| fanout.tenant_no != no);
                self.replays.retain(|(tenant_no, _), _| *tenant_no != no);
                self.keys.retain(|_, key| key.tenant_no() != no);
                for row in self.audit.iter_mut().filter(|row| row.tenant_no == no) {
                    row.entry.changes = None;
                }
                self.notices.erase(no);
                self.tenants.remove(&no);
            }
        }
    }
}
