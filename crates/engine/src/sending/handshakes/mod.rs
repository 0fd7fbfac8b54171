//! Handshakes: exchanges by which a profile tries a receiver (`docs/profiles.md`). Which a change asks for is in
//! [`crate::configuration::handshakes`]; here they are made, behind the change's answer (`background`) or since somebody asks for it.
//!
//! Each is one exchange of at most one request that a receiver can act on, and is logged as a test. What all of them came to is the
//! subscription's verification.
//!
//! **Invariant:** a subscription that is unverified becomes active only when every handshake that must pass, and that was made
//! together, has passed. One that sends goes on sending whatever a handshake says: somebody who tries it again must not stop it.

mod background;
mod exchange;

use std::sync::Arc;

use postroad_domain::{
    AuditAction, Subscription, SubscriptionId, TenantId, Timestamp, Verification, VerificationState,
};
use postroad_profile::Handshake;
use postroad_store::{LaneKey, NewAudit, RecordVerification, Store, StoreError};
use thiserror::Error;

use super::{dispatch::Dispatcher, service::SendingService};
use crate::{
    audit::{AuditedChange, origin::Origin},
    commit::commit_clock::CommitClock,
    configuration::{
        cache::{ConfigCache, TenantConfig},
        endpoint::{Endpoint, RequestError},
        handshakes::{log::detail, sample_event},
    },
    ids::IdSource,
    telemetry::{health::Health, metrics::Metrics},
};

/// Makes handshakes.
pub(crate) struct Handshakes {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) dispatcher: Arc<Dispatcher>,
    pub(crate) configs: Arc<ConfigCache>,
    pub(crate) commit_clock: Arc<CommitClock>,
    pub(crate) ids: Arc<IdSource>,
    pub(crate) health: Arc<Health>,
    pub(crate) metrics: Arc<Metrics>,
}

/// Failures of [`SendingService::verify_subscription`].
#[derive(Clone, Debug, Error)]
pub enum VerifyError {
    /// There is no such tenant or subscription.
    #[error("there is no such subscription")]
    NotFound,
    /// The profile has no handshakes, or none that applies to the subscription.
    #[error("there is no handshake to make")]
    NoHandshakes,
    /// As many tests and handshakes of the tenant are under way as may.
    #[error("too many tests are under way")]
    TooMany,
    /// Nothing is sent now: the node stops, or its store takes no writes.
    #[error("nothing can be sent now")]
    NotReady,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The handshakes of a subscription that are made together.
struct Round<'a> {
    config: &'a TenantConfig,
    endpoint: &'a Endpoint,
    /// Which of the profile's, by their places.
    due: Vec<usize>,
    /// They are all that apply to it.
    all: bool,
    /// The version in the subscription's verification before.
    expected: Option<i64>,
    /// Who asks for them; `None` where a change did.
    by: Option<&'a Origin>,
}

/// What one handshake came to.
struct Outcome<'a> {
    handshake: &'a Handshake,
    result: Result<(), String>,
    /// Whether the subscription was there when it was written.
    is_logged: bool,
}

impl SendingService {
    /// Makes all handshakes that apply to the subscription now, waits for what they come to, and answers the subscription. One that
    /// is unverified becomes active when those that must pass have passed.
    pub async fn verify_subscription(
        &self,
        by: &Origin,
        tenant: &TenantId,
        id: SubscriptionId,
    ) -> Result<Subscription, VerifyError> {
        let config = self.configs.by_id(tenant).await?.ok_or(VerifyError::NotFound)?;
        let endpoint = config.endpoint_by_id(id).ok_or(VerifyError::NotFound)?;
        let tenant_no = config.tenant.no;
        let before = self.store.subscription(tenant_no, id).await?.ok_or(VerifyError::NotFound)?;
        let due = self.handshakes.due(&config, endpoint, None);
        if due.is_empty() {
            return Err(VerifyError::NoHandshakes);
        }
        if !self.health.may_send() {
            return Err(VerifyError::NotReady);
        }
        let _share = self.tests.take(tenant, 0).ok_or(VerifyError::TooMany)?;
        let expected = before.verification.map(|verification| verification.version);
        let round = Round { config: &config, endpoint, due, all: true, expected, by: Some(by) };
        if !self.handshakes.make(round).await? {
            return Err(VerifyError::NotFound);
        }
        let after = self.store.subscription(tenant_no, id).await?.ok_or(VerifyError::NotFound)?;
        Ok(self.configs.opened(after))
    }
}

