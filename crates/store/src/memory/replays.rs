//! Replays, step by step.

use std::sync::Arc;

use postroad_domain::{
    DeliveryId, Event, EventId, Replay, ReplayId, ReplayStatus, SubscriptionId, SubscriptionSpec, TenantNo,
    Timestamp, matching,
    replay::{ReplayDecision, ReplayFailure, ReplayProgress, ReplaySelection, has_failed},
};

use super::{
    rows::ReplayRow,
    state::{State, lane},
};
use crate::{
    CancelReplay, CancelReplayError, Change, CountReplay, CreateReplay, FanoutTarget, LaneKey, ListReplays,
    NewDelivery, Page, ReplayCounted, ReplayStep, ReplayStepped, RetryDelivery, StartReplayError,
};

/// Numbers of deliveries that an event has.
const DELIVERY_NUMBER_MAX: u32 = 4_095;

/// Events that a walk goes over.
#[derive(Clone, Copy)]
struct Span {
    since: Timestamp,
    until: Option<Timestamp>,
    from: i64,
    end: i64,
}

impl State {
    pub(super) fn create_replay(&mut self, create: &CreateReplay) -> Result<Replay, StartReplayError> {
        let lane = self.replayable(create.tenant_no, create.subscription)?;
        let running: Vec<_> = self.replays_of(create.tenant_no).filter(|row| row.is_running()).collect();
        if let Some(same) = running.iter().find(|row| row.replay.subscription_no == lane.subscription_no) {
            return Err(StartReplayError::Running(same.replay.id));
        }
        if running.len() >= create.running_max {
            return Err(StartReplayError::TooMany { max: create.running_max });
        }
        self.forget_replays(create.tenant_no, create.kept_max);
        let replay = Replay {
            id: create.id,
            tenant_no: create.tenant_no,
            subscription: create.subscription,
            subscription_no: lane.subscription_no,
            selection: create.selection,
            since: create.since,
            until: create.until,
            pace: create.pace,
            count: create.count,
            status: ReplayStatus::Running,
            progress: ReplayProgress::default(),
            created_at: create.at,
            finished_at: None,
        };
        let end = self.next_number();
        let row = ReplayRow { replay: replay.clone(), position: 0, within: None, end };
        self.replays.insert((create.tenant_no, create.id), row);
        self.note(create.tenant_no, create.at, create.audit.clone());
        Ok(replay)
    }

    pub(super) fn replay(&self, tenant_no: TenantNo, id: ReplayId) -> Option<Replay> {
        self.tenant_by_no(tenant_no)?;
        self.replays.get(&(tenant_no, id)).map(|row| row.replay.clone())
    }

    pub(super) fn list_replays(&self, list: &ListReplays) -> Page<Replay, ReplayId> {
        let of_tenant = self.replays_of(list.tenant_no).rev().map(|row| row.replay.clone());
        let before = of_tenant.filter(|replay| list.after.is_none_or(|after| replay.id < after));
        let mut items: Vec<_> = before.take(list.limit + 1).collect();
        let is_last = items.len() <= list.limit;
        items.truncate(list.limit);
        let next = items.last().filter(|_| !is_last).map(|last| last.id);
        Page { items, next }
    }

    pub(super) fn running_replays(&self, limit: usize) -> Vec<Replay> {
        let living = self.replays.values().filter(|row| self.tenant_by_no(row.replay.tenant_no).is_some());
        living.filter(|row| row.is_running()).take(limit).map(|row| row.replay.clone()).collect()
    }

    pub(super) fn cancel_replay(&mut self, cancel: CancelReplay) -> Result<Replay, CancelReplayError> {
        self.tenant_by_no(cancel.tenant_no).ok_or(CancelReplayError::NotFound)?;
        let row = self.replays.get_mut(&(cancel.tenant_no, cancel.id)).ok_or(CancelReplayError::NotFound)?;
        if !row.is_running() {
            return Err(CancelReplayError::Ended);
        }
        row.end(ReplayStatus::Cancelled, cancel.at);
        let replay = row.replay.clone();
        self.note(cancel.tenant_no, cancel.at, cancel.audit);
        Ok(replay)
    }

