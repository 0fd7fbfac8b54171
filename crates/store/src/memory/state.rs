//! The rows, and the few moves that every operation is made of.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use postroad_domain::{
    Attempt, Event, EventId, EventOffset, EventType, KeyId, Reason, RegisteredType, ReplayId, Subscription,
    SubscriptionNo, SubscriptionVersion, Tenant, TenantNo, Timestamp,
    delivery::{Input, StoredBody, StoredStatus},
    ids::DeliveryId,
    tenant::TenantSpec,
};

use super::rows::{AuditRow, KeyRow, NoticeRows, OpenGroup, ReplayRow, Standing};
use crate::{Change, Fanout, GroupKey, LaneKey, QueuedDelivery, SessionId, SettingKey, StoredProfile};

/// Everything that the store knows.
#[derive(Debug)]
pub(super) struct State {
    pub(super) owns_everything: bool,
    pub(super) tenants: BTreeMap<TenantNo, TenantRow>,
    pub(super) subscriptions: BTreeMap<LaneKey, SubscriptionRow>,
    /// The place of each event in the order in which they were accepted.
    pub(super) event_numbers: BTreeMap<(TenantNo, EventId), i64>,
    /// The log of each tenant.
    pub(super) log: BTreeMap<(TenantNo, EventOffset), EventId>,
    pub(super) replays: BTreeMap<(TenantNo, ReplayId), ReplayRow>,
    pub(super) events: BTreeMap<(TenantNo, EventId), Arc<Event>>,
    pub(super) deliveries: BTreeMap<DeliveryKey, DeliveryRow>,
    /// What waits, in the order it is handed out. Each place here belongs to a row with a [`Place`], and the reverse.
    pub(super) queue: BTreeMap<QueueKey, DeliveryId>,
    /// In the order their events were accepted.
    pub(super) fanouts: Vec<Fanout>,
    /// The group that was last opened for each key, whether or not it takes events still.
    pub(super) open_groups: BTreeMap<(LaneKey, GroupKey), OpenGroup>,
    pub(super) idempotency: BTreeMap<(TenantNo, [u8; 32]), IdempotencyRow>,
    /// When each session runs out.
    pub(super) sessions: BTreeMap<SessionId, Timestamp>,
    pub(super) leases: BTreeMap<LaneKey, LeaseRow>,
    pub(super) keys: BTreeMap<KeyId, KeyRow>,
    /// In the order they were written.
    pub(super) audit: Vec<AuditRow>,
    pub(super) settings: BTreeMap<SettingKey, Vec<u8>>,
    /// In the order of their first put.
    pub(super) profiles: Vec<StoredProfile>,
    pub(super) notices: NoticeRows,
    /// Lanes whose failures a success of this commit cleared.
    pub(super) recovered: BTreeSet<LaneKey>,
    /// The backlogs that sweeps told of, by the share of the budget that they had passed.
    pub(super) backlogs_told: BTreeMap<LaneKey, u8>,
    /// What this operation changed.
    pub(super) announced: Vec<Change>,
    /// Somebody wants to hear of events.
    pub(super) wants_events: bool,
    last_number: i64,
}

pub(super) type DeliveryKey = (TenantNo, DeliveryId);
pub(super) type QueueKey = (LaneKey, Timestamp, i64);

#[derive(Debug)]
pub(super) struct TenantRow {
    pub(super) tenant: Tenant,
    /// What was set at each version; the first is version 1.
    pub(super) versions: Vec<TenantSpec>,
    pub(super) event_types: BTreeMap<EventType, RegisteredType>,
    /// The offset of its next event.
    pub(super) next_offset: EventOffset,
    pub(super) deleted: bool,
}

#[derive(Debug)]
pub(super) struct SubscriptionRow {
    pub(super) subscription: Subscription,
    /// What it was at each version; the first is version 1.
    pub(super) versions: Vec<SubscriptionVersion>,
    pub(super) deleted: bool,
    /// Oldest first.
    pub(super) history: Vec<Standing>,
    /// Oldest first.
    pub(super) marks: Vec<Mark>,
}

/// Everything that entered the queue up to `entry_max` is cancelled as of `at`, whether its row says so yet or not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) entry_max: i64,
    pub(super) reason: Reason,
    pub(super) at: Timestamp,
}

