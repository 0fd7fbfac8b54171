//! The handshakes of a profile, as far as they follow from a change of a subscription: which it asks for, and the queue in which
//! they wait to be made (`queue`). They are made by [`crate::sending::handshakes`], and logged as tests of a type of their own
//! (`log`).
//!
//! **Invariant:** what a change asks for is written with the change. So a handshake that must pass is made also after a crash, and
//! nothing is sent before.

pub(crate) mod log;
pub(crate) mod queue;

use std::sync::Arc;

use postroad_domain::{
    Event, EventId, EventType, SealedSecret, Subscription, SubscriptionId, SubscriptionSpec,
    SubscriptionVersion, Timestamp, VerificationState, subscription::InactiveReason, tenant::TenantSpec,
};
use postroad_profile::{NamedEndpoint, Occasion};
use postroad_store::{AskVerification, LaneKey, SubscriptionChange};

use self::queue::Order;
use super::{
    cache::TenantConfig,
    service::ConfigurationService,
    shaping::{Carried, Shaping, ShapingError, TenantAsOf},
};

/// The handshakes that a change asks for.
pub(super) struct Asked {
    /// Whether they must pass.
    pub(super) ask: AskVerification,
    /// Those of these occasions; `None` for all.
    occasions: Option<Vec<Occasion>>,
}

/// What happens to a subscription, as far as handshakes go by it.
#[derive(Default)]
pub(super) struct Happening {
    occasions: Vec<Occasion>,
    /// It is about to send although its handshakes have not passed, or is not verified and changes: then all of them count.
    all: bool,
}

impl Happening {
    /// A new subscription.
    pub(super) fn created() -> Self {
        Self { occasions: vec![Occasion::Created], all: false }
    }

    /// The endpoint of its tenant that a subscription names has another URL.
    pub(super) fn moved(before: &Subscription) -> Self {
        let is_unverified = matches!(before.inactive, Some((InactiveReason::Unverified, _)));
        Self { occasions: vec![Occasion::Url], all: is_unverified }
    }

    /// A change of a subscription; `is_moved` says that it leads elsewhere.
    pub(super) fn changed(before: &Subscription, change: &SubscriptionChange, is_moved: bool) -> Self {
        let (spec, secrets) = becomes(before, change);
        let has_new_secret = !secrets.is_empty() && *secrets != *before.secrets;
        let is_enabled = before.inactive.is_some() && spec.active;
        let happened =
            [(Occasion::Url, is_moved), (Occasion::Secret, has_new_secret), (Occasion::Enabled, is_enabled)];
        let occasions: Vec<_> =
            happened.into_iter().filter(|(_, happened)| *happened).map(|(occasion, _)| occasion).collect();
        let state = before.verification.as_ref().map(|verification| verification.state);
        let has_not_passed = state.is_some_and(|state| state != VerificationState::Passed);
        let is_unverified = matches!(before.inactive, Some((InactiveReason::Unverified, _)));
        let all = !occasions.is_empty() && (is_unverified || (is_enabled && has_not_passed));
        Self { occasions, all }
    }
}

impl ConfigurationService {
    /// The handshakes that a change of a subscription asks for; `None` for none. With it its tenant may get other settings, and one
    /// more endpoint, which the subscription names.
    pub(super) fn handshakes_of_change(
        &self,
        config: &TenantConfig,
        (of_tenant, new): (Option<&TenantSpec>, Option<&NamedEndpoint>),
        before: &Subscription,
        change: &SubscriptionChange,
    ) -> Option<Asked> {
        if config.profile.profile.handshakes().is_empty() {
            return None;
        }
        let (spec, secrets) = becomes(before, change);
        let is_moved = match new {
            Some(new) => config.url_of(&before.spec).as_deref() != Some(&new.url),
            None => config.url_of(&before.spec) != config.url_of(spec),
        };
        let version = SubscriptionVersion { spec: spec.clone(), secrets: secrets.to_vec() };
        let happening = Happening::changed(before, change, is_moved);
        self.handshakes_asked(
            (config, of_tenant.unwrap_or(&config.tenant.spec)),
            (before.id, &version),
            happening,
        )
    }

