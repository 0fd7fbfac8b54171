//! The calls, one method each, sorted as the paths are.

mod caller;
mod client;
mod deliveries;
mod event_types;
mod events;
mod inspector;
mod keys;
mod node;
mod operator;
mod profiles;
mod replays;
mod subscriptions;
mod tenant;
mod tenants;

pub(crate) use self::caller::Caller;
pub use self::{
    client::Client, deliveries::Deliveries, event_types::EventTypes, events::Events, inspector::Inspector,
    keys::Keys, operator::Operator, profiles::Profiles, replays::Replays, subscriptions::Subscriptions,
    tenant::TenantHandle, tenants::Tenants,
};
