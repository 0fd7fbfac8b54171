//! What of an object here is not as it is wanted.

use postroad_client::{DeliverySettings, Error, Subscription, SubscriptionPatch, TenantEventType};
use serde_json::{Value, json, value::RawValue};

use crate::commands::import::plan::WantedSubscription;

/// The words for what Postroad found out: a receiver that said it is gone, one that takes nothing, and one that has not passed the
/// handshakes of its profile.
const FOUND_OUT: [&str; 3] = ["gone", "failing", "unverified"];

/// Whether a subscription is to change.
pub(super) fn differs(here: &Subscription, wanted: &WantedSubscription) -> bool {
    let sends_otherwise = |push: &DeliverySettings| {
        let wanted = &wanted.delivery;
        push.url != wanted.url || push.headers != wanted.headers || push.authorization != wanted.authorization
    };
    here.description != wanted.description
        || here.delivery.push().is_none_or(sends_otherwise)
        || sorted(&here.events) != sorted(&wanted.events)
        || sorted(&here.tag_sets) != sorted(&wanted.tag_sets)
        || here.rate_limit != wanted.rate_limit
        || active(here, wanted) != here.active
}

/// What is to change of it.
pub(super) fn patch(here: &Subscription, wanted: &WantedSubscription) -> Result<SubscriptionPatch, Error> {
    let delivery = json!({
        "url": wanted.delivery.url,
        "headers": serde_json::to_value(&wanted.delivery.headers)?,
        "authorization": serde_json::to_value(&wanted.delivery.authorization)?,
    });
    SubscriptionPatch::new()
        .active(active(here, wanted))
        .events(&wanted.events)
        .set("tag_sets", wanted.tag_sets.clone())
        .set("description", wanted.description.clone().map_or(Value::Null, Value::String))
        .set("delivery", delivery)
        .set_json("rate_limit", &wanted.rate_limit)
}

/// A receiver that told Postroad it is gone, or that failed for too long, stays inactive, whatever the other server has not found
/// out; and so does one that is not verified, until it is.
fn active(here: &Subscription, wanted: &WantedSubscription) -> bool {
    wanted.active && !here.inactive_reason.as_deref().is_some_and(|reason| FOUND_OUT.contains(&reason))
}

fn sorted<T: Ord + Clone>(items: &[T]) -> Vec<T> {
    let mut items = items.to_vec();
    items.sort();
    items
}

/// Whether an event type is to change.
pub(super) fn of_event_type(here: &TenantEventType, wanted: &TenantEventType) -> bool {
    here.description != wanted.description || value(here.schema.as_deref()) != value(wanted.schema.as_deref())
}

/// White space and the order of keys mean nothing in a schema.
fn value(raw: Option<&RawValue>) -> Option<Value> {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok())
}
