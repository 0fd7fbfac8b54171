//! Reading what happened, and sending it again.
//!
//! This wing alone looks into another one beside it: `sending` says which deliveries are under way and what holds a lane
//! back, and hears which deliveries are sent again or called off.

pub(crate) mod all_tenants;
pub(crate) mod audit;
pub(crate) mod deliveries;
pub(crate) mod events;
pub(crate) mod explain;
pub(crate) mod replays;
pub(crate) mod service;