#[derive(Debug)]
pub(super) struct DeliveryRow {
    pub(super) no: i64,
    pub(super) id: DeliveryId,
    pub(super) lane: LaneKey,
    pub(super) subscription_version: i64,
    /// The event that its id is made from.
    pub(super) event: Arc<Event>,
    /// The events that were added to it.
    pub(super) members: Vec<Arc<Event>>,
    pub(super) body: Option<Arc<StoredBody>>,
    pub(super) status: StoredStatus,
    pub(super) reason: Option<Reason>,
    pub(super) attempts: Vec<Attempt>,
    pub(super) created_at: Timestamp,
    pub(super) finished_at: Option<Timestamp>,
    /// Set while it waits.
    pub(super) place: Option<Place>,
}

/// A delivery's place in the queue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// When it entered the queue, as a number that only grows: what marks are compared with. A retried delivery
    /// enters anew, so no older mark reaches it.
    pub(super) entry: i64,
    pub(super) due: Timestamp,
    pub(super) not_before: Option<Timestamp>,
    pub(super) tries: u32,
    pub(super) expires_at: Timestamp,
}

#[derive(Debug)]
pub(super) struct IdempotencyRow {
    pub(super) bytes_hash: [u8; 32],
    pub(super) expires_at: Timestamp,
    pub(super) event: Arc<Event>,
}

#[derive(Debug, Default)]
pub(super) struct LeaseRow {
    pub(super) holder: Option<SessionId>,
    pub(super) epoch: i64,
}

impl State {
    pub(super) fn embedded() -> Self {
        Self::new(true)
    }

    pub(super) fn clustered() -> Self {
        Self::new(false)
    }

    fn new(owns_everything: bool) -> Self {
        Self {
            owns_everything,
            tenants: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            event_numbers: BTreeMap::new(),
            log: BTreeMap::new(),
            replays: BTreeMap::new(),
            events: BTreeMap::new(),
            deliveries: BTreeMap::new(),
            queue: BTreeMap::new(),
            fanouts: Vec::new(),
            open_groups: BTreeMap::new(),
            idempotency: BTreeMap::new(),
            sessions: BTreeMap::new(),
            leases: BTreeMap::new(),
            keys: BTreeMap::new(),
            audit: Vec::new(),
            settings: BTreeMap::new(),
            profiles: Vec::new(),
            notices: NoticeRows::default(),
            recovered: BTreeSet::new(),
            backlogs_told: BTreeMap::new(),
            announced: Vec::new(),
            wants_events: false,
            last_number: 0,
        }
    }

    /// A number that was never given out before, for rows and for entries of the queue.
    pub(super) fn next_number(&mut self) -> i64 {
        self.last_number += 1;
        self.last_number
    }

    /// The number of a delivery: in the order of their events, and of one event in the order of its targets, whichever of them a later
    /// step of its fan-out creates.
    pub(super) fn delivery_number(&self, tenant_no: TenantNo, id: DeliveryId) -> i64 {
        let event = self.event_numbers.get(&(tenant_no, id.first_event())).copied().unwrap_or_default();
        (event << 12) | i64::from(id.number())
    }

    /// The tenant, unless it was deleted.
    pub(super) fn tenant_by_no(&self, no: TenantNo) -> Option<&Tenant> {
        self.tenants.get(&no).filter(|row| !row.deleted).map(|row| &row.tenant)
    }

    /// The delivery, unless its tenant was deleted.
    pub(super) fn delivery_row(&self, key: DeliveryKey) -> Option<&DeliveryRow> {
        self.tenant_by_no(key.0)?;
        self.deliveries.get(&key)
    }

    /// The mark that cancelled a delivery whose row does not say so yet.
    pub(super) fn mark_over(&self, row: &DeliveryRow) -> Option<Mark> {
        let place = row.place?;
        let marks = &self.subscriptions.get(&row.lane)?.marks;
        marks.iter().find(|mark| place.entry <= mark.entry_max).copied()
    }

