//! Commits: events on their way in, and the next steps of large fan-outs.

use std::{mem, sync::Arc};

use postroad_domain::{
    Event, EventId, Reason, TenantNo, Timestamp,
    delivery::{Birth, StoredStatus},
};

use super::{
    rows::OpenGroup,
    state::{DeliveryKey, DeliveryRow, IdempotencyRow, Place, State, lane},
};
use crate::{AcceptResult, Change, Commit, Committed, Fanout, NewDelivery, NewEvent, QueuedDelivery};

impl State {
    pub(super) fn commit(&mut self, commit: &Commit) -> Committed {
        let at = commit.at;
        let events = commit.events.iter().map(|event| self.accept(event, at)).collect();
        let outcomes: Vec<_> =
            commit.outcomes.iter().map(|outcome| self.record(outcome, commit.session, at)).collect();
        let failing = self.failing_by(&commit.outcomes, &outcomes);
        let recovered = mem::take(&mut self.recovered).into_iter().collect();
        let mut fanned_out: Vec<_> = commit.fanouts.iter().flat_map(|step| self.fan_out(step, at)).collect();
        // Stable, so that within a lane the order of creation stays.
        fanned_out.sort_by_key(|delivery| delivery.lane);
        Committed { events, outcomes, failing, recovered, fanned_out, ..Committed::default() }
    }

    pub(super) fn open_fanouts(&self, after: Option<(TenantNo, EventId)>, limit: usize) -> Vec<Fanout> {
        let first =
            after.map_or(0, |after| self.event_numbers.get(&after).map_or(i64::MAX, |number| number + 1));
        let number = |fanout: &Fanout| self.event_numbers.get(&(fanout.tenant_no, fanout.event_id)).copied();
        let of_living_tenants = self.fanouts.iter().filter(|fanout| {
            self.tenant_by_no(fanout.tenant_no).is_some()
                && number(fanout).is_some_and(|number| number >= first)
        });
        of_living_tenants.take(limit).cloned().collect()
    }

    fn accept(&mut self, new: &NewEvent, at: Timestamp) -> AcceptResult {
        let Some(tenant) = self.tenant_by_no(new.tenant_no) else {
            return AcceptResult::NoTenant;
        };
        // A repeat is a repeat whatever became of the subscriptions since: looked at before the version.
        if let Some(answer) = self.answer_of_repeat(new, at) {
            return answer;
        }
        if tenant.config_version != new.config_version {
            return AcceptResult::Stale;
        }
        let event = self.insert_event(new, at);
        if self.wants_events {
            self.announced.push(Change::Events(new.tenant_no));
        }
        let deliveries = new
            .deliveries
            .iter()
            .filter_map(|delivery| self.enqueue(new.tenant_no, &event, *delivery, at))
            .collect();
        if !new.fanout.is_empty() {
            let (tenant_no, event_id, targets) = (new.tenant_no, new.id, new.fanout.clone());
            let next_number = new.deliveries.len() as u16 + 1;
            let event_bytes = event.bytes();
            self.fanouts.push(Fanout { tenant_no, event_id, event_bytes, targets, next_number });
        }
        AcceptResult::Accepted { deliveries }
    }

    fn answer_of_repeat(&self, new: &NewEvent, at: Timestamp) -> Option<AcceptResult> {
        let idempotency = new.idempotency?;
        let known = self.idempotency.get(&(new.tenant_no, idempotency.key_hash))?;
        if known.expires_at <= at {
            return None;
        }
        if known.bytes_hash != idempotency.bytes_hash {
            return Some(AcceptResult::Conflict);
        }
        Some(AcceptResult::Duplicate {
            event_id: known.event.id,
            accepted_at: known.event.accepted_at,
            deliveries: known.event.deliveries,
        })
    }

    fn insert_event(&mut self, new: &NewEvent, at: Timestamp) -> Arc<Event> {
        let event = Arc::new(Event {
            id: new.id,
            event_type: new.event_type.clone(),
            accepted_at: at,
            occurred_at: new.occurred_at,
            tags: new.tags.clone(),
            attributes: new.attributes.clone(),
            data: new.data.clone(),
            deliveries: u32::try_from(new.deliveries.len() + new.fanout.len()).unwrap_or(u32::MAX),
            profile: Some(new.profile),
            tenant_version: new.tenant_version,
            trace: new.trace.clone(),
            test: false,
        });
        let number = self.next_number();
        self.event_numbers.insert((new.tenant_no, new.id), number);
        self.events.insert((new.tenant_no, new.id), Arc::clone(&event));
        self.log_event(new.tenant_no, new.id);
        if let Some(idempotency) = new.idempotency {
            let row = IdempotencyRow {
                bytes_hash: idempotency.bytes_hash,
                expires_at: idempotency.expires_at,
                event: Arc::clone(&event),
            };
            self.idempotency.insert((new.tenant_no, idempotency.key_hash), row);
        }
        event
    }

