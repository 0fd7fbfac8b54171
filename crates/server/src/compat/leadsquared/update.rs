//! `POST /v2/Webhook.svc/Update`

use axum::{Json, extract::State};
use postroad_domain::{Invalid, Subscription, SubscriptionId, limits::REQUEST_BODY_BYTES_MAX};
use postroad_engine::{SubscriptionDraft, SubscriptionUpdate, UpdateError};
use postroad_profile::Profile;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    account::Account,
    refusal::Refusal,
    settings::WebhookBody,
    shown::{StatusCode, no_such_webhook, webhook_id},
    success::Success,
    words::Word,
};
use crate::{
    body::LimitedBody,
    caller::SubscriptionsWrite,
    check::{Faults, Field, Read, body, merge_patch, read_body},
    json,
    problem::Problem,
    state::ServerState,
};

const WEBHOOK_ID: &str = "WebhookId";

body! {
    /// What is to become of a webhook.
    #[derive(Serialize)]
    #[expect(non_snake_case, reason = "the names are those of the product's API")]
    struct UpdateBody of webhook: WebhookBody {
        WebhookId: String,
        StatusCode: Option<Word>,
    }
}

/// Changes a webhook: the fields that are given, where null sets back to the default. One that failures, or its receiver, made inactive
/// is enabled again; one that was disabled by hand stays so, unless `StatusCode` says otherwise.
pub(super) async fn update(
    account: Account<SubscriptionsWrite>,
    State(state): State<ServerState>,
    body: Result<LimitedBody<REQUEST_BODY_BYTES_MAX>, Problem>,
) -> Result<Json<Success>, Refusal> {
    let updated = updated(&account, &state, body).await;
    updated.map(|id| Json(Success::of(id))).map_err(|problem| account.refuse(problem))
}

async fn updated(
    account: &Account<SubscriptionsWrite>,
    state: &ServerState,
    body: Result<LimitedBody<REQUEST_BODY_BYTES_MAX>, Problem>,
) -> Result<SubscriptionId, Problem> {
    let patch = match json::value(&body?.0)? {
        Value::Object(patch) => patch,
        _ => return Err(Problem::invalid_field("", "must be an object")),
    };
    let id = match patch.get(WEBHOOK_ID).filter(|id| !id.is_null()) {
        Some(id) => webhook_id(id.as_str().unwrap_or_default()),
        None => Err(Invalid::new("is required")),
    };
    let id = id.map_err(|why| Problem::invalid_field(WEBHOOK_ID, why.to_string()))?;
    let is_webhook = |now: &Subscription| now.spec.push().is_some();
    let change = |now: &Subscription| changed(now, &patch, account.profile());
    let configuration = state.engine.configuration();
    let updated =
        configuration.patch_subscription(&account.by, &account.tenant, id, is_webhook, change).await;
    match updated {
        Ok(updated) => Ok(updated.id),
        Err(UpdateError::NotFound | UpdateError::Stale) => Err(no_such_webhook(WEBHOOK_ID)),
        Err(other) => Err(other.into()),
    }
}

/// The webhook with what the caller gives put on what it is now.
fn changed(now: &Subscription, patch: &Map<String, Value>, profile: &Profile) -> SubscriptionUpdate {
    let faults = Faults::default();
    let base = SubscriptionDraft::from(now.spec.clone());
    let Some(push) = now.spec.push() else {
        return SubscriptionUpdate { draft: Some(base), removes_secret: false };
    };
    let says_event = patch.contains_key("WebhookEvent") || patch.contains_key("ActivityEvent");
    let says_properties = patch.contains_key("WebhookProperties") || patch.contains_key("ActivityEvent");
    let patch = Value::Object(patch.clone());
    // After the merge a null under an unknown name would be gone without a word.
    UpdateBody::note_unknown(Field::root(patch.clone(), &faults));
    // Made of texts and maps with text keys: it cannot fail, and an empty one would be refused.
    let mut form = serde_json::to_value(WebhookBody::of(now, push)).unwrap_or_default();
    merge_patch(&mut form, patch);
    let body: UpdateBody = read_body(form, &faults);
    if says_event {
        body.webhook.note_missing(profile, &faults);
    }
    if says_properties {
        body.webhook.note_properties(&faults);
    }
    let active = is_active(body.StatusCode.and_then(Word::given), now, &faults);
    let draft = SubscriptionDraft { active, ..body.webhook.onto(base, profile, faults) };
    SubscriptionUpdate { draft: Some(draft), removes_secret: false }
}

fn is_active(wanted: Option<String>, now: &Subscription, faults: &Faults) -> bool {
    match wanted.as_deref() {
        Some("0") => true,
        Some("1") => false,
        Some("2") => {
            faults.add(
                "StatusCode",
                "cannot be set to 2, which only failures do: write 0 (enabled) or 1 (disabled)",
            );
            false
        }
        Some(_) => {
            faults.add("StatusCode", "must be 0 (enabled) or 1 (disabled)");
            false
        }
        None => StatusCode::of(now) != StatusCode::DisabledByHand,
    }
}
