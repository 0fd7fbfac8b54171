//! Subscriptions: who wants which events, and how they are sent.

mod create;
mod delete;
mod get;
mod list;
mod list_all;
mod preview;
mod rotate;
mod secret;
mod send_now;
mod settings;
mod test;
mod update;
mod verify;

use http::{HeaderName, header};
use postroad_domain::{
    Scope, Subscription, TenantId,
    subscription::{Failures, InactiveReason},
};
use postroad_profile::Profile;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::settings::SubscriptionSettings;
use crate::{caller::Rights, state::ServerState, v1::options::MASK};

/// The routes of this folder.
pub(crate) fn routes() -> OpenApiRouter<ServerState> {
    OpenApiRouter::new()
        .routes(routes!(create::create_subscription, list::list_subscriptions))
        .routes(routes!(get::get_subscription, update::update_subscription, delete::delete_subscription))
        .routes(routes!(list_all::list_all_subscriptions))
        .routes(routes!(secret::get_secret))
        .routes(routes!(rotate::rotate_secret))
        .routes(routes!(test::test_subscription))
        .routes(routes!(send_now::send_now))
        .routes(routes!(preview::preview_request))
        .routes(routes!(verify::verify_subscription))
}

/// A subscription.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Subscription)]
pub(crate) struct SubscriptionJson {
    #[serde(flatten)]
    facts: SubscriptionFacts,
    /// `********` where there is a secret, null where there is none.
    secret: Option<&'static str>,
}

/// A subscription without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SubscriptionFacts {
    /// Its id.
    id: String,
    /// Whose it is.
    tenant: String,
    #[serde(flatten)]
    settings: SubscriptionSettings,
    /// While it is inactive: `paused` by you, `gone` because its receiver answered 410, `failing` because too many of its
    /// deliveries failed, or for too long, or `unverified` because its receiver has not passed a handshake of the profile that
    /// must pass first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = String)]
    inactive_reason: Option<&'static str>,
    /// While it is inactive: since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = String, format = DateTime)]
    inactive_since: Option<String>,
    /// The deliveries that failed since the last one that succeeded, where there are any. Those that were cancelled and tests are
    /// none of them; setting it active begins anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = FailuresJson)]
    failures: Option<FailuresJson>,
    /// What the handshakes of its profile came to, where one was ever asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = VerificationJson)]
    verification: Option<VerificationJson>,
    /// 1 at first; grows with every change.
    version: i64,
    /// When it was created.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// Deliveries that failed, with no success in between.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Failures)]
pub(crate) struct FailuresJson {
    /// How many.
    count: u32,
    /// When the first of them failed.
    #[schema(format = DateTime)]
    since: String,
}

impl From<Failures> for FailuresJson {
    fn from(failures: Failures) -> Self {
        Self { count: failures.count, since: failures.since.to_string() }
    }
}

/// What the handshakes of a subscription came to, the last time that they were made or asked for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Verification)]
pub(crate) struct VerificationJson {
    /// `pending` until they are made: after a restart of the server those that nothing waits for stay so until
    /// `POST …/subscriptions/{id}/verify`. Then `passed` or `failed`.
    state: &'static str,
    /// Since when.
    #[schema(format = DateTime)]
    at: String,
    /// Why they failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = String)]
    detail: Option<String>,
}

impl VerificationJson {
    /// Only where the profile has handshakes.
    fn of(subscription: &Subscription, profile: &Profile) -> Option<Self> {
        let verification = subscription.verification.as_ref();
        verification.filter(|_| !profile.handshakes().is_empty()).map(|verification| Self {
            state: verification.state.as_str(),
            at: verification.at.to_string(),
            detail: verification.detail.clone(),
        })
    }
}

impl SubscriptionJson {
    fn of(tenant: &TenantId, subscription: &Subscription, profile: &Profile, rights: &Rights) -> Self {
        let secret = subscription.secrets.first().map(|_| MASK);
        Self { facts: SubscriptionFacts::of(tenant, subscription, profile, rights), secret }
    }
}

impl SubscriptionFacts {
    /// As a caller with these rights sees it: the values of headers and `authorization` are often keys to the receiver,
    /// so whoever may not change them sees none. Who may could have them sent to a URL of their own.
    fn of(tenant: &TenantId, subscription: &Subscription, profile: &Profile, rights: &Rights) -> Self {
        let shows_values = rights.may(Scope::SubscriptionsWrite);
        Self {
            id: subscription.id.to_string(),
            tenant: tenant.to_string(),
            settings: SubscriptionSettings::of(&subscription.spec, profile, shows_values),
            inactive_reason: subscription.inactive.map(|(reason, _)| InactiveReason::as_str(reason)),
            inactive_since: subscription.inactive.map(|(_, since)| since.to_string()),
            failures: subscription.failures.map(FailuresJson::from),
            verification: VerificationJson::of(subscription, profile),
            version: subscription.version,
            created_at: subscription.created_at.to_string(),
            updated_at: subscription.updated_at.to_string(),
        }
    }
}

/// The header that names a subscription's version.
fn etag(subscription: &Subscription) -> [(HeaderName, String); 1] {
    [(header::ETAG, format!("\"{}\"", subscription.revision()))]
}