    pub(super) fn count_replay(&self, count: &CountReplay) -> Result<ReplayCounted, StartReplayError> {
        let lane = self.replayable(count.tenant_no, count.subscription)?;
        let from = count.after.unwrap_or_default();
        let span = Span { since: count.since, until: count.until, from, end: i64::MAX };
        let mut counted = ReplayCounted::default();
        for (looks, (event_no, event)) in self.span_of(count.tenant_no, span).iter().enumerate() {
            if looks == count.rows_max {
                counted.next = Some(*event_no);
                break;
            }
            counted.deliveries += self.to_replay(lane, count.selection, event).len() as u64;
        }
        Ok(counted)
    }

    pub(super) fn replay_step(&mut self, step: &ReplayStep) -> Option<ReplayStepped> {
        self.tenant_by_no(step.tenant_no)?;
        let mut row = self.replays.get(&(step.tenant_no, step.id))?.clone();
        let lane = lane(step.tenant_no, row.replay.subscription_no);
        let waiting = self.waiting_in(lane).filter(|row| self.mark_over(row).is_none()).count() as u64;
        let is_held = row.is_running() && waiting >= step.waiting_max;
        let mut queued = Vec::new();
        if row.is_running() {
            match self.standing_of(lane) {
                Err(why) => row.end(ReplayStatus::Failed(why), step.at),
                Ok(()) if is_held => {}
                Ok(()) => queued = self.walk_on(&mut row, lane, step),
            }
        }
        if !queued.is_empty() {
            self.announced.push(Change::Lane(lane));
        }
        let replay = row.replay.clone();
        self.replays.insert((step.tenant_no, step.id), row);
        Some(ReplayStepped { replay, lane, queued, is_held })
    }

    fn walk_on(&mut self, row: &mut ReplayRow, lane: LaneKey, step: &ReplayStep) -> Vec<DeliveryId> {
        let Replay { since, until, selection, .. } = row.replay;
        let span = Span { since, until, from: row.position, end: row.end };
        let mut queued = Vec::new();
        let events = self.span_of(step.tenant_no, span);
        let is_last = events.len() <= step.rows_max;
        let mut is_cut = false;
        for (event_no, event) in events.into_iter().take(step.rows_max) {
            if queued.len() >= step.deliveries_max {
                is_cut = true;
                break;
            }
            let mut todo = self.to_replay(lane, selection, &event);
            if let Some(last) = row.within.filter(|_| event_no == row.position) {
                todo.retain(|id| *id > last && self.deliveries.contains_key(&(step.tenant_no, *id)));
            } else {
                row.replay.progress.examined += 1;
                row.replay.progress.skipped += u64::from(todo.is_empty());
            }
            let room = step.deliveries_max - queued.len();
            is_cut = todo.len() > room;
            todo.truncate(room);
            row.replay.progress.replayed += todo.len() as u64;
            (row.position, row.within) =
                if is_cut { (event_no, todo.last().copied()) } else { (event_no + 1, None) };
            for id in todo {
                self.queue_again(lane, &event, id, step);
                queued.push(id);
            }
        }
        if is_last && !is_cut {
            row.end(ReplayStatus::Done, step.at);
        }
        queued
    }

    fn queue_again(&mut self, lane: LaneKey, event: &Arc<Event>, id: DeliveryId, step: &ReplayStep) {
        let ReplayStep { tenant_no, at, expires_at, .. } = *step;
        if self.deliveries.contains_key(&(tenant_no, id)) {
            let retried = self.retry_delivery(RetryDelivery { tenant_no, id, at, expires_at, audit: None });
            debug_assert!(retried.is_ok(), "{retried:?}");
        } else if let Some(row) = self.subscriptions.get(&lane) {
            let (subscription_no, subscription_version) = (row.subscription.no, row.subscription.version);
            let target =
                FanoutTarget { subscription_no, subscription_version, due: at, expires_at, group: None };
            self.enqueue(tenant_no, event, NewDelivery { id, target }, at);
        }
    }

