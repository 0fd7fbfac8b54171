//! What the operator says of a key.

use postroad_domain::Scope;
use postroad_engine::{KeyDraft, RateLimitDraft};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    check::{BoundedVec, Faults, body, read_body},
    v1::rate_limit::RateLimitSettings,
};

body! {
    /// A key to make.
    #[derive(ToSchema)]
    #[schema(as = NewKey)]
    pub(super) struct NewKeyBody {
        /// A name that people see.
        name: String,
        /// What it allows, at least one of `events:write`, `subscriptions:read`, `subscriptions:write`, `deliveries:read`,
        /// `deliveries:retry`, `pull` (which opens nothing yet: pulling is not built).
        #[schema(min_items = 1, value_type = Vec<String>, example = json!(["events:write"]))]
        scopes: BoundedVec<String, { Scope::ALL.len() }>,
        /// `api` (the default), or `leadsquared` for an access key and a secret key, which the compatible API of LeadSquared takes
        /// and no call of this one; only where the tenant's profile has that API. Such a pair calls at most 25 times in 5 s.
        kind: Option<String>,
        /// Until when it is valid; by default until it is revoked.
        #[schema(format = DateTime)]
        expires_at: Option<String>,
        /// How often it may call; by default as often as the server answers. `count` may be up to 1000000 here.
        rate_limit: Option<RateLimitSettings>,
    }
}

/// Reads a body.
pub(super) fn read(body: Value) -> KeyDraft {
    let faults = Faults::default();
    let new: NewKeyBody = read_body(body, &faults);
    KeyDraft {
        name: new.name,
        kind: new.kind,
        scopes: new.scopes.into_inner(),
        rate_limit: new.rate_limit.map(RateLimitDraft::from),
        expires_at: new.expires_at,
        unreadable: faults.into_problems(),
    }
}
