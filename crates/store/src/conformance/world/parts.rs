//! Parts of operations that most checks give the same way.

use std::{sync::Arc, time::Duration};

use postroad_domain::{
    Attempt, EndpointUrl, EventType, Subscription, SubscriptionSpec, Timestamp, tenant::TenantSpec,
};

use crate::{AcceptResult, LaneKey, Next, Outcome, Prune, QueuedDelivery, Refill};

/// When each world begins.
pub(crate) fn opening() -> Timestamp {
    Timestamp::parse("2026-11-21T20:50:00Z").unwrap()
}

/// An outcome of a delivery's place in the queue.
pub(crate) fn outcome(of: &QueuedDelivery, attempt: Option<Attempt>, next: Next) -> Outcome {
    Outcome {
        lane: of.lane,
        id: of.id,
        handle: of.handle,
        due: of.due,
        expires_at: of.expires_at,
        tries: of.tries,
        attempt,
        body: None,
        next,
    }
}

/// A refill without limits.
pub(crate) fn refill_of(lane: LaneKey, due_by: Timestamp) -> Refill {
    Refill { lane, due_by, held: Vec::new(), limit: 1_000, bytes_max: usize::MAX }
}

/// A rule for forgetting without any limit, in one step.
pub(crate) fn prune_nothing(at: Timestamp) -> Prune {
    let (rows_max, time_max) = (1_000, Duration::MAX);
    Prune { at, age_max: None, bytes_max: None, tenants: Arc::default(), rows_max, time_max }
}

/// The deliveries of an event that must have been accepted.
pub(crate) fn accepted(result: AcceptResult) -> Vec<QueuedDelivery> {
    match result {
        AcceptResult::Accepted { deliveries } => deliveries,
        refused => panic!("the event was not accepted: {refused:?}"),
    }
}

/// The lane of a subscription.
pub(crate) fn lane_of(subscription: &Subscription) -> LaneKey {
    LaneKey { tenant_no: subscription.tenant_no, subscription_no: subscription.no }
}

/// An event type that is one.
pub(crate) fn event_type(name: &str) -> EventType {
    EventType::parse(name).unwrap()
}

/// What is configured of a tenant.
pub(crate) fn tenant_spec(profile: &str) -> TenantSpec {
    let (profile, options) = (profile.to_owned(), "{}".to_owned());
    TenantSpec {
        profile,
        name: None,
        contacts: Vec::new(),
        options,
        retention: None,
        retention_bytes: None,
        sealed: None,
    }
}

/// A subscription to everything.
pub(crate) fn spec() -> SubscriptionSpec {
    SubscriptionSpec::to(EndpointUrl::parse("https://example.com/hook").unwrap())
}
