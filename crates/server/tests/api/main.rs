//! What the API promises, called in process: happy paths, and for each endpoint a table of what it refuses.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod all_tenants;
mod app;
mod audit;
mod batch;
mod bodies;
mod coming;
mod deliveries;
mod endpoints;
mod event_types;
mod events;
mod explaining;
mod failing;
mod inspector;
mod inspector_limits;
mod keys;
mod larger_events;
mod leadsquared;
mod lists;
mod openapi;
mod openapi_details;
mod operation;
mod own_profiles;
mod preconditions;
mod previews;
mod profile_fields;
mod profiles;
mod publish_refusals;
mod refusal;
mod replays;
mod scopes;
mod secret_options;
mod secrets;
mod serving;
mod subscription_refusals;
mod subscription_updates;
mod subscriptions;
mod tenants;
mod test_events;
mod tls_settings;
mod trouble;
mod verification;
