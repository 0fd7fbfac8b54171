//! What a delivery's request is shaped from, as it was when the delivery was created: profile, options, secrets.
//!
//! **Invariant:** the same delivery gives the same bytes in each attempt and in the log, whatever changed since: event,
//! profile, tenant and subscription are taken in the versions that the delivery names. What is read anew at each attempt
//! (URL, method, headers, authorization, and the secrets of a profile that signs each attempt) comes from
//! [`crate::configuration::endpoint`].

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use postroad_domain::{
    DeliveryId, EndpointUrl, Event, EventType, ProfileNo, SubscriptionId, SubscriptionNo,
    SubscriptionVersion, Target, TenantId, TenantNo, Timestamp, limits::EARLIER_CACHED_BYTES_MAX,
    subscription::Push, tenant::TenantSpec,
};
use postroad_profile::{
    DeliveryFacts, FieldProblem, GroupPolicy, NamedEndpoint, OptionValues, Profile, RenderError, RenderInput,
    SecretKey, Shaped, SubscriptionFacts, TenantFacts,
};
use postroad_store::{GroupKey, Store, StoreError};
use quick_cache::{Weighter, sync::Cache};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::{
    configuration::options::options_of,
    configuration::profiles::{LoadedProfile, ProfileError, Profiles},
    configuration::sealed_settings::{open_subscription, open_tenant},
    configuration::secret_box::{SecretBox, SecretError},
    configuration::stored_bytes::stored_bytes,
};

/// Earlier versions that are expected to be kept ready: those that deliveries of a moment ago still name.
const EARLIER_CACHED_MAX: usize = 1_000;
/// What one takes beside its settings.
const SHAPING_OVERHEAD_BYTES: usize = 2_048;

/// Why no request can be made.
#[derive(Debug, Error)]
pub(crate) enum ShapingError {
    /// A secret, or a setting that is one, does not open or has not the form that the profile wants.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The profile was edited since, and the options do not fit it any more.
    #[error("{field} {message}")]
    Option {
        /// Which.
        field: String,
        /// What is wrong with it.
        message: String,
    },
    /// The profile that the delivery names cannot be used any more.
    #[error("{0}")]
    Profile(String),
    /// The version that the delivery names is one of a pull subscription, which is sent nothing.
    #[error("the subscription is pulled, not pushed")]
    Pulled,
    /// The version that the delivery names is not there.
    #[error("the {0} that it was created with is gone")]
    Gone(&'static str),
    /// The store failed: trying again later is right.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A tenant in one of its versions, open: what all of its subscriptions are shaped with.
pub(crate) struct TenantAsOf {
    pub(crate) id: TenantId,
    pub(crate) name: Option<String>,
    pub(crate) options: Map<String, Value>,
    /// Those that its options hold.
    pub(crate) endpoints: Vec<Arc<NamedEndpoint>>,
}

impl TenantAsOf {
    /// Opens what is secret of its settings.
    pub(crate) fn open(
        id: &TenantId,
        spec: &TenantSpec,
        profile: &Profile,
        secrets: &SecretBox,
    ) -> Result<Self, SecretError> {
        let mut spec = spec.clone();
        open_tenant(&mut spec, id, secrets)?;
        let options = options_of(&spec.options);
        let endpoints = profile.endpoints_of(&options);
        Ok(Self { id: id.clone(), name: spec.name, options, endpoints })
    }
}

/// The events of a delivery, in the order in which they are sent.
#[derive(Clone, Copy)]
pub(crate) struct Carried<'a> {
    /// The first.
    pub(crate) event: &'a Event,
    /// The others.
    pub(crate) more: &'a [Event],
    /// When the delivery was created: with the event that was accepted first.
    pub(crate) created_at: Timestamp,
}

impl<'a> Carried<'a> {
    /// One event.
    pub(crate) fn alone(event: &'a Event) -> Self {
        Self { event, more: &[], created_at: event.accepted_at }
    }