    /// Creates a delivery that waits from now on, or adds the event to a group that does.
    pub(super) fn enqueue(
        &mut self,
        tenant_no: TenantNo,
        event: &Arc<Event>,
        new: NewDelivery,
        at: Timestamp,
    ) -> Option<QueuedDelivery> {
        let (key, due) = ((tenant_no, new.id), new.target.due.max(at));
        let Some(group) = new.target.group else {
            self.create(key, event, new, (at, due));
            return self.deliveries.get(&key)?.queued();
        };
        let lane = lane(tenant_no, new.target.subscription_no);
        if self.join(lane, event, (new.target, group), at) {
            return None;
        }
        let closes_at = group.closes_at(at);
        self.create(key, event, new, (at, due.max(closes_at)));
        self.open_groups.insert((lane, group.key), OpenGroup { delivery: new.id, closes_at, ready_at: due });
        self.close_if_full(lane, group, at);
        self.deliveries.get(&key)?.queued()
    }

    fn create(
        &mut self,
        key: DeliveryKey,
        event: &Arc<Event>,
        new: NewDelivery,
        (at, due): (Timestamp, Timestamp),
    ) {
        let row = self.new_row(key.0, event, new, (Birth::Create, at));
        self.deliveries.insert(key, row);
        let (entry, expires_at) = (self.next_number(), new.target.expires_at);
        self.enter_queue(key, Place { entry, due, not_before: None, tries: 0, expires_at });
    }

    fn new_row(
        &mut self,
        tenant_no: TenantNo,
        event: &Arc<Event>,
        new: NewDelivery,
        (birth, at): (Birth, Timestamp),
    ) -> DeliveryRow {
        DeliveryRow {
            no: self.delivery_number(tenant_no, new.id),
            id: new.id,
            lane: lane(tenant_no, new.target.subscription_no),
            subscription_version: new.target.subscription_version,
            event: Arc::clone(event),
            members: Vec::new(),
            body: None,
            status: StoredStatus::born(birth),
            reason: None,
            attempts: Vec::new(),
            created_at: at,
            finished_at: None,
            place: None,
        }
    }

    /// Creates the step's deliveries, and answers those that may be sent.
    fn fan_out(&mut self, step: &Fanout, at: Timestamp) -> Vec<QueuedDelivery> {
        let Some(event) = self.events.get(&(step.tenant_no, step.event_id)).map(Arc::clone) else {
            return Vec::new();
        };
        let mut created = Vec::new();
        for (target, number) in step.targets.iter().zip(step.next_number..) {
            if self.take_target(step.tenant_no, step.event_id, number) {
                created.extend(self.fan_out_to(
                    step.tenant_no,
                    &event,
                    NewDelivery { id: step.event_id.delivery(number), target: *target },
                    at,
                ));
            }
        }
        created
    }

    /// Takes the next target off the stored fan-out; `false` when it is another one: that was served before, as after a crash,
    /// or one before it was left out.
    fn take_target(&mut self, tenant_no: TenantNo, event_id: EventId, number: u16) -> bool {
        let of_event = |fanout: &Fanout| fanout.tenant_no == tenant_no && fanout.event_id == event_id;
        let Some(index) = self.fanouts.iter().position(of_event) else {
            return false;
        };
        let fanout = &mut self.fanouts[index];
        if fanout.next_number != number {
            return false;
        }
        fanout.targets.remove(0);
        fanout.next_number += 1;
        if fanout.targets.is_empty() {
            self.fanouts.remove(index);
        }
        true
    }

    fn fan_out_to(
        &mut self,
        tenant_no: TenantNo,
        event: &Arc<Event>,
        new: NewDelivery,
        at: Timestamp,
    ) -> Option<QueuedDelivery> {
        let lane = lane(tenant_no, new.target.subscription_no);
        self.tenant_by_no(tenant_no)?;
        let row = self.subscriptions.get(&lane).filter(|row| !row.deleted)?;
        let accepted = self.event_number(tenant_no, event.id).unwrap_or(i64::MAX);
        let is_called_off = row.marks.iter().any(|mark| accepted <= mark.entry_max);
        match row.subscription.inactive.map(|(reason, _)| reason) {
            None if !is_called_off => self.enqueue(tenant_no, event, new, at),
            // It waits, and is not handed out.
            Some(reason) if reason.holds() && !is_called_off => {
                self.enqueue(tenant_no, event, new, at).and(None)
            }
            None | Some(_) => {
                let row = self.new_row(tenant_no, event, new, (Birth::CreatePaused, at));
                let (reason, finished_at) = (Some(Reason::Paused), Some(at));
                self.deliveries.insert((tenant_no, new.id), DeliveryRow { reason, finished_at, ..row });
                None
            }
        }
    }
}
