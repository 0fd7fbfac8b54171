//! Explaining an event: what became of it for each subscription, as that was when the event came.
//!
//! What decided then is the store's history of the subscription and the very function that routes; what became of it since
//! are the deliveries; what they wait for is asked of the lanes. The words for people are in `sentence`.
//!
//! **Invariant:** no change of a subscription after the event changes what is said of its matching.

pub(crate) mod outcome;
mod sentence;

use postroad_domain::{
    Attempt, DeliveryId, Event, EventId, Status, SubscriptionId, TenantId, Timestamp,
    attempt::Answer,
    delivery::Delivery,
    matching::{self, Clause},
    subscription::InactiveReason,
};
use postroad_store::{LaneKey, ListSubscriptionsThen, Page, StoreError, SubscriptionThen, Then};

use self::outcome::{EventOutcome, LastAnswer, Mismatch, Wait};
use super::service::HistoryService;
use crate::configuration::{cache::TenantConfig, lookup_error::LookupError};

/// What became of an event for one subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// The name that people see, as it was then.
    pub name: Option<String>,
    /// Its version when the event came; `None` where that is not known, or it was not there.
    pub version: Option<i64>,
    /// When it was deleted, if it has been since.
    pub deleted_at: Option<Timestamp>,
    /// What became of the event.
    pub outcome: EventOutcome,
    /// The delivery that the outcome is about: the newest.
    pub delivery: Option<DeliveryId>,
    /// The subscription did not match the event when that came: a replay made the delivery later.
    pub by_replay: bool,
}

impl HistoryService {
    /// What became of an event for each subscription, in the order of their creation. Those that had been deleted before
    /// are left out.
    pub async fn explain(
        &self,
        tenant: &TenantId,
        id: EventId,
        after: Option<SubscriptionId>,
        limit: usize,
    ) -> Result<Page<Explanation, SubscriptionId>, LookupError> {
        let event = self.event(tenant, id).await?;
        let config = self.configs.by_id(tenant).await?.ok_or(LookupError::NoTenant)?;
        let list = ListSubscriptionsThen { tenant_no: config.tenant.no, event: id, after, limit };
        let page = self.store.subscriptions_then(list).await?.ok_or(LookupError::NotFound)?;
        let mut items = Vec::with_capacity(page.items.len());
        for then in page.items {
            items.push(self.explain_one(&config, &event, then).await?);
        }
        Ok(Page { items, next: page.next })
    }

    async fn explain_one(
        &self,
        config: &TenantConfig,
        event: &Event,
        found: SubscriptionThen,
    ) -> Result<Explanation, StoreError> {
        let lane = LaneKey { tenant_no: config.tenant.no, subscription_no: found.no };
        let newest = found.deliveries.last().cloned();
        let (name, version) = match &found.then {
            Then::Known { version, spec, .. } => (spec.name.clone(), Some(*version)),
            Then::NotCreated | Then::Unknown => (None, None),
        };
        let kept_out = kept_out(event, &found);
        let by_replay = newest.is_some() && kept_out.is_some() && !event.test;
        let (subscription, deleted_at) = (found.id, found.deleted_at);
        let delivery = newest.as_ref().map(|delivery| delivery.id);
        let outcome = match (newest, kept_out) {
            (Some(delivery), _) => self.outcome_of(config, lane, delivery).await?,
            (None, Some(outcome)) => outcome,
            (None, None) if found.is_to_come => {
                EventOutcome::Pending { until: None, why: Wait::FanOut, attempts: 0, last: None }
            }
            // Between the event and its turn in a large fan-out.
            (None, None) => match found.deleted_at {
                Some(at) => {
                    EventOutcome::Cancelled { at, reason: postroad_domain::Reason::Deleted, attempts: 0 }
                }
                None => EventOutcome::NotRecorded,
            },
        };
        Ok(Explanation { subscription, name, version, deleted_at, outcome, delivery, by_replay })
    }

