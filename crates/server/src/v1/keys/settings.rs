//! What the operator says of a key: the fields, and how they are checked.

use postroad_domain::{
    CredentialKind, Invalid, KeySpec, Scope,
    limits::{KEY_RATE_LIMIT_COUNT, NAME_CHARS_MAX},
};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    check::{Faults, Object, Shape},
    problem::Problem,
    query::parse_time,
    v1::rate_limit::{self, RateLimitSettings},
};

const SHAPE: Shape = Shape::of(&["name", "scopes", "kind", "expires_at", "rate_limit"]);

/// A key to make.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the OpenAPI document only; `read` reads the values")]
#[schema(as = NewKey)]
pub(super) struct NewKeyBody {
    /// A name that people see.
    #[schema(max_length = 255)]
    name: String,
    /// What it allows, at least one of `events:write`, `subscriptions:read`, `subscriptions:write`, `deliveries:read`,
    /// `deliveries:retry`, `pull` (which opens nothing yet: pulling is not built).
    #[schema(min_items = 1, example = json!(["events:write"]))]
    scopes: Vec<String>,
    /// `api` (the default), or `leadsquared` for an access key and a secret key, which no call of this version takes.
    kind: Option<String>,
    /// Until when it is valid; by default until it is revoked.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// How often it may call; by default as often as the server answers. `count` may be up to 1000000 here.
    #[schema(value_type = Option<RateLimitSettings>)]
    rate_limit: Option<RateLimitSettings>,
}

/// Checks a body. That it has not expired already is for the engine to check, which knows the time.
pub(super) fn read(body: Value) -> Result<KeySpec, Problem> {
    let faults = Faults::default();
    let spec = Object::root(body, &SHAPE, &faults).and_then(read_fields);
    faults.finish(spec)
}

fn read_fields(mut body: Object<'_>) -> Option<KeySpec> {
    let name = body.required("name").and_then(|field| field.text_within(1, NAME_CHARS_MAX));
    let scopes = body.required("scopes").and_then(|field| {
        if field.is_empty_list() {
            return field.refuse("must name at least one scope: a key without any could do nothing");
        }
        field.list(Scope::ALL.len(), |scope| scope.parsed(Scope::parse))
    });
    let kind = body.field("kind").map(|field| field.parsed(parse_kind));
    let expires_at = body.field("expires_at").and_then(|field| field.parsed(parse_time));
    let rate_limit = body.field("rate_limit").and_then(|field| rate_limit::read(field, KEY_RATE_LIMIT_COUNT));
    Some(KeySpec {
        name: name?,
        kind: kind.unwrap_or(Some(CredentialKind::Api))?,
        scopes: scopes?.into_iter().collect(),
        rate_limit,
        expires_at,
    })
}

fn parse_kind(text: &str) -> Result<CredentialKind, Invalid> {
    let known = CredentialKind::ALL.into_iter().find(|kind| kind.as_str() == text);
    known.ok_or_else(|| {
        Invalid::new(format!("must be one of {}", CredentialKind::ALL.map(CredentialKind::as_str).join(", ")))
    })
}
