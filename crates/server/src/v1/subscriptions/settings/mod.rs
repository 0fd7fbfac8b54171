//! What a customer configures of a subscription: the one description of its fields, for requests, answers and patches.
//!
//! **Invariant:** what [`SubscriptionSettings::form`] writes is read as the same settings: a merge patch is put on the
//! written form.

mod delivery;
mod group;
mod retry;
mod tls;

use postroad_domain::{
    EventType, SubscriptionSpec, Target,
    limits::{SUBSCRIPTION_EVENTS_MAX, SUCCESS_PATTERNS_MAX, TAG_SETS_MAX, TAGS_MAX},
};
use postroad_engine::{
    GroupDraft, HeaderDraft, PushDraft, RateLimitDraft, RetryDraft, SubscriptionDraft, TargetDraft,
};
use postroad_profile::Profile;
use serde::Serialize;
use serde_json::{Map, Number, Value};
use utoipa::ToSchema;

use self::{
    delivery::{DeliverySettings, TargetJson},
    group::GroupSettings,
    retry::RetrySettings,
};
use crate::{
    check::{BoundedVec, Faults, body, duration_text},
    v1::{options, rate_limit::RateLimitSettings},
};

/// The tags of one set.
type TagSet = BoundedVec<String, TAGS_MAX>;

body! {
    /// What a customer configures of a subscription.
    #[derive(Debug, Serialize, ToSchema)]
    pub(crate) struct SubscriptionSettings {
        /// A name that people see.
        name: Option<String>,
        /// Free text.
        description: Option<String>,
        /// False pauses: nothing is sent and nothing is queued for later.
        #[schema(required = false, default = true, value_type = bool)]
        active: Option<bool>,
        /// Where and how. Only where an option of the profile says where to can it be left out.
        #[schema(required = false, value_type = DeliverySettings)]
        delivery: Option<TargetJson>,
        /// The event types that are wanted, by wire code or title; shown as wire codes. Empty or absent for all.
        #[schema(required = false, value_type = Vec<String>)]
        events: Option<BoundedVec<String, SUBSCRIPTION_EVENTS_MAX>>,
        /// Sets of tags of which one must be within the event's tags; empty or absent for any.
        #[schema(required = false, value_type = Vec<Vec<String>>)]
        tag_sets: Option<BoundedVec<TagSet, TAG_SETS_MAX>>,
        /// Requests under way at a time. Above 256 it has no more effect.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(required = false, value_type = u32)]
        concurrency: Option<Number>,
        /// An own retry schedule; null for the profile's.
        retry: Option<RetrySettings>,
        /// An own deadline of an exchange, such as `15s`, within the profile's bounds; null for the profile's.
        timeout: Option<String>,
        /// Own statuses that are success, such as `2xx` or `200`; null for the profile's.
        #[schema(value_type = Option<Vec<String>>)]
        success: Option<BoundedVec<String, SUCCESS_PATTERNS_MAX>>,
        /// One delivery after the other: the next one goes out when the one before has ended, also by failing for good.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(required = false, default = false, value_type = bool)]
        ordered: Option<bool>,
        /// How many exchanges may begin within a span of time; null for as many as its receiver takes.
        rate_limit: Option<RateLimitSettings>,
        /// How long after an event its delivery is sent, such as `30s`; up to 30d.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(required = false, default = "0s", value_type = String)]
        delay: Option<String>,
        /// How events are sent together; null for as the profile does.
        group: Option<GroupSettings>,
        /// Whether the tenant's contacts are told by mail when a delivery fails for good.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(required = false, default = false, value_type = bool)]
        notify_on_failure: Option<bool>,
        /// The profile's own options: its option schema says which there are. Those that are secret are shown as `********`.
        #[schema(required = false, value_type = Object)]
        options: Option<Map<String, Value>>,
    }
    later ["filter", "transform"]
}

impl SubscriptionSettings {
    /// As it is shown to a caller; without `shows_values` those of headers and `authorization` are masked.
    pub(super) fn of(spec: &SubscriptionSpec, profile: &Profile, shows_values: bool) -> Self {
        let form = Self::form(spec, profile);
        let options = Some(options::shown(&spec.options, Some(profile)));
        let delivery = form.delivery.map(TargetJson::without_key);
        let delivery = if shows_values { delivery } else { delivery.map(TargetJson::without_values) };
        Self { delivery, options, ..form }
    }

