//! What the tables hold, row by row.

pub(crate) mod all_tenants;
pub(crate) mod audit;
pub(crate) mod backlog;
pub(crate) mod deliveries;
pub(crate) mod event_types;
pub(crate) mod events;
pub(crate) mod fanouts;
pub(crate) mod groups;
pub(crate) mod history;
pub(crate) mod keys;
pub(crate) mod lanes;
pub(crate) mod log;
pub(crate) mod log_types;
pub(crate) mod moment;
pub(crate) mod notices;
pub(crate) mod profiles;
pub(crate) mod readers;
pub(crate) mod replays;
pub(crate) mod settings;
pub(crate) mod snapshot;
pub(crate) mod subscriptions;
pub(crate) mod tenants;
pub(crate) mod unlisted;
