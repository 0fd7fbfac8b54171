//! What operators and customers set: tenants, subscriptions, event types, profiles, keys, secrets; and the cache that
//! routing and sending read it from.
//!
//! [`service`] holds what the operations share; `tenants`, `subscriptions`, `event_types` and `keys` add them. The cache is read
//! by every wing above, and emptied by the store's feed of changes alone.

pub(crate) mod admin_key;
pub(crate) mod arriving;
pub(crate) mod cache;
pub(crate) mod credential;
pub(crate) mod draft;
pub(crate) mod endpoint;
pub(crate) mod event_check;
pub(crate) mod event_schema;
pub(crate) mod event_types;
pub(crate) mod handshakes;
pub(crate) mod keys;
pub(crate) mod lane_settings;
mod locks;
pub(crate) mod lookup_error;
mod named_endpoints;
pub(crate) mod options;
pub(crate) mod profiles;
pub(crate) mod retention;
pub(crate) mod sealed_settings;
pub(crate) mod secret_box;
pub(crate) mod service;
pub(crate) mod shaping;
pub(crate) mod stored_bytes;
pub(crate) mod subscriptions;
pub(crate) mod tenants;
pub(crate) mod unknown_type;