    /// The handshakes that are made for a subscription of these settings and secrets, and of a tenant of these, when this happens;
    /// `None` for none.
    pub(super) fn handshakes_asked(
        &self,
        (config, of_tenant): (&TenantConfig, &TenantSpec),
        (id, version): (SubscriptionId, &SubscriptionVersion),
        happening: Happening,
    ) -> Option<Asked> {
        let handshakes = config.profile.profile.handshakes();
        let Happening { occasions, all } = happening;
        if handshakes.is_empty() || occasions.is_empty() || version.spec.push().is_none() {
            return None;
        }
        let occasions = (!all).then_some(occasions);
        let due = self.handshakes_due((config, of_tenant), (id, version), occasions.as_deref());
        let must_pass = due.iter().any(|place| handshakes[*place].blocking);
        let ask = if must_pass { AskVerification::First } else { AskVerification::Beside };
        (!due.is_empty()).then_some(Asked { ask, occasions })
    }

    fn handshakes_due(
        &self,
        (config, of_tenant): (&TenantConfig, &TenantSpec),
        (id, version): (SubscriptionId, &SubscriptionVersion),
        occasions: Option<&[Occasion]>,
    ) -> Vec<usize> {
        let profile = &config.profile.profile;
        let tenant = TenantAsOf::open(&config.tenant.id, of_tenant, profile, &self.secrets);
        let at = self.clock.now();
        let event = sample_event(config, &version.spec.events, (self.ids.event(at), at));
        let shaping = tenant.map_err(ShapingError::Secret).and_then(|tenant| {
            Shaping::new(Arc::clone(&config.profile), &tenant, id, version, &self.secrets)
        });
        match (shaping, event) {
            (Ok(shaping), Some(event)) => {
                let input = shaping.input(event.id.delivery(1), Carried::alone(&event));
                profile.handshakes_due(&input, occasions)
            }
            // What cannot be known is made, and says why it fails.
            _ => {
                let named = profile.handshakes().iter().enumerate();
                named.filter(|(_, handshake)| handshake.is_on(occasions)).map(|(place, _)| place).collect()
            }
        }
    }

    /// Has the handshakes of a change made behind its answer.
    pub(super) fn order_handshakes(&self, asked: Option<Asked>, subscription: &Subscription) {
        self.order_handshakes_of(asked, subscription, subscription.version);
    }

    /// The same, for the version that the change makes.
    pub(super) fn order_handshakes_of(
        &self,
        asked: Option<Asked>,
        subscription: &Subscription,
        version: i64,
    ) {
        let Some(Asked { ask, occasions }) = asked else { return };
        let lane = LaneKey { tenant_no: subscription.tenant_no, subscription_no: subscription.no };
        let order = Order { lane, version: Some(version), occasions };
        if !self.handshakes.order(order, ask == AskVerification::First) {
            tracing::warn!(
                subscription = %subscription.id,
                "too many handshakes of its tenant wait, so none is made of this change: verify the subscription later"
            );
        }
    }
}

/// What a subscription is after a change.
fn becomes<'a>(
    before: &'a Subscription,
    change: &'a SubscriptionChange,
) -> (&'a SubscriptionSpec, &'a [SealedSecret]) {
    match change {
        SubscriptionChange::Spec(spec) => (spec, &before.secrets),
        SubscriptionChange::Secrets(secrets) => (&before.spec, secrets),
        SubscriptionChange::Both(spec, secrets) => (spec, secrets),
    }
}

/// The event that the templates of a handshake read: the example of the first type that the subscription selects, as in a test.
/// `None` where there is no type at all.
pub(crate) fn sample_event(
    config: &TenantConfig,
    selected: &[EventType],
    (id, at): (EventId, Timestamp),
) -> Option<Event> {
    let event_type = config.event_types.first_selected(selected)?;
    let example = config.event_types.example(&event_type);
    Some(Event {
        id,
        event_type,
        accepted_at: at,
        occurred_at: None,
        tags: Vec::new(),
        attributes: example.attributes,
        data: example.data,
        deliveries: 1,
        profile: Some(config.profile.no),
        tenant_version: config.tenant.version,
        trace: None,
        test: true,
    })
}
