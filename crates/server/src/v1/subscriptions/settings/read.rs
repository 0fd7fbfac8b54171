//! From the JSON form of a subscription to its settings, checked as far as no profile is needed.

use postroad_domain::{
    SubscriptionSpec, Target,
    limits::{
        CONCURRENCY, DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX, RATE_LIMIT_COUNT, SUBSCRIPTION_EVENTS_MAX,
        TAG_CHARS_MAX, TAG_SETS_MAX, TAGS_MAX, TIMEOUT,
    },
    subscription::Push,
};
use postroad_engine::SubscriptionDraft;
use postroad_profile::Profile;
use serde_json::Value;

use super::{delivery, retry, tls};
use crate::{
    check::{Faults, Field, Object, Shape, parse_duration},
    v1::{options, rate_limit},
};

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
        "success",
        "ordered",
        "rate_limit",
        "options",
        "secret",
    ],
    later: &["filter", "transform", "delay", "group", "notify_on_failure"],
};
/// Patterns of statuses that one subscription may name, and the characters of one.
const SUCCESS_PATTERNS_MAX: usize = 20;
const SUCCESS_PATTERN_CHARS_MAX: usize = 16;

/// Checks the JSON form of a subscription: its settings, and its secret where one came. `None` after a fault.
pub(in crate::v1::subscriptions) fn read(
    form: Value,
    faults: &Faults,
) -> Option<(SubscriptionDraft, Option<String>)> {
    let mut form = Object::root(form, &SHAPE, faults)?;
    let secret = form.field("secret").and_then(Field::text);
    let push = form.required("delivery").and_then(delivery::read);
    let name = form.field("name").and_then(|field| field.text_within(1, NAME_CHARS_MAX));
    let description = form.field("description");
    let description = description.and_then(|field| field.text_within(0, DESCRIPTION_CHARS_MAX));
    let active = form.field("active").map_or(Some(true), Field::flag);
    let events = form.field("events");
    let events = events
        .and_then(|field| field.list(SUBSCRIPTION_EVENTS_MAX, |name| name.text_within(1, NAME_CHARS_MAX)));
    let tag_sets = form.field("tag_sets").and_then(|field| field.list(TAG_SETS_MAX, read_tag_set));
    let concurrency =
        form.field("concurrency").map_or(Some(CONCURRENCY.default), |field| field.number(CONCURRENCY));
    let retry = form.field("retry").and_then(retry::read);
    let timeout = form.field("timeout");
    let timeout = timeout.and_then(|field| field.parsed(|text| parse_duration(text, TIMEOUT)));
    let success = form.field("success").and_then(read_success);
    let ordered = form.field("ordered").map_or(Some(false), Field::flag);
    let rate_limit = form.field("rate_limit").and_then(|field| rate_limit::read(field, RATE_LIMIT_COUNT));
    let options = form.field("options").map_or(Some(no_options()), Field::any_object);
    let target = Target::Push(Push {
        concurrency: concurrency?,
        rate_limit,
        ordered: ordered?,
        retry,
        timeout,
        success,
        ..push?
    });
    let spec = SubscriptionSpec {
        name,
        description,
        active: active?,
        target,
        // The engine makes them of the names in the draft.
        events: Vec::new(),
        tag_sets: tag_sets.unwrap_or_default(),
        options: options?.to_string(),
        sealed: None,
    };
    Some((SubscriptionDraft { spec, events: events.unwrap_or_default() }, secret))
}

/// Adds a fault for each name in a merge patch that a subscription does not have. After the merge a `null` under such a
/// name would be gone without a word.
pub(in crate::v1::subscriptions) fn note_unknown(patch: Value, faults: &Faults) {
    let Some(mut patch) = Object::root(patch, &SHAPE, faults) else { return };
    // Opening an object notes its unknown names; there is nothing to read.
    for (name, shape) in [("retry", &retry::SHAPE), ("rate_limit", &rate_limit::SHAPE)] {
        let _ = patch.field(name).and_then(|field| field.object(shape));
    }
    let delivery = patch.field("delivery").and_then(|field| field.object(&delivery::SHAPE));
    let tls = delivery.and_then(|mut delivery| delivery.field("tls"));
    let _ = tls.and_then(|field| field.object(&tls::SHAPE));
}

/// Takes out of a merge patch the masks of what stays as it is.
pub(in crate::v1::subscriptions) fn drop_masks(
    patch: &mut Value,
    current: &SubscriptionSpec,
    profile: &Profile,
) {
    if let Some(given) = patch.get_mut("options") {
        options::drop_masks(given, &current.options, profile);
    }
    tls::drop_mask(patch, current.push().and_then(|push| push.tls.as_ref()));
}

fn read_tag_set(set: Field<'_>) -> Option<Vec<String>> {
    if set.is_empty_list() {
        return set.refuse("is empty, which would let every event through: leave it out");
    }
    set.list(TAGS_MAX, |tag| tag.text_within(1, TAG_CHARS_MAX))
}

fn read_success(patterns: Field<'_>) -> Option<Vec<String>> {
    if patterns.is_empty_list() {
        return patterns.refuse("is empty, so that nothing would be success: leave it out for the profile's");
    }
    patterns.list(SUCCESS_PATTERNS_MAX, |pattern| pattern.text_within(1, SUCCESS_PATTERN_CHARS_MAX))
}

fn no_options() -> Value {
    Value::Object(serde_json::Map::new())
}
