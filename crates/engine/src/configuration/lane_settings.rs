//! How the lane of a subscription makes exchanges: plain settings, which the lanes in `sending` keep.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use postroad_domain::{EndpointUrl, Hashed, RateLimit, Subscription, SubscriptionSpec, subscription::Push};
use postroad_profile::{DeliveryPolicy, NamedEndpoint};

/// A host and port, in lower case.
pub(crate) type Host = Hashed<Arc<str>>;

/// How a lane makes exchanges: known from its first one on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LaneSettings {
    /// The version of the subscription that says so: an exchange that began before a change does not undo it.
    pub(crate) version: i64,
    /// Exchanges under way at a time.
    pub(crate) concurrency: u32,
    /// How many may begin within a span.
    pub(crate) rate_limit: Option<RateLimit>,
    /// One delivery after the other.
    pub(crate) ordered: bool,
    /// Whether the lane is slowed down while its receiver fails, and begins with few exchanges while nobody knows whether it
    /// answers; else nothing but what stands above delays an attempt that is due.
    pub(crate) breaker: bool,
    /// Where they lead.
    pub(crate) host: Option<Host>,
    /// A hash of all that the subscription says in this version, and of the endpoint that it names, beside its secrets and what only people read. The lane lives as long
    /// as something waits, so it keeps nothing larger.
    pub(crate) spec: Option<u64>,
}

impl LaneSettings {
    /// Those of a subscription in its version of now.
    pub(crate) fn of(
        subscription: &Subscription,
        push: &Push,
        (url, named): (Option<&EndpointUrl>, Option<&NamedEndpoint>),
        policy: &DeliveryPolicy,
    ) -> Self {
        Self {
            version: subscription.version,
            concurrency: push.concurrency,
            rate_limit: push.rate_limit,
            ordered: push.ordered,
            breaker: policy.breaker,
            host: url.and_then(EndpointUrl::host_and_port).map(|host| Host::new(host.into())),
            spec: hash_of(&subscription.spec, named),
        }
    }

    /// Whether nothing changed since `before` but secrets, and words that only people read. Where a version lies in between, nobody
    /// knows what that said.
    pub(crate) fn sends_as(&self, before: &Self) -> bool {
        self.version == before.version + 1 && self.spec.is_some() && self.spec == before.spec
    }
}

impl Default for LaneSettings {
    /// One at a time, until the subscription was looked up for the first exchange.
    fn default() -> Self {
        Self {
            version: 0,
            concurrency: 1,
            rate_limit: None,
            ordered: false,
            breaker: true,
            host: None,
            spec: None,
        }
    }
}

/// The hash of settings as they are stored, without the words that only people read, and of the endpoint of the tenant that they
/// name; `None` where they cannot be.
pub(crate) fn hash_of(spec: &SubscriptionSpec, named: Option<&NamedEndpoint>) -> Option<u64> {
    let sent = SubscriptionSpec { name: None, description: None, ..spec.clone() };
    let mut hasher = DefaultHasher::new();
    hasher.write(&serde_json::to_vec(&sent).ok()?);
    if let Some(named) = named {
        (named.url.as_str(), &named.api_key).hash(&mut hasher);
    }
    Some(hasher.finish())
}
