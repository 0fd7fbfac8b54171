//! What the API promises, called in process: happy paths, and for each endpoint a table of what it refuses.

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
