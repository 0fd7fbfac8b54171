//! How the lane of a subscription makes exchanges: plain settings, which the lanes in `sending` keep.

use std::sync::Arc;

use postroad_domain::{Hashed, RateLimit, subscription::Push};

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
    /// Where they lead.
    pub(crate) host: Option<Host>,
}

impl LaneSettings {
    /// Those of a subscription in this version.
    pub(crate) fn of(version: i64, push: &Push) -> Self {
        Self {
            version,
            concurrency: push.concurrency,
            rate_limit: push.rate_limit,
            ordered: push.ordered,
            host: push.url.host_and_port().map(|host| Host::new(host.into())),
        }
    }
}

impl Default for LaneSettings {
    /// One at a time, until the subscription was looked up for the first exchange.
    fn default() -> Self {
        Self { version: 0, concurrency: 1, rate_limit: None, ordered: false, host: None }
    }
}
