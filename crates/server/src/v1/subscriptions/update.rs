//! `PATCH /v1/tenants/{tenant}/subscriptions/{id}`

use axum::{Json, extract::State, response::IntoResponse};
use postroad_domain::{
    Subscription, SubscriptionId, TenantId, ids::SubscriptionKind, limits::REQUEST_BODY_BYTES_MAX,
};
use postroad_engine::{Origin, RotateError, SubscriptionDraft, UpdateError};
use postroad_profile::{Profile, SecretUse};
use serde_json::Value;

use super::{
    SubscriptionJson, etag,
    settings::{self, SubscriptionSettings},
};
use crate::{
    body::LimitedBody,
    caller::{ObjectOf, SubscriptionsWrite},
    check::{Faults, merge_patch},
    json,
    precondition::IfMatch,
    problem::{Code, Problem, ProblemDocument, Refusals},
    state::ServerState,
    v1::options,
};

/// Change a subscription
///
/// A merge patch (RFC 7396) on its settings: what is named is replaced, `null` sets back to the default, a list is
/// replaced as a whole. `active` set to false cancels what waits, and events get no delivery until it is true again: replays
/// of `failed`, then of `missing`, bring both. Set to true after `gone`, what was held goes out.
/// `secret` set to null removes a secret that the profile does not require. A patch that changes nothing makes no version. With
/// `If-Match` it is changed only if it has that `ETag` still, which a 410 of its receiver changes too.
#[utoipa::path(
    patch,
    path = "/v1/tenants/{tenant}/subscriptions/{id}",
    tag = "subscriptions",
    security(("key" = ["subscriptions:write"])),
    params(
        ("tenant" = String, Path, description = "The tenant's id"),
        ("id" = String, Path, description = "The subscription's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that it must have still, or `*`"),
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
        (status = 412, description = "It is not any more what `If-Match` names", body = ProblemDocument,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(super) async fn update_subscription(
    ObjectOf { tenant, id, by, rights, .. }: ObjectOf<SubscriptionsWrite, SubscriptionKind>,
    State(state): State<ServerState>,
    if_match: IfMatch,
    LimitedBody(body): LimitedBody<REQUEST_BODY_BYTES_MAX>,
) -> Result<impl IntoResponse, Problem> {
    let patch = json::value(&body)?;
    // A tenant that has subscriptions keeps its profile.
    let loaded = state.engine.configuration().profile_of(&tenant).await.map_err(lookup)?;
    let on = On { state: &state, by, tenant: &tenant, id, if_match };
    let updated = on.update(&patch, &loaded.profile).await?;
    Ok((etag(&updated), Json(SubscriptionJson::of(&tenant, &updated, &loaded.profile, &rights))))
}

/// The subscription that a patch is for.
struct On<'a> {
    state: &'a ServerState,
    by: Origin,
    tenant: &'a TenantId,
    id: SubscriptionId,
    if_match: IfMatch,
}

impl On<'_> {
    /// Everything is checked before the first change; the secret goes last.
    async fn update(&self, patch: &Value, profile: &Profile) -> Result<Subscription, Problem> {
        let engine = &self.state.engine;
        let mut is_second_try = false;
        loop {
            let current = self.current().await?;
            let draft = patched(&current, patch.clone(), profile)?;
            let removes_secret = patch.get("secret").is_some() && !current.secrets.is_empty();
            let is_about_the_secret_only = patch.as_object().is_some_and(|patch| patch.len() == 1);
            if removes_secret && is_about_the_secret_only {
                return self.remove_secret().await;
            }
            let expected = current.revision();
            match engine
                .configuration()
                .update_subscription(&self.by, self.tenant, self.id, expected, draft)
                .await
            {
                Ok(_) if removes_secret => return self.remove_secret().await,
                Ok(updated) => return Ok(updated),
                // The patch says nothing about what the other one changed, so it is put on that.
                Err(UpdateError::Changed) if !is_second_try => is_second_try = true,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// As it is now, which is what the caller demands it to be.
    async fn current(&self) -> Result<Subscription, Problem> {
        let current =
            self.state.engine.configuration().subscription(self.tenant, self.id).await.map_err(lookup)?;
        if self.if_match.holds(Some(&current.revision().to_string())) {
            return Ok(current);
        }
        Err(IfMatch::failed("subscription"))
    }

    async fn remove_secret(&self) -> Result<Subscription, Problem> {
        let engine = &self.state.engine;
        match engine.configuration().remove_secret(&self.by, self.tenant, self.id).await {
            // Whatever the other one changed, the secret is to go.
            Err(RotateError::Changed) => {
                Ok(engine.configuration().remove_secret(&self.by, self.tenant, self.id).await?)
            }
            removed => Ok(removed?),
        }
    }
}

/// The settings after the patch.
fn patched(
    current: &Subscription,
    mut patch: Value,
    profile: &Profile,
) -> Result<SubscriptionDraft, Problem> {
    let faults = Faults::default();
    if !patch.is_object() {
        faults.add("", "must be an object");
        return faults.finish(None);
    }
    note_secret(patch.get("secret"), profile, &faults);
    settings::note_unknown(patch.clone(), &faults);
    settings::note_masks(&patch, &faults);
    let mut form =
        serde_json::to_value(SubscriptionSettings::form(&current.spec, profile)).map_err(|error| {
            tracing::error!(%error, "a subscription could not be written as JSON");
            Problem::new(Code::Internal, "The subscription could not be read. The server's log says why.")
        })?;
    settings::drop_masks(&mut patch, &current.spec, profile);
    merge_patch(&mut form, patch);
    let draft = settings::read(form, &faults).map(|(draft, _)| draft);
    if let Some(draft) = &draft {
        options::note_masks(&draft.spec.options, profile, &faults);
    }
    faults.finish(draft)
}

/// Adds a fault for a secret that cannot be what the patch says.
fn note_secret(secret: Option<&Value>, profile: &Profile, faults: &Faults) {
    match secret {
        None => {}
        Some(Value::Null) if profile.secret_rules.presence == SecretUse::Generated => {
            let message =
                "cannot be removed: this profile sends nothing unsigned; change it by POST …/secret/rotate";
            faults.add("secret", message);
        }
        Some(Value::Null) => {}
        Some(_) => faults.add("secret", "is set at creation; change it by POST …/secret/rotate"),
    }
}

fn lookup(error: postroad_engine::LookupError) -> Problem {
    Problem::of_lookup(error, "subscription")
}