impl Handshakes {
    /// Those that are made on one of the occasions, or all; also those of which that cannot be said now, which then fail and say why.
    fn due(
        &self,
        config: &TenantConfig,
        endpoint: &Endpoint,
        occasions: Option<&[postroad_profile::Occasion]>,
    ) -> Vec<usize> {
        let at = self.commit_clock.now();
        let event = sample_event(config, &endpoint.subscription.spec.events, (self.ids.event(at), at));
        let found = event.and_then(|event| endpoint.handshakes_due(&event, occasions).ok());
        found.unwrap_or_else(|| {
            let named = config.profile.profile.handshakes().iter().enumerate();
            named.filter(|(_, handshake)| handshake.is_on(occasions)).map(|(place, _)| place).collect()
        })
    }

    /// Makes them one after the other, and writes what they came to; answers whether the subscription was there to the end.
    async fn make(&self, round: Round<'_>) -> Result<bool, StoreError> {
        let handshakes = round.config.profile.profile.handshakes();
        let mut outcomes = Vec::with_capacity(round.due.len());
        for place in &round.due {
            let Some(handshake) = handshakes.get(*place) else { continue };
            // One entry for all of them.
            let audit = round.by.filter(|_| outcomes.is_empty()).map(|by| self.audit(&round, by));
            let outcome = self.make_one(&round, (*place + 1, handshake), audit).await?;
            if !outcome.is_logged {
                return Ok(false);
            }
            outcomes.push(outcome);
        }
        self.record(&round, &outcomes).await?;
        Ok(true)
    }

    /// Where something else asked for handshakes meanwhile, what these came to is in the log and nowhere else.
    async fn record(&self, round: &Round<'_>, outcomes: &[Outcome<'_>]) -> Result<(), StoreError> {
        let subscription = &round.endpoint.subscription;
        let at = self.commit_clock.now();
        let must_pass = || outcomes.iter().filter(|outcome| outcome.handshake.blocking);
        let activates =
            must_pass().all(|outcome| outcome.result.is_ok()) && (round.all || must_pass().count() > 0);
        let version = round.expected.unwrap_or(subscription.version);
        let record = RecordVerification {
            tenant_no: subscription.tenant_no,
            subscription_no: subscription.no,
            expected: round.expected,
            verification: verification(outcomes, version, at),
            activates,
            at,
            // Of whoever asked for them the audit knows by now.
            audit: round.by.is_none().then(|| self.audit(round, &Origin::SYSTEM)),
        };
        let (passed, is_written) = (record.verification.state, self.store.record_verification(record).await?);
        if is_written && passed == VerificationState::Failed {
            tracing::info!(
                tenant = %round.endpoint.tenant,
                subscription = %subscription.id,
                "a receiver did not answer a handshake as its profile expects it"
            );
        }
        Ok(())
    }

    fn audit(&self, round: &Round<'_>, by: &Origin) -> NewAudit {
        AuditedChange::of(AuditAction::SubscriptionVerified, round.endpoint.subscription.id)
            .entry(by, &self.ids)
    }
}

fn verification(outcomes: &[Outcome<'_>], version: i64, at: Timestamp) -> Verification {
    let failed = outcomes.iter().filter_map(|outcome| {
        let why = outcome.result.as_ref().err()?;
        Some(format!("{}: {why}", outcome.handshake.method))
    });
    let failed: Vec<_> = failed.collect();
    let state = if failed.is_empty() { VerificationState::Passed } else { VerificationState::Failed };
    let detail = (!failed.is_empty()).then(|| detail(&failed.join("; ")));
    Verification { version, state, at, detail }
}

/// Why no request can be made, in words.
fn words_of(error: &RequestError) -> String {
    format!("no request can be made: {error}")
}

/// The lane of an endpoint.
fn lane_of(endpoint: &Endpoint) -> LaneKey {
    let subscription = &endpoint.subscription;
    LaneKey { tenant_no: subscription.tenant_no, subscription_no: subscription.no }
}
