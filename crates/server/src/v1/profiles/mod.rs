//! Profiles: the wire formats that tenants' receivers expect.

mod event_type;
mod get;
mod list;
mod policy;

use std::collections::BTreeMap;

use postroad_domain::CompatibleApi;
use postroad_engine::LoadedProfile;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::{event_type::EventTypeJson, policy::PolicyJson};
use crate::{problem::Problem, state::ServerState};

/// The routes of this folder.
pub(crate) fn routes() -> OpenApiRouter<ServerState> {
    OpenApiRouter::new().routes(routes!(list::list_profiles)).routes(routes!(get::get_profile))
}

/// The wire contract of one product.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Profile)]
pub(crate) struct ProfileJson {
    /// What a tenant names.
    name: String,
    /// The name people see.
    title: String,
    /// What it is.
    description: String,
    /// SHA-256 over its files, in hexadecimal: the same digest makes the same requests.
    digest: String,
    /// The catalogue.
    event_types: Vec<EventTypeJson>,
    /// Whether types outside the catalogue are accepted.
    open_events: bool,
    /// What a subscription gets that sets nothing of its own.
    policy: PolicyJson,
    /// What tenants, subscriptions and events may or must set: JSON Schemas of `tenant` options, `subscription` options
    /// and `attributes`; the rules of the standard `fields` and of the `secret`; the `methods` and `content_types`.
    #[schema(value_type = Object)]
    option_schema: Value,
    /// The product's own words for the states of a delivery, where it has them.
    words: BTreeMap<&'static str, String>,
    /// The product's own words for things on pages, where it has them.
    labels: BTreeMap<&'static str, String>,
    /// The product's own API that is served to tenants of this profile: `leadsquared`; null for none.
    compat: Option<&'static str>,
}

impl ProfileJson {
    /// Errors: when an example is not the JSON that it was when the profile was loaded.
    fn of(loaded: &LoadedProfile) -> Result<Self, Problem> {
        let profile = &loaded.profile;
        let event_types = profile.catalogue.entries().iter().map(EventTypeJson::of);
        Ok(Self {
            name: profile.name.clone(),
            title: profile.title.clone(),
            description: profile.description.clone(),
            digest: profile.digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            event_types: event_types.collect::<Result<_, _>>()?,
            open_events: profile.catalogue.is_open(),
            policy: PolicyJson::of(profile),
            option_schema: profile.option_schema(),
            words: profile.words.states.clone(),
            labels: profile.words.labels.clone(),
            compat: profile.compat.map(CompatibleApi::as_str),
        })
    }
}
