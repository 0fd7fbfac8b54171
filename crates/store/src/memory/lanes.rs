//! Reading lanes: which ones wait, and what the next deliveries of one are.

use std::collections::BTreeSet;

use super::state::{DeliveryRow, State};
use crate::{Backlog, LaneKey, Refill, Refilled, WaitingLane, WaitingLanes};

impl State {
    pub(super) fn waiting_lanes(&self, page: WaitingLanes) -> Vec<WaitingLane> {
        let lanes =
            self.subscriptions.keys().copied().filter(|lane| page.after.is_none_or(|after| *lane > after));
        let waiting = lanes.filter_map(|lane| {
            let next_due = self.sendable(lane).find_map(|row| row.place)?.due;
            Some(WaitingLane { lane, next_due })
        });
        waiting.take(page.limit).collect()
    }

    pub(super) fn refill(&self, refill: &Refill) -> Refilled {
        let held: BTreeSet<_> = refill.held.iter().collect();
        let free = self.sendable(refill.lane).filter(|row| !held.contains(&row.id));
        let mut refilled = Refilled::default();
        let mut bytes_left = refill.bytes_max;
        for delivery in free.filter_map(DeliveryRow::queued) {
            let bytes = delivery.bytes();
            let fits = refilled.deliveries.is_empty() || bytes <= bytes_left;
            if delivery.due > refill.due_by || refilled.deliveries.len() == refill.limit || !fits {
                refilled.next_due = Some(delivery.due);
                break;
            }
            bytes_left = bytes_left.saturating_sub(bytes);
            refilled.deliveries.push(delivery);
        }
        refilled
    }

    pub(super) fn backlog(&self) -> Backlog {
        let waiting = |row: &&DeliveryRow| {
            let tenant_lives = self.tenant_by_no(row.lane.tenant_no).is_some();
            tenant_lives && row.place.is_some() && self.mark_over(row).is_none()
        };
        let rows = || self.deliveries.values().filter(waiting);
        Backlog { waiting: rows().count() as u64, oldest: rows().map(|row| row.event.accepted_at).min() }
    }

    /// What may be sent in a lane, in order of due time.
    fn sendable(&self, lane: LaneKey) -> impl Iterator<Item = &DeliveryRow> {
        let may_send = self.may_send(lane);
        self.waiting_in(lane).filter(move |row| may_send && self.mark_over(row).is_none())
    }

    /// Everything that has a place in a lane, in order of due time.
    pub(super) fn waiting_in(&self, lane: LaneKey) -> impl Iterator<Item = &DeliveryRow> {
        let first = (lane, postroad_domain::Timestamp::from_micros(i64::MIN), i64::MIN);
        self.queue
            .range(first..)
            .take_while(move |((of, _, _), _)| *of == lane)
            .filter_map(move |(_, id)| self.deliveries.get(&(lane.tenant_no, *id)))
    }
}
