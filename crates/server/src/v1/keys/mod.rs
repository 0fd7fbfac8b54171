//! Keys of a tenant: made, listed and revoked by the operator.

mod create;
mod list;
mod revoke;
mod settings;

use postroad_domain::{ApiKey, Scope};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{state::ServerState, v1::rate_limit::RateLimitSettings};

/// The routes of this folder.
pub(crate) fn routes() -> OpenApiRouter<ServerState> {
    OpenApiRouter::new()
        .routes(routes!(create::create_key, list::list_keys))
        .routes(routes!(revoke::revoke_key))
}

/// A key of a tenant, without the key itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Key)]
pub(crate) struct KeyJson {
    /// Its id.
    id: String,
    /// A name that people see.
    name: String,
    /// `api`, or `leadsquared` for a pair of keys, which the compatible API of LeadSquared takes and no call of this one.
    kind: &'static str,
    /// What it allows.
    scopes: Vec<&'static str>,
    /// How often it may call; null for as often as the server answers.
    rate_limit: Option<RateLimitSettings>,
    /// Until when it is valid; null until it is revoked.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last used, give or take some minutes.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
}

impl KeyJson {
    fn of(key: &ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.spec.name.clone(),
            kind: key.spec.kind.as_str(),
            scopes: key.spec.scopes.iter().copied().map(Scope::as_str).collect(),
            rate_limit: key.spec.rate_limit.map(RateLimitSettings::of),
            expires_at: key.spec.expires_at.map(|moment| moment.to_string()),
            created_at: key.created_at.to_string(),
            last_used_at: key.last_used_at.map(|moment| moment.to_string()),
        }
    }
}
