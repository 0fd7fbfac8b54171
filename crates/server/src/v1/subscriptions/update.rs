//! `PATCH /v1/tenants/{tenant}/subscriptions/{id}`

use axum::{Json, extract::State, response::IntoResponse};
use postroad_domain::{Subscription, ids::SubscriptionKind, limits::REQUEST_BODY_BYTES_MAX};
use postroad_engine::SubscriptionUpdate;
use postroad_profile::Profile;
use serde_json::Value;

use super::{
    SubscriptionJson,
    create::NewSubscriptionBody,
    etag,
    settings::{self, SubscriptionSettings},
};
use crate::{
    body::LimitedBody,
    caller::{ObjectOf, SubscriptionsWrite},
    check::{Faults, Field, Read, merge_patch, read_body},
    json,
    path::{ObjectPath, TenantPath},
    precondition::IfMatch,
    problem::{Problem, ProblemDocument, Refusals},
    state::ServerState,
};

/// Change a subscription
///
/// A merge patch (RFC 7396) on its settings: what is named is replaced, `null` sets back to the default, a list is
/// replaced as a whole. `active` set to false cancels what waits, and events get no delivery until it is true again: replays
/// of `failed`, then of `missing`, bring both. Set to true after `gone`, what was held goes out; after `failing`, the count of
/// its failures begins anew. Where the profile has handshakes that must pass on such a change, the subscription is `unverified`
/// until they have; `active` set to true then has them made again.
/// `secret` set to null removes a secret that the profile does not require. A patch that changes nothing makes no version. With
/// `If-Match` it is changed only if it has that `ETag` still, which a 410 of its receiver changes too, failures that make it inactive,
/// and a handshake that passes.
#[utoipa::path(
    patch,
    path = "/v1/tenants/{tenant}/subscriptions/{id}",
    tag = "subscriptions",
    security(("key" = ["subscriptions:write"])),
    params(
        TenantPath,
        ObjectPath<SubscriptionKind>,
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
    let loaded = state.engine.configuration().profile_of(&tenant).await;
    let loaded = loaded.map_err(|error| Problem::of_lookup(error, "subscription"))?;
    let is_expected = |now: &Subscription| if_match.holds(Some(&now.revision().to_string()));
    let patched = |now: &Subscription| patched(now, patch.clone(), &loaded.profile);
    let updated =
        state.engine.configuration().patch_subscription(&by, &tenant, id, is_expected, patched).await?;
    Ok((etag(&updated), Json(SubscriptionJson::of(&tenant, &updated, &loaded.profile, &rights))))
}

/// The subscription after the patch.
fn patched(current: &Subscription, mut patch: Value, profile: &Profile) -> SubscriptionUpdate {
    let faults = Faults::default();
    let removes_secret = patch.get("secret").is_some_and(Value::is_null);
    let settings = SubscriptionSettings::form(&current.spec, profile);
    if !patch.is_object() {
        faults.add("", "must be an object");
        return SubscriptionUpdate { draft: Some(settings.into_draft(profile, faults)), removes_secret };
    }
    if removes_secret && patch.as_object().is_some_and(|patch| patch.len() == 1) {
        return SubscriptionUpdate { draft: None, removes_secret };
    }
    if patch.get("secret").is_some() && !removes_secret {
        faults.add("secret", "is set at creation; change it by POST …/secret/rotate");
    }
    // After the merge a null under an unknown name would be gone without a word.
    NewSubscriptionBody::note_unknown(Field::root(patch.clone(), &faults));
    // Made of texts, numbers and maps with text keys: it cannot fail, and an empty one would be refused.
    let mut form = serde_json::to_value(settings).unwrap_or_default();
    settings::drop_masks(&mut patch, &current.spec, profile);
    merge_patch(&mut form, patch);
    let NewSubscriptionBody { settings, .. } = read_body(form, &faults);
    SubscriptionUpdate { draft: Some(settings.into_draft(profile, faults)), removes_secret }
}