    /// As a merge patch is put on it, nothing masked.
    pub(super) fn form(spec: &SubscriptionSpec, profile: &Profile) -> Self {
        let push = spec.push();
        let delivery = match &spec.target {
            Target::Push(push) => TargetJson::Push(DeliverySettings::of(push, profile)),
            Target::Pull(pull) => TargetJson::pull(pull.max_batch_bytes),
        };
        Self {
            name: spec.name.clone(),
            description: spec.description.clone(),
            active: Some(spec.active),
            delivery: Some(delivery),
            events: Some(spec.events.iter().map(EventType::to_string).collect()),
            tag_sets: Some(spec.tag_sets.iter().map(|set| set.iter().cloned().collect()).collect()),
            concurrency: push.map(|push| push.concurrency.into()),
            rate_limit: push.and_then(|push| push.rate_limit).map(RateLimitSettings::of),
            ordered: push.map(|push| push.ordered),
            retry: push.and_then(|push| push.retry.as_ref()).map(RetrySettings::of),
            timeout: push.and_then(|push| push.timeout).map(duration_text),
            success: push.and_then(|push| push.success.as_ref()).map(|own| own.iter().cloned().collect()),
            delay: push.map(|push| duration_text(push.delay)),
            group: push.and_then(|push| push.group).map(GroupSettings::of),
            notify_on_failure: push.map(|push| push.notify_on_failure),
            options: Some(options::plain(&spec.options)),
        }
    }

    /// Adds a fault for each mask that a caller gives back in the place of a value.
    pub(super) fn note_masks(&self, faults: &Faults) {
        if let Some(delivery) = &self.delivery {
            delivery.note_masks(faults);
        }
    }

    /// The draft that the engine checks. With the profile, a mask in the options is known from a value.
    pub(super) fn into_draft(self, profile: &Profile, faults: Faults) -> SubscriptionDraft {
        self.note_masks(&faults);
        let options = options::text_of(self.options);
        options::note_masks(&options, profile, &faults);
        let push = |delivery: DeliverySettings| PushDraft {
            url: delivery.url,
            method: delivery.method,
            content_type: delivery.content_type,
            headers: values(delivery.headers).into_iter().map(HeaderDraft::from).collect(),
            authorization: delivery.authorization,
            tls: delivery.tls.map(Into::into),
            http_version: delivery.http_version,
            concurrency: self.concurrency,
            rate_limit: self.rate_limit.map(RateLimitDraft::from),
            ordered: self.ordered.unwrap_or_default(),
            retry: self.retry.map(RetryDraft::from),
            timeout: self.timeout,
            success: self.success.map(BoundedVec::into_inner),
            delay: self.delay,
            group: self.group.map(GroupDraft::from),
            notify_on_failure: self.notify_on_failure.unwrap_or_default(),
        };
        let target = match self.delivery {
            Some(TargetJson::Push(delivery)) => TargetDraft::Push(Some(Box::new(push(delivery)))),
            Some(TargetJson::Pull(_)) => TargetDraft::Pull,
            None => TargetDraft::Push(None),
        };
        SubscriptionDraft {
            name: self.name,
            description: self.description,
            active: self.active.unwrap_or(true),
            target,
            events: values(self.events),
            tag_sets: values(self.tag_sets).into_iter().map(TagSet::into_inner).collect(),
            options,
            unreadable: faults.into_problems(),
        }
    }
}

/// The values of a list that need not be there.
fn values<T, const MAX: usize>(list: Option<BoundedVec<T, MAX>>) -> Vec<T> {
    list.map(BoundedVec::into_inner).unwrap_or_default()
}

/// Takes out of a merge patch the masks of what stays as it is.
pub(super) fn drop_masks(patch: &mut Value, current: &SubscriptionSpec, profile: &Profile) {
    if let Some(given) = patch.get_mut("options") {
        options::drop_masks(given, &current.options, profile);
    }
    tls::drop_mask(patch, current.push().and_then(|push| push.tls.as_ref()));
}