    /// Those that the store has of a delivery, brought into their order: when they happened, then as they were accepted. `None`
    /// when there are none any more.
    pub(crate) fn ordered(events: &'a mut [Event]) -> Option<Self> {
        let created_at = events.first()?.accepted_at;
        events.sort_by_key(Event::moment);
        events.split_first().map(|(event, more)| Self { event, more, created_at })
    }
}

/// What is fixed when a delivery is created.
pub(crate) struct Shaping {
    pub(crate) profile: Arc<LoadedProfile>,
    tenant: TenantId,
    tenant_name: Option<String>,
    subscription: SubscriptionId,
    subscription_name: Option<String>,
    push: Push,
    /// The endpoint of the tenant that it named; `None` where it has a URL of its own, or the tenant did not have that yet.
    endpoint: Option<Arc<NamedEndpoint>>,
    /// Some events may be sent together.
    may_group: bool,
    options: OptionValues,
    /// The current secret's key first; each older one stops signing no later than the one before it.
    keys: Vec<SecretKey>,
    ends: Vec<Option<Timestamp>>,
}

impl Shaping {
    pub(crate) fn new(
        profile: Arc<LoadedProfile>,
        tenant: &TenantAsOf,
        id: SubscriptionId,
        version: &SubscriptionVersion,
        secrets: &SecretBox,
    ) -> Result<Self, ShapingError> {
        let mut spec = version.spec.clone();
        open_subscription(&mut spec, id, secrets)?;
        let own = options_of(&spec.options);
        let checked = profile.profile.check_options(&tenant.options, &own);
        let options = checked.map_err(first_problem)?;
        let scheme = profile.profile.scheme_of(&own);
        let mut keys = Vec::with_capacity(version.secrets.len());
        for secret in &version.secrets {
            let text = secrets.open(&secret.sealed, id.as_bytes())?;
            let text = std::str::from_utf8(&text).map_err(|_| SecretError::DoesNotOpen)?;
            let key = profile.profile.secret_key(text, scheme).map_err(|_| SecretError::DoesNotOpen)?;
            keys.push(key);
        }
        let Target::Push(push) = spec.target else { return Err(ShapingError::Pulled) };
        Ok(Self {
            tenant: tenant.id.clone(),
            tenant_name: tenant.name.clone(),
            subscription: id,
            subscription_name: spec.name,
            may_group: push.group.is_some() || profile.profile.group.is_some(),
            endpoint: profile.profile.endpoint_named(&own, &tenant.endpoints),
            push,
            options,
            keys,
            ends: version.secrets.iter().map(|secret| secret.expires_at).collect(),
            profile,
        })
    }

    /// The body, and the signature of a profile that signs once.
    pub(crate) fn shape(&self, id: DeliveryId, carried: Carried<'_>) -> Result<Shaped, RenderError> {
        self.profile.profile.shape(&self.input(id, carried))
    }

    /// How events of this type are sent together; `None` for each alone.
    pub(crate) fn grouping(&self, event_type: &EventType) -> Option<GroupPolicy> {
        self.profile.profile.grouping(self.push.group.as_ref(), event_type, &self.options)
    }

    /// Whether its deliveries wait behind their events.
    pub(crate) fn delays(&self) -> bool {
        !self.push.delay.is_zero()
    }

    /// Whether events of any type are sent together.
    pub(crate) fn groups_any(&self) -> bool {
        self.may_group
    }

    /// Whether a delivery of this event may carry others too.
    pub(crate) fn groups(&self, event: &Event) -> bool {
        self.may_group && self.grouping(&event.event_type).is_some()
    }

    /// What the events have in common that are sent together.
    pub(crate) fn group_key(&self, id: DeliveryId, event: &Event) -> Result<GroupKey, RenderError> {
        let text = self.profile.profile.group_key(&self.input(id, Carried::alone(event)))?;
        let mut key = [0; 16];
        key.copy_from_slice(&digest(&SHA256, text.as_bytes()).as_ref()[..16]);
        Ok(GroupKey(key))
    }

