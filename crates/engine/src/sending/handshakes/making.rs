//! Making the handshakes of a subscription together, and writing what they came to.

use std::sync::Arc;

use postroad_domain::{AuditAction, Subscription, Timestamp, Verification, VerificationState};
use postroad_profile::{Handshake, Occasion};
use postroad_store::{LaneKey, NewAudit, RecordVerification, Store, StoreError};

use crate::{
    audit::{AuditedChange, origin::Origin},
    commit::commit_clock::CommitClock,
    configuration::{
        cache::{ConfigCache, TenantConfig},
        endpoint::Endpoint,
        handshakes::{log::detail, sample_event},
    },
    ids::IdSource,
    sending::dispatch::Dispatcher,
    telemetry::{health::Health, metrics::Metrics},
};

/// How often a subscription is looked at again because it changed in between.
const LOOKS_MAX: usize = 20;

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

/// The handshakes of a subscription that are made together.
pub(super) struct Round<'a> {
    pub(super) config: &'a TenantConfig,
    pub(super) endpoint: &'a Endpoint,
    /// Which of the profile's, by their places.
    pub(super) due: Vec<usize>,
    /// They are all that apply to it.
    pub(super) all: bool,
    /// The version in the subscription's verification before.
    pub(super) expected: Option<i64>,
    /// Who asks for them; `None` where a change did.
    pub(super) by: Option<&'a Origin>,
}

/// What one handshake came to.
pub(super) struct Outcome<'a> {
    pub(super) handshake: &'a Handshake,
    pub(super) result: Result<(), String>,
    /// Whether the subscription was there when it was written.
    pub(super) is_logged: bool,
}

impl Handshakes {
    /// The tenant of a subscription and what the store knows of that, both of one version: what is asked of a receiver is never
    /// taken for the answer of the one that was set meanwhile.
    pub(super) async fn look_up(
        &self,
        lane: LaneKey,
    ) -> Result<Option<(Arc<TenantConfig>, Subscription)>, StoreError> {
        for _ in 0..LOOKS_MAX {
            let Some(config) = self.configs.by_no(lane.tenant_no).await? else { return Ok(None) };
            let Some(endpoint) = config.endpoint(lane.subscription_no) else { return Ok(None) };
            let (id, version) = (endpoint.subscription.id, endpoint.subscription.version);
            let Some(stored) = self.store.subscription(lane.tenant_no, id).await? else { return Ok(None) };
            if stored.version == version {
                return Ok(Some((config, stored)));
            }
        }
        Err(StoreError::Unavailable("the subscription keeps changing".to_owned()))
    }

    /// Those that are made on one of the occasions, or all; also those of which that cannot be said now, which then fail and say why.
    pub(super) fn due(
        &self,
        config: &TenantConfig,
        endpoint: &Endpoint,
        occasions: Option<&[Occasion]>,
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
    pub(super) async fn make(&self, round: Round<'_>) -> Result<bool, StoreError> {
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
