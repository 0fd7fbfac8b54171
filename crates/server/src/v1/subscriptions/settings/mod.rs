//! What a customer configures of a subscription: the one description of its fields, for requests, answers and patches.
//!
//! **Invariant:** what [`SubscriptionSettings::of`] writes, [`read`] reads as the same specification: a merge patch is
//! put on the written form.

mod delivery;
mod read;
mod retry;

use postroad_domain::{EventType, Signature, SubscriptionSpec};
pub(super) use read::{note_unknown, read};
use serde::Serialize;
use utoipa::ToSchema;

use self::{delivery::DeliverySettings, retry::RetrySettings};
use crate::check::duration_text;

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
    /// The event types that are wanted; empty or absent for all.
    #[schema(required = false, max_items = 500)]
    events: Vec<String>,
    /// Sets of tags of which one must be within the event's tags; empty or absent for any.
    #[schema(required = false, max_items = 100)]
    tag_sets: Vec<Vec<String>>,
    /// Exchanges under way at a time.
    #[schema(required = false, minimum = 1, maximum = 1000, default = 8)]
    concurrency: u32,
    /// An own retry schedule; null for the profile's.
    retry: Option<RetrySettings>,
    /// An own deadline of an exchange, such as `15s`, from 1s to 60s; null for the profile's.
    timeout: Option<String>,
    /// The profile's options.
    #[schema(required = false)]
    options: SubscriptionOptions,
}

/// The options of the profile `standard`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SubscriptionOptions {
    /// How requests are signed: `hmac-sha256` or `ed25519`. Fixed at creation.
    #[schema(required = false, default = "hmac-sha256")]
    signature: &'static str,
}

impl SubscriptionSettings {
    /// As it is shown.
    pub(super) fn of(spec: &SubscriptionSpec) -> Self {
        Self {
            name: spec.name.clone(),
            description: spec.description.clone(),
            active: spec.active,
            delivery: DeliverySettings::of(&spec.push),
            events: spec.events.iter().map(EventType::to_string).collect(),
            tag_sets: spec.tag_sets.clone(),
            concurrency: spec.concurrency,
            retry: spec.retry.as_ref().map(RetrySettings::of),
            timeout: spec.timeout.map(duration_text),
            options: SubscriptionOptions { signature: word_of(spec.signature) },
        }
    }
}

fn word_of(signature: Signature) -> &'static str {
    match signature {
        Signature::HmacSha256 => "hmac-sha256",
        Signature::Ed25519 => "ed25519",
    }
}
