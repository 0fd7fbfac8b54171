//! What subscriptions were when an event came.

use postroad_domain::{EventId, SubscriptionId, TenantNo, Timestamp};

use super::{
    rows::Standing,
    state::{State, SubscriptionRow, nth},
};
use crate::{LaneKey, ListSubscriptionsThen, Page, SubscriptionThen, Then};

impl State {
    /// Notes what a subscription is from now on. To be called after each change of it.
    pub(super) fn note_standing(&mut self, lane: LaneKey, deleted_at: Option<Timestamp>) {
        let from = self.next_number();
        if let Some(row) = self.subscriptions.get_mut(&lane) {
            let (version, inactive) = (row.subscription.version, row.subscription.inactive);
            row.history.push(Standing { from, version, inactive, deleted_at });
        }
    }

    /// `None` when there is no such event.
    pub(super) fn subscriptions_then(
        &self,
        list: &ListSubscriptionsThen,
    ) -> Option<Page<SubscriptionThen, SubscriptionId>> {
        let event_no = self.event_number(list.tenant_no, list.event)?;
        let after =
            list.after.and_then(|id| self.subscription_by_id(list.tenant_no, id)).map(|(lane, _)| lane);
        let rows = self.subscriptions.iter().filter(|(lane, row)| {
            let was_there = row.standing_at(event_no).is_none_or(|standing| standing.deleted_at.is_none());
            let never_met = row.standing_at(event_no).is_none() && row.deleted;
            lane.tenant_no == list.tenant_no
                && after.is_none_or(|after| **lane > after)
                && was_there
                && !never_met
        });
        let mut items: Vec<_> = rows
            .take(list.limit + 1)
            .map(|(lane, row)| self.then(*lane, row, list.event, event_no))
            .collect();
        let is_last = items.len() <= list.limit;
        items.truncate(list.limit);
        let next = items.last().filter(|_| !is_last).map(|last| last.id);
        Some(Page { items, next })
    }

    /// A subscription of the tenant, a deleted one too.
    pub(super) fn subscription_by_id(
        &self,
        tenant_no: TenantNo,
        id: SubscriptionId,
    ) -> Option<(LaneKey, &SubscriptionRow)> {
        self.tenant_by_no(tenant_no)?;
        let mut rows = self.subscriptions.iter();
        let found = rows.find(|(lane, row)| lane.tenant_no == tenant_no && row.subscription.id == id);
        found.map(|(lane, row)| (*lane, row))
    }

    /// An event's place in the order in which they were accepted.
    pub(super) fn event_number(&self, tenant_no: TenantNo, id: EventId) -> Option<i64> {
        self.tenant_by_no(tenant_no)?;
        self.event_numbers.get(&(tenant_no, id)).copied()
    }

    fn then(&self, lane: LaneKey, row: &SubscriptionRow, event: EventId, event_no: i64) -> SubscriptionThen {
        let then = row.standing_at(event_no).and_then(|standing| {
            let version = nth(&row.versions, standing.version)?;
            let mut spec = Box::new(version.spec.clone());
            spec.active = standing.inactive.is_none();
            Some(Then::Known { version: standing.version, spec, inactive: standing.inactive })
        });
        let range = (lane.tenant_no, event.delivery(0))..=(lane.tenant_no, event.delivery(u16::MAX));
        let of_lane = self.deliveries.range(range).filter(|(_, delivery)| delivery.lane == lane);
        let is_to_come = self.fanouts.iter().any(|fanout| {
            let mut targets = fanout.targets.iter();
            fanout.tenant_no == lane.tenant_no
                && fanout.event_id == event
                && targets.any(|target| target.subscription_no == lane.subscription_no)
        });
        SubscriptionThen {
            no: lane.subscription_no,
            id: row.subscription.id,
            created_at: row.subscription.created_at,
            deleted_at: row.history.last().and_then(|standing| standing.deleted_at),
            then: then.unwrap_or(Then::NotCreated),
            deliveries: of_lane.filter_map(|(_, delivery)| self.read(delivery)).collect(),
            is_to_come,
        }
    }
}

impl SubscriptionRow {
    fn standing_at(&self, event_no: i64) -> Option<Standing> {
        self.history.iter().rev().find(|standing| standing.from < event_no).copied()
    }
}
