//! From the JSON form of a subscription to its checked specification.

use postroad_domain::{
    EventType, Invalid, Signature, SubscriptionSpec,
    limits::{
        CONCURRENCY, DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX, SUBSCRIPTION_EVENTS_MAX, TAG_CHARS_MAX,
        TAG_SETS_MAX, TAGS_MAX, TIMEOUT,
    },
};
use serde_json::Value;

use super::{delivery, retry, word_of};
use crate::check::{Faults, Field, Object, Shape, parse_duration};

/// `secret` is read where a subscription is created, and refused elsewhere with the way that there is.
const SHAPE: Shape = Shape {
    known: &[
        "name",
        "description",
        "active",
        "delivery",
        "events",
        "tag_sets",
        "concurrency",
        "retry",
        "timeout",
        "options",
        "secret",
    ],
    later: &[
        "filter",
        "transform",
        "delay",
        "ordered",
        "rate_limit",
        "group",
        "notify_on_failure",
        "success",
    ],
};
const OPTIONS: Shape = Shape::of(&["signature"]);

/// Checks the JSON form of a subscription: its specification, and its secret where one came. `None` after a fault.
pub(in crate::v1::subscriptions) fn read(
    form: Value,
    faults: &Faults,
) -> Option<(SubscriptionSpec, Option<String>)> {
    let mut form = Object::root(form, &SHAPE, faults)?;
    let secret = form.field("secret").and_then(Field::text);
    let push = form.required("delivery").and_then(delivery::read);
    let name = form.field("name").and_then(|field| field.text_within(1, NAME_CHARS_MAX));
    let description = form.field("description");
    let description = description.and_then(|field| field.text_within(0, DESCRIPTION_CHARS_MAX));
    let active = form.field("active").map_or(Some(true), Field::flag);
    let events = form.field("events").and_then(|field| {
        field.list(SUBSCRIPTION_EVENTS_MAX, |event_type| event_type.parsed(EventType::parse))
    });
    let tag_sets = form.field("tag_sets").and_then(|field| field.list(TAG_SETS_MAX, read_tag_set));
    let concurrency =
        form.field("concurrency").map_or(Some(CONCURRENCY.default), |field| field.number(CONCURRENCY));
    let retry = form.field("retry").and_then(retry::read);
    let timeout = form.field("timeout");
    let timeout = timeout.and_then(|field| field.parsed(|text| parse_duration(text, TIMEOUT)));
    let signature = form.field("options").map_or(Some(Signature::default()), read_signature);
    let spec = SubscriptionSpec {
        name,
        description,
        active: active?,
        push: push?,
        events: events.unwrap_or_default(),
        tag_sets: tag_sets.unwrap_or_default(),
        concurrency: concurrency?,
        retry,
        timeout,
        signature: signature?,
    };
    Some((spec, secret))
}

/// Adds a fault for each name in a merge patch that a subscription does not have. After the merge a `null` under such a
/// name would be gone without a word.
pub(in crate::v1::subscriptions) fn note_unknown(patch: Value, faults: &Faults) {
    let Some(mut patch) = Object::root(patch, &SHAPE, faults) else { return };
    for (name, shape) in [("delivery", &delivery::SHAPE), ("retry", &retry::SHAPE), ("options", &OPTIONS)] {
        // Opening an object notes its unknown names; there is nothing to read.
        let _ = patch.field(name).and_then(|field| field.object(shape));
    }
}

fn read_tag_set(set: Field<'_>) -> Option<Vec<String>> {
    if set.is_empty_list() {
        return set.refuse("is empty, which would let every event through: leave it out");
    }
    set.list(TAGS_MAX, |tag| tag.text_within(1, TAG_CHARS_MAX))
}

fn read_signature(options: Field<'_>) -> Option<Signature> {
    let parse = |text: &str| {
        let mut known = [Signature::HmacSha256, Signature::Ed25519].into_iter();
        known
            .find(|signature| word_of(*signature) == text)
            .ok_or_else(|| Invalid::new("must be hmac-sha256 or ed25519"))
    };
    let mut options = options.object(&OPTIONS)?;
    options.field("signature").map_or(Some(Signature::default()), |field| field.parsed(parse))
}
