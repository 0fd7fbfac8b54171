//! What the API promises, called in process: happy paths, and for each endpoint a table of what it refuses.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod app;
mod batch;
mod deliveries;
mod events;
mod lists;
mod openapi;
mod operation;
mod refusal;
mod secrets;
mod serving;
mod subscription_refusals;
mod subscription_updates;
mod subscriptions;
mod tenants;
mod trouble;