    /// The facts of the moment when the delivery was created.
    pub(crate) fn input<'a>(&'a self, id: DeliveryId, carried: Carried<'a>) -> RenderInput<'a> {
        let push = &self.push;
        let Carried { event, more, created_at } = carried;
        RenderInput {
            event,
            more_events: more,
            grouped: self.groups(event),
            delivery: DeliveryFacts { id, created_at },
            subscription: SubscriptionFacts {
                id: self.subscription,
                name: self.subscription_name.as_deref(),
                url: self.url(),
                endpoint: self.endpoint.as_deref(),
                method: push.method.as_deref(),
                content_type: push.content_type.as_deref(),
                headers: &push.headers,
                authorization: push.authorization.as_deref(),
            },
            tenant: TenantFacts { id: self.tenant.as_str(), name: self.tenant_name.as_deref() },
            options: &self.options,
            secrets: self.keys_at(created_at),
        }
    }

    /// Where the subscription led then.
    fn url(&self) -> &str {
        let own = self.push.url.as_ref();
        own.or(self.endpoint.as_ref().map(|endpoint| &endpoint.url)).map_or("", EndpointUrl::as_str)
    }

    /// The keys that sign at a moment, the current one first.
    pub(crate) fn keys_at(&self, at: Timestamp) -> &[SecretKey] {
        let signing = self.ends.iter().take_while(|end| end.is_none_or(|end| at < end)).count();
        &self.keys[..signing]
    }
}

/// Which versions a delivery is shaped from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ShapingKey {
    pub(crate) tenant_no: TenantNo,
    pub(crate) tenant_version: i64,
    pub(crate) profile: ProfileNo,
    pub(crate) subscription_no: SubscriptionNo,
    pub(crate) subscription_version: i64,
}

/// Shapings of earlier versions, read from the store.
pub(crate) struct EarlierShapings {
    store: Arc<dyn Store>,
    profiles: Arc<Profiles>,
    secrets: Arc<SecretBox>,
    cached: Cache<ShapingKey, Arc<Shaping>, BySettings>,
}

impl EarlierShapings {
    pub(crate) fn new(store: Arc<dyn Store>, profiles: Arc<Profiles>, secrets: Arc<SecretBox>) -> Self {
        Self { store, profiles, secrets, cached: cached() }
    }

    /// The shaping of the versions that `key` names.
    pub(crate) async fn of(
        &self,
        key: ShapingKey,
        tenant: &TenantId,
        subscription: SubscriptionId,
    ) -> Result<Arc<Shaping>, ShapingError> {
        if let Some(shaping) = self.cached.get(&key) {
            return Ok(shaping);
        }
        let profile = self.profiles.by_no(key.profile).await.map_err(|error| match error {
            ProfileError::Store(error) => ShapingError::Store(error),
            error @ ProfileError::Unusable(_) => ShapingError::Profile(error.to_string()),
        })?;
        let spec = self.store.tenant_version(key.tenant_no, key.tenant_version).await?;
        let spec = spec.ok_or(ShapingError::Gone("version of the tenant"))?;
        let (no, version) = (key.subscription_no, key.subscription_version);
        let version = self.store.subscription_version(key.tenant_no, no, version).await?;
        let version = version.ok_or(ShapingError::Gone("version of the subscription"))?;
        let tenant = TenantAsOf::open(tenant, &spec, &profile.profile, &self.secrets)?;
        let shaping = Arc::new(Shaping::new(profile, &tenant, subscription, &version, &self.secrets)?);
        self.cached.insert(key, Arc::clone(&shaping));
        Ok(shaping)
    }
}

/// Earlier versions weigh what they take in memory, about.
#[derive(Clone)]
struct BySettings;

impl Weighter<ShapingKey, Arc<Shaping>> for BySettings {
    fn weight(&self, _: &ShapingKey, shaping: &Arc<Shaping>) -> u64 {
        (stored_bytes(&shaping.push) + SHAPING_OVERHEAD_BYTES) as u64
    }
}

fn cached() -> Cache<ShapingKey, Arc<Shaping>, BySettings> {
    Cache::with_weighter(EARLIER_CACHED_MAX, EARLIER_CACHED_BYTES_MAX as u64, BySettings)
}

fn first_problem(problems: Vec<FieldProblem>) -> ShapingError {
    let first = problems.into_iter().next();
    first.map_or(ShapingError::Gone("set of options"), |FieldProblem { field, message }| {
        ShapingError::Option { field, message }
    })
}
