//! The typed client of Postroad's API: what it is for, how it is used, how it is built.
//!
#![doc = include_str!("../README.md")]
//!
//! # How it is built
//!
//! ```text
//! Client ─▶ tenant("acme") ─▶ publish / subscriptions / deliveries …   (api: one method for each call)
//!                                       │
//!                             transport: one deadline, safe repeats ─▶ pool of connections ─▶ TLS
//! ```
//!
//! **Invariant:** nothing is sent a second time that could have an effect a second time. **Invariant:** what a newer server
//! adds (fields, words, statuses) breaks nothing here: unknown fields are skipped, unknown words are `Other`.
//!
//! Lacking on purpose: redirects (the server makes none, and a key must not follow one), decompression, cookies, proxies
//! from the environment, and a type for moments: times are RFC 3339 texts, so that no library of times is forced upon the
//! product that embeds this one.

mod api;
mod builder;
mod error;
mod filters;
mod model;
mod page;
mod path;
mod retries;
mod timer;
mod transport;
mod words;

pub use self::{
    api::{
        Client, Deliveries, EventTypes, Events, Inspector, Keys, Operator, Profiles, Replays, Subscriptions,
        TenantHandle, Tenants,
    },
    builder::{BuildError, ClientBuilder},
    error::{Error, FieldError, Problem},
    filters::{AuditFilter, DeliveryFilter, EventFilter, SubscriptionFilter},
    model::*,
    page::{Items, Listing, Page, Pages},
    retries::Retries,
    timer::{Pause, Timer},
};
