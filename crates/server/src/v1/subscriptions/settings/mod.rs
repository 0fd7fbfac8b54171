//! What a customer configures of a subscription: the one description of its fields, for requests, answers and patches.
//!
//! **Invariant:** what [`SubscriptionSettings::form`] writes, [`read()`] reads as the same settings: a merge patch is put
//! on the written form.

mod delivery;
mod read;
mod retry;
mod tls;

pub(super) use delivery::note_masks;
use postroad_domain::{EventType, SubscriptionSpec, Target};
use postroad_profile::Profile;
pub(super) use read::{drop_masks, note_unknown, read};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use self::{delivery::DeliverySettings, retry::RetrySettings};
use crate::{
    check::duration_text,
    v1::{options, rate_limit::RateLimitSettings},
};

/// What a customer configures of a subscription.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SubscriptionSettings {
    /// A name that people see.
    #[schema(max_length = 255)]
    name: Option<String>,
    /// Free text.
    #[schema(max_length = 4096)]
    description: Option<String>,
    /// False pauses: nothing is sent and nothing is queued for later.
    #[schema(required = false, default = true)]
    active: bool,
    /// Where and how.
    delivery: DeliverySettings,
    /// The event types that are wanted, by wire code or title; shown as wire codes. Empty or absent for all.
    #[schema(required = false, max_items = 500)]
    events: Vec<String>,
    /// Sets of tags of which one must be within the event's tags; empty or absent for any.
    #[schema(required = false, max_items = 100)]
    tag_sets: Vec<Vec<String>>,
    /// Exchanges under way at a time.
    #[schema(required = false, minimum = 1, maximum = 1000, default = 8)]
    concurrency: u32,
    /// How many exchanges may begin within a span of time; null for as many as its receiver takes.
    rate_limit: Option<RateLimitSettings>,
    /// One delivery after the other: the next one goes out when the one before has ended, also by failing for good.
    #[schema(required = false, default = false)]
    ordered: bool,
    /// An own retry schedule; null for the profile's.
    retry: Option<RetrySettings>,
    /// An own deadline of an exchange, such as `15s`, within the profile's bounds; null for the profile's.
    timeout: Option<String>,
    /// Own statuses that are success, such as `2xx` or `200`; null for the profile's.
    #[schema(max_items = 20)]
    success: Option<Vec<String>>,
    /// The profile's own options: its option schema says which there are. Those that are secret are shown as `********`.
    #[schema(required = false, value_type = Object)]
    options: Value,
}

impl SubscriptionSettings {
    /// As it is shown to a caller; without `shows_values` those of headers and `authorization` are masked.
    pub(super) fn of(spec: &SubscriptionSpec, profile: &Profile, shows_values: bool) -> Self {
        let form = Self::form(spec, profile);
        let options = options::shown(&spec.options, Some(profile));
        let delivery = form.delivery.without_key();
        let delivery = if shows_values { delivery } else { delivery.without_values() };
        Self { delivery, options, ..form }
    }

    /// As a merge patch is put on it, nothing masked.
    pub(super) fn form(spec: &SubscriptionSpec, profile: &Profile) -> Self {
        let push = match &spec.target {
            Target::Push(push) => push,
            Target::Pull(_) => unreachable!("the engine takes no pull subscription yet"),
        };
        Self {
            name: spec.name.clone(),
            description: spec.description.clone(),
            active: spec.active,
            delivery: DeliverySettings::of(push, profile),
            events: spec.events.iter().map(EventType::to_string).collect(),
            tag_sets: spec.tag_sets.clone(),
            concurrency: push.concurrency,
            rate_limit: push.rate_limit.map(RateLimitSettings::of),
            ordered: push.ordered,
            retry: push.retry.as_ref().map(RetrySettings::of),
            timeout: push.timeout.map(duration_text),
            success: push.success.clone(),
            options: options::plain(&spec.options),
        }
    }
}
