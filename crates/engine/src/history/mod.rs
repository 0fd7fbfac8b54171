//! Reading what happened, and sending it again.

pub(crate) mod all_tenants;
pub(crate) mod deliveries;
pub(crate) mod events;
pub(crate) mod explain;
pub(crate) mod replays;