    async fn outcome_of(
        &self,
        config: &TenantConfig,
        lane: LaneKey,
        delivery: Delivery,
    ) -> Result<EventOutcome, StoreError> {
        let delivery = self.with_live_status(config.tenant.no, delivery);
        let last = if delivery.attempts == 0 {
            None
        } else {
            let attempts = self.store.attempts(config.tenant.no, delivery.id).await?;
            attempts.last().map(LastAnswer::of)
        };
        let Delivery { attempts, reason, created_at, finished_at, .. } = delivery;
        let at = finished_at.unwrap_or(created_at);
        let reason = reason.unwrap_or(postroad_domain::Reason::Exhausted);
        Ok(match delivery.status {
            Status::Succeeded => EventOutcome::Delivered { at, attempts, last },
            Status::Failed => EventOutcome::Failed { at, reason, attempts, last },
            Status::Cancelled => EventOutcome::Cancelled { at, reason, attempts },
            Status::Delivering => EventOutcome::Delivering { attempts },
            Status::Queued => {
                let (until, why) = self.wait_of(config, lane, &delivery);
                EventOutcome::Pending { until, why, attempts, last }
            }
        })
    }

    /// What a queued delivery waits for, as far as its lane can tell.
    fn wait_of(
        &self,
        config: &TenantConfig,
        lane: LaneKey,
        delivery: &Delivery,
    ) -> (Option<Timestamp>, Wait) {
        let endpoint = config.endpoint(lane.subscription_no);
        match endpoint.and_then(|endpoint| endpoint.subscription.inactive) {
            Some((InactiveReason::Gone, _)) => return (None, Wait::ReceiverGone),
            Some((InactiveReason::Unverified, _)) => return (None, Wait::Verification),
            Some((InactiveReason::Paused | InactiveReason::Failing, _)) | None => {}
        }
        let now = self.commit_clock.now();
        let due = delivery.due_at.filter(|due| *due > now);
        let standing = self.dispatcher.standing_of(lane, now);
        let rest = standing.rest.filter(|(until, _)| due.is_none_or(|due| *until > due));
        // Behind a rest its rate limit may still keep it back.
        let paced = standing.paced_until.filter(|until| rest.is_none_or(|(rest, _)| *until > rest));
        match (rest, due) {
            (Some(_), _) if paced.is_some() => (paced, Wait::RateLimit),
            (Some((until, why)), _) => (Some(until), Wait::of(why)),
            (None, Some(due)) if delivery.attempts == 0 => {
                let groups = endpoint.is_some_and(|endpoint| endpoint.groups(&delivery.event_type));
                (Some(due), if groups { Wait::Group } else { Wait::Delay })
            }
            (None, Some(due)) => (Some(due), Wait::NextAttempt),
            (None, None) => match (standing.head_until, standing.paced_until) {
                (Some(until), _) => (Some(until), Wait::Order),
                (None, Some(until)) => (Some(until), Wait::RateLimit),
                (None, None) if standing.is_busy => (None, Wait::ReceiverBusy),
                (None, None) => (None, Wait::Turn),
            },
        }
    }
}

/// What kept the event from the subscription when it came; `None` when nothing did.
fn kept_out(event: &Event, found: &SubscriptionThen) -> Option<EventOutcome> {
    let (spec, inactive) = match &found.then {
        Then::NotCreated => return Some(EventOutcome::CreatedAfter { at: found.created_at }),
        Then::Unknown => return Some(EventOutcome::NotRecorded),
        Then::Known { spec, inactive, .. } => (spec, inactive),
    };
    if event.test {
        return Some(EventOutcome::NotMatched(Mismatch::Test));
    }
    let clause = matching::kept_out_by(spec, &event.event_type, &event.tags)?;
    Some(match (clause, inactive) {
        (Clause::Active, Some((reason, since))) => EventOutcome::Inactive { reason: *reason, since: *since },
        (Clause::Active, None) => EventOutcome::NotRecorded,
        (Clause::Events, _) => EventOutcome::NotMatched(Mismatch::Events {
            event_type: event.event_type.clone(),
            events: spec.events.clone(),
        }),
        (Clause::TagSets, _) => EventOutcome::NotMatched(Mismatch::TagSets {
            tags: event.tags.clone(),
            tag_sets: spec.tag_sets.clone(),
        }),
    })
}

impl LastAnswer {
    fn of(attempt: &Attempt) -> Self {
        match &attempt.answer {
            Answer::Response(head) => Self::Status(head.status),
            Answer::Error { class, .. } => Self::Error(*class),
        }
    }
}
