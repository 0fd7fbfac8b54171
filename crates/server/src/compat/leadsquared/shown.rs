//! A webhook as `Retrieve` shows it.

use postroad_domain::{
    CustomHeader, Invalid, Scope, Subscription, SubscriptionId, Timestamp,
    subscription::{InactiveReason, Push},
};
use postroad_profile::Profile;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{caller::Rights, problem::Problem, v1::options::MASK};

/// What a webhook leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// To a URL.
    Webhook,
    /// To a function of the account.
    Lapp,
}

impl Kind {
    /// Where a subscription leads: one without a URL of its own calls a function.
    pub(super) const fn of(push: &Push) -> Self {
        if push.url.is_some() { Self::Webhook } else { Self::Lapp }
    }

    /// The word in this API.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Webhook => "Webhook",
            Self::Lapp => "Lapp",
        }
    }
}

/// Whether a webhook is enabled, and if not, by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum StatusCode {
    /// Events are sent.
    Enabled,
    /// Somebody set it so.
    DisabledByHand,
    /// Deliveries failed, its receiver said that it is gone, or has not passed a handshake that must pass first.
    DisabledByFailures,
}

impl StatusCode {
    /// Of a webhook as it is now.
    pub(super) fn of(subscription: &Subscription) -> Self {
        match subscription.inactive.map(|(reason, _)| reason) {
            None => Self::Enabled,
            Some(InactiveReason::Paused) => Self::DisabledByHand,
            Some(InactiveReason::Failing | InactiveReason::Gone | InactiveReason::Unverified) => {
                Self::DisabledByFailures
            }
        }
    }

    /// The number in the API.
    pub(super) const fn number(self) -> u32 {
        match self {
            Self::Enabled => 0,
            Self::DisabledByHand => 1,
            Self::DisabledByFailures => 2,
        }
    }
}

/// A webhook of a list.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Webhook {
    webhook_id: String,
    r#type: &'static str,
    event_name: String,
    event_code: String,
    webhook_event: Option<String>,
    description: String,
    #[serde(rename = "URL")]
    url: String,
    method: String,
    content_type: Option<String>,
    status_code: u32,
    notify_on_failure: bool,
    is_specific_landing_page: bool,
    landing_page_urls: Vec<String>,
    activity_event: Option<String>,
    webhook_properties: Option<String>,
    custom_headers: Vec<Header>,
    created_on: String,
    modified_on: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Header {
    key: String,
    value: String,
}

impl Webhook {
    /// As a caller with these rights sees it: as in `/v1`, whoever may not change the values of headers sees none.
    pub(super) fn of(subscription: &Subscription, push: &Push, profile: &Profile, rights: &Rights) -> Self {
        let code = event_code(subscription);
        let entry = profile.catalogue.entry(code);
        let shows_values = rights.may(Scope::SubscriptionsWrite);
        let header = |CustomHeader { name, value }: &CustomHeader| Header {
            key: name.clone(),
            value: if shows_values { value.clone() } else { MASK.to_owned() },
        };
        let options: Map<String, Value> =
            serde_json::from_str(&subscription.spec.options).unwrap_or_default();
        let text = |name: &str| options.get(name).and_then(Value::as_str).map(str::to_owned);
        let content_type = push.content_type.clone();
        Self {
            webhook_id: subscription.id.uuid().to_string(),
            r#type: Kind::of(push).word(),
            event_name: event_name(code, profile).to_owned(),
            event_code: code.to_owned(),
            webhook_event: entry.and_then(|entry| entry.number).map(|number| number.to_string()),
            description: subscription.spec.description.clone().unwrap_or_default(),
            url: push.url.as_ref().map_or_else(String::new, |url| url.as_str().to_owned()),
            method: push.method.clone().or_else(|| profile.methods().first().cloned()).unwrap_or_default(),
            content_type: content_type.or_else(|| profile.content_types().next().map(str::to_owned)),
            status_code: StatusCode::of(subscription).number(),
            notify_on_failure: push.notify_on_failure,
            is_specific_landing_page: options.get("is_specific_landing_page") == Some(&Value::Bool(true)),
            landing_page_urls: landing_page_urls(&options),
            activity_event: text("activity_event"),
            webhook_properties: text("webhook_properties"),
            custom_headers: push.headers.iter().map(header).collect(),
            created_on: time_text(subscription.created_at),
            modified_on: time_text(subscription.updated_at),
        }
    }
}

/// The wire code of its event; empty where it has none, as another profile with this API may let it.
pub(super) fn event_code(subscription: &Subscription) -> &str {
    subscription.spec.events.first().map_or("", |event| event.as_str())
}

/// What people call that event.
pub(super) fn event_name<'n>(code: &'n str, profile: &'n Profile) -> &'n str {
    profile.catalogue.entry(code).and_then(|entry| entry.title.as_deref()).unwrap_or(code)
}

/// The pages that a webhook names.
pub(super) fn landing_page_urls(options: &Map<String, Value>) -> Vec<String> {
    let urls = options.get("landing_page_urls").and_then(Value::as_array).into_iter().flatten();
    urls.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Reads the id of a webhook.
pub(super) fn webhook_id(text: &str) -> Result<SubscriptionId, Invalid> {
    let uuid = text.trim().parse().map(SubscriptionId::from_uuid);
    uuid.map_err(|_| Invalid::new("must be the id of a webhook: the `Message.Id` that `Create` answered"))
}

/// No webhook of the account has the id in that field. Another account's is none.
pub(super) fn no_such_webhook(field: &str) -> Problem {
    Problem::invalid_field(field, "is the id of no webhook of this account")
}

/// `2026-08-08 05:52:30`: UTC without its zone, as the product writes times.
fn time_text(moment: Timestamp) -> String {
    let text = moment.to_string();
    text.chars().take("2026-08-08T05:52:30".len()).collect::<String>().replace('T', " ")
}