    /// Cancels, as of now, what waits in a lane.
    pub(super) fn mark(&mut self, lane: LaneKey, reason: Reason, at: Timestamp) {
        let entry_max = self.last_number;
        if let Some(row) = self.subscriptions.get_mut(&lane) {
            row.marks.push(Mark { entry_max, reason, at });
        }
    }

    /// Writes into a delivery's row what a mark says of it.
    pub(super) fn make_real(&mut self, key: DeliveryKey) {
        if let Some(mark) = self.deliveries.get(&key).and_then(|row| self.mark_over(row)) {
            self.finish(key, Input::Cancel, Some(mark.reason), mark.at);
        }
    }

    /// Carries out an input that ends a delivery, and takes the delivery out of the queue.
    pub(super) fn finish(&mut self, key: DeliveryKey, input: Input, reason: Option<Reason>, at: Timestamp) {
        self.leave_queue(key);
        if let Some(row) = self.deliveries.get_mut(&key) {
            row.change(input);
            row.reason = reason;
            row.finished_at = Some(at);
        }
    }

    /// Carries out an input behind which a delivery waits at `place`, and only there.
    pub(super) fn wait_at(&mut self, key: DeliveryKey, input: Input, place: Place) {
        self.leave_queue(key);
        if let Some(row) = self.deliveries.get_mut(&key) {
            row.change(input);
            row.reason = None;
            row.finished_at = None;
        }
        self.enter_queue(key, place);
    }

    /// Gives a delivery that is queued its place.
    pub(super) fn enter_queue(&mut self, key: DeliveryKey, place: Place) {
        if let Some(row) = self.deliveries.get_mut(&key) {
            row.place = Some(place);
            self.queue.insert((row.lane, place.due, row.no), row.id);
        }
    }

    /// A delivery that waits does so at another place.
    pub(super) fn wait_elsewhere(&mut self, key: DeliveryKey, place: Place) {
        self.leave_queue(key);
        self.enter_queue(key, place);
    }

    fn leave_queue(&mut self, key: DeliveryKey) {
        if let Some(row) = self.deliveries.get_mut(&key)
            && let Some(place) = row.place.take()
        {
            self.queue.remove(&(row.lane, place.due, row.no));
        }
    }

    /// Whether what waits in the lane may be sent. Of those that are inactive some are marked, as deleted ones are, and some held.
    pub(super) fn may_send(&self, lane: LaneKey) -> bool {
        self.tenant_by_no(lane.tenant_no).is_some()
            && self.subscriptions.get(&lane).is_some_and(|row| !row.deleted && row.subscription.spec.active)
    }
}

impl SubscriptionRow {
    /// It is inactive for a reason for which what waits is held.
    pub(super) fn is_held(&self) -> bool {
        self.subscription.inactive.is_some_and(|(reason, _)| reason.holds())
    }
}

impl DeliveryRow {
    /// Carries out an input.
    ///
    /// # Panics
    /// When the input means nothing in this state: whoever sends it must have looked.
    fn change(&mut self, input: Input) {
        match self.status.after(input) {
            Some(next) => self.status = next,
            None => panic!("{input:?} of a delivery that is {:?}", self.status),
        }
    }

    /// As lanes see it; `None` when it does not wait.
    pub(super) fn queued(&self) -> Option<QueuedDelivery> {
        let place = self.place?;
        Some(QueuedDelivery {
            lane: self.lane,
            id: self.id,
            handle: self.no,
            subscription_version: self.subscription_version,
            due: place.due,
            not_before: place.not_before,
            expires_at: place.expires_at,
            tries: place.tries,
            attempts: self.attempts_made(),
            event: Arc::clone(&self.event),
            group: self.group(),
            body: self.body.clone(),
        })
    }

    pub(super) fn attempts_made(&self) -> u32 {
        u32::try_from(self.attempts.len()).unwrap_or(u32::MAX)
    }
}

/// The number-th of versions that are counted from 1.
pub(super) fn nth<T>(versions: &[T], number: i64) -> Option<&T> {
    usize::try_from(number).ok()?.checked_sub(1).and_then(|index| versions.get(index))
}

/// The lane of a subscription.
pub(super) const fn lane(tenant_no: TenantNo, subscription_no: SubscriptionNo) -> LaneKey {
    LaneKey { tenant_no, subscription_no }
}
