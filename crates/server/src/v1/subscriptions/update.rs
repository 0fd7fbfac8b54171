//! `PATCH /v1/tenants/{tenant}/subscriptions/{id}`

use axum::{Json, extract::State, response::IntoResponse};
use postroad_domain::{
    Subscription, SubscriptionSpec, ids::SubscriptionKind, limits::REQUEST_BODY_BYTES_MAX,
};
use postroad_engine::UpdateError;
use serde_json::Value;

use super::{
    SubscriptionJson, etag,
    settings::{self, SubscriptionSettings},
};
use crate::{
    body::LimitedBody,
    caller::Caller,
    check::{Faults, merge_patch},
    json,
    path::{ObjectPath, TenantPath},
    problem::{Code, Problem, ProblemDocument, Refusals},
    state::ServerState,
};

/// Change a subscription
///
/// A merge patch (RFC 7396) on its settings: what is named is replaced, `null` sets back to the default, a list is
/// replaced as a whole. `active` set to false cancels what waits; set to true after `gone`, what was held goes out.
#[utoipa::path(
    patch,
    path = "/v1/tenants/{tenant}/subscriptions/{id}",
    tag = "subscriptions",
    params(
        ("tenant" = String, Path, description = "The tenant's id"),
        ("id" = String, Path, description = "The subscription's id"),
    ),
    request_body(
        content = Object,
        content_type = "application/json",
        description = "Any of the settings; `options.signature` is fixed",
    ),
    responses(
        (status = 200, description = "As it is now", body = SubscriptionJson),
        (status = 409, description = "Somebody else changed it in between", body = ProblemDocument,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(super) async fn update_subscription(
    _: Caller,
    State(state): State<ServerState>,
    TenantPath(tenant): TenantPath,
    ObjectPath(id): ObjectPath<SubscriptionKind>,
    LimitedBody(body): LimitedBody<REQUEST_BODY_BYTES_MAX>,
) -> Result<impl IntoResponse, Problem> {
    let patch = json::value(&body)?;
    let mut is_second_try = false;
    loop {
        let current = state.engine.subscription(&tenant, id).await;
        let current = current.map_err(|error| Problem::of_lookup(error, "subscription"))?;
        let spec = patched(&current, patch.clone())?;
        match state.engine.update_subscription(&tenant, id, current.version, spec).await {
            Ok(updated) => return Ok((etag(&updated), Json(SubscriptionJson::of(&tenant, &updated)))),
            // The patch says nothing about what the other one changed, so it is put on that.
            Err(UpdateError::Changed) if !is_second_try => is_second_try = true,
            Err(error) => return Err(error.into()),
        }
    }
}

/// The specification after the patch.
fn patched(current: &Subscription, patch: Value) -> Result<SubscriptionSpec, Problem> {
    let faults = Faults::default();
    if !patch.is_object() {
        faults.add("", "must be an object");
        return faults.finish(None);
    }
    if patch.get("secret").is_some_and(|secret| !secret.is_null()) {
        faults.add("secret", "is set at creation; change it by POST …/secret/rotate");
    }
    settings::note_unknown(patch.clone(), &faults);
    let mut form = serde_json::to_value(SubscriptionSettings::of(&current.spec)).map_err(|error| {
        tracing::error!(%error, "a subscription could not be written as JSON");
        Problem::new(Code::Internal, "The subscription could not be read. The server's log says why.")
    })?;
    merge_patch(&mut form, patch);
    let spec = settings::read(form, &faults).map(|(spec, _)| spec);
    if spec.as_ref().is_some_and(|spec| spec.signature != current.spec.signature) {
        faults.add("options.signature", "is fixed at creation: create a new subscription for the other one");
    }
    faults.finish(spec)
}