    /// The deliveries of an event that are sent again or created.
    fn to_replay(&self, lane: LaneKey, selection: ReplaySelection, event: &Arc<Event>) -> Vec<DeliveryId> {
        let key = |number| (lane.tenant_no, event.id.delivery(number));
        let all = || self.deliveries.range(key(0)..=key(u16::MAX)).map(|(_, row)| row);
        let to_lane: Vec<_> = all().filter(|row| row.lane == lane).filter_map(|row| self.read(row)).collect();
        // What carries the event as a member counts too; it is sent again where its first event is.
        let joined = self.joined(lane.tenant_no, event.id).filter(|row| row.lane == lane);
        let joined = joined.filter_map(|row| self.read(row));
        let standings: Vec<_> = (to_lane.iter().cloned().chain(joined))
            .map(|delivery| (delivery.status, delivery.reason))
            .collect();
        let is_to_come = self.fanouts.iter().any(|fanout| {
            let mut targets = fanout.targets.iter();
            fanout.event_id == event.id
                && targets.any(|target| target.subscription_no == lane.subscription_no)
        });
        let highest = all().map(|row| u32::from(row.id.number())).max().unwrap_or_default();
        let number = highest.max(event.deliveries) + 1;
        let new = || {
            let number = u16::try_from(number).ok().filter(|_| number <= DELIVERY_NUMBER_MAX);
            number.map(|number| event.id.delivery(number)).into_iter().collect()
        };
        match selection.decide(&standings) {
            _ if event.test => Vec::new(),
            ReplayDecision::Retry => {
                let failed = to_lane.iter().filter(|delivery| has_failed(delivery.status, delivery.reason));
                failed.map(|delivery| delivery.id).collect()
            }
            ReplayDecision::Create => new(),
            ReplayDecision::CreateIfWanted if !is_to_come && self.wants_now(lane, event) => new(),
            ReplayDecision::CreateIfWanted | ReplayDecision::Skip => Vec::new(),
        }
    }

    fn wants_now(&self, lane: LaneKey, event: &Event) -> bool {
        let wants = |spec: &SubscriptionSpec| matching::wants(spec, &event.event_type, &event.tags);
        self.subscriptions.get(&lane).is_some_and(|row| wants(&row.subscription.spec))
    }

    fn span_of(&self, tenant_no: TenantNo, span: Span) -> Vec<(i64, Arc<Event>)> {
        let numbered = |((of, _), event): (&(TenantNo, EventId), &Arc<Event>)| {
            let number = self.event_number(*of, event.id)?;
            let is_within = event.accepted_at >= span.since
                && span.until.is_none_or(|until| event.accepted_at < until)
                && (span.from..span.end).contains(&number);
            (*of == tenant_no && is_within).then(|| (number, Arc::clone(event)))
        };
        let mut events: Vec<_> = self.events.iter().filter_map(numbered).collect();
        events.sort_by_key(|(number, _)| *number);
        events
    }

    fn replayable(&self, tenant_no: TenantNo, id: SubscriptionId) -> Result<LaneKey, StartReplayError> {
        let (lane, _) = self.subscription_by_id(tenant_no, id).ok_or(StartReplayError::NotFound)?;
        match self.standing_of(lane) {
            Ok(()) => Ok(lane),
            Err(ReplayFailure::SubscriptionDeleted) => Err(StartReplayError::Deleted),
            Err(ReplayFailure::SubscriptionInactive) => Err(StartReplayError::Inactive),
        }
    }

    fn standing_of(&self, lane: LaneKey) -> Result<(), ReplayFailure> {
        match self.subscriptions.get(&lane) {
            None => Err(ReplayFailure::SubscriptionDeleted),
            Some(row) if row.deleted => Err(ReplayFailure::SubscriptionDeleted),
            Some(row) if row.subscription.inactive.is_some() => Err(ReplayFailure::SubscriptionInactive),
            Some(_) => Ok(()),
        }
    }

    fn replays_of(&self, tenant_no: TenantNo) -> impl DoubleEndedIterator<Item = &ReplayRow> {
        let lives = self.tenant_by_no(tenant_no).is_some();
        self.replays.iter().filter(move |((of, _), _)| lives && *of == tenant_no).map(|(_, row)| row)
    }

    /// Makes room for one more.
    fn forget_replays(&mut self, tenant_no: TenantNo, kept_max: usize) {
        let beyond = (self.replays_of(tenant_no).count() + 1).saturating_sub(kept_max);
        let ended = self.replays_of(tenant_no).filter(|row| !row.is_running()).take(beyond);
        for id in ended.map(|row| row.replay.id).collect::<Vec<_>>() {
            self.replays.remove(&(tenant_no, id));
        }
    }
}

impl ReplayRow {
    fn is_running(&self) -> bool {
        self.replay.status == ReplayStatus::Running
    }

    fn end(&mut self, status: ReplayStatus, at: Timestamp) {
        self.replay.status = status;
        self.replay.finished_at = Some(at);
    }
}
