//! LeadSquared's numbered acceptance checks (spec 4.10) against the real program: `ls_7_…` is LS-7. `cargo xtask checks`
//! makes a table of them. What stands without a number is in the specification and in no check.

mod api;
mod configuration;
mod delivery;
mod failing;
mod lapps;
mod notifying;
mod request;
mod waiting;

use serde_json::{Value, json};

use crate::{
    stage::{self, Stage, StageOptions},
    support,
};

/// The published capture of a new lead (spec 4.3).
const LEAD: &str = r#"{"ProspectID":"a311900c-0e56-4601-b580-f931645e7b32","ProspectAutoId":"3142","FirstName":"Sachin","LastName":"One","Phone":null,"DoNotEmail":"0","ProspectStage":"Initial","Score":"0"}"#;
const CREATED: &str = "Lead_Post_Create";
const ACTIVITY: &str = "LeadActivity_Post_Create";
/// The schedule as shipped, and one that ends within a test.
const QUICK: (&str, &str) = (r#"backoff = ["60s", "300s"]"#, r#"backoff = ["500ms", "1s"]"#);
const QUICK_GAPS_MS: [u64; 2] = [500, 1_000];

/// An account with the profile as it is shipped.
async fn shipped() -> Stage {
    Stage::start("leadsquared", json!({})).await
}

/// An account whose retries come quickly.
async fn quick() -> Stage {
    quick_with(vec![QUICK]).await
}

/// An account with the profile so changed.
async fn quick_with(overlay: Vec<(&'static str, &'static str)>) -> Stage {
    Stage::start_with(StageOptions { profile: "leadsquared", overlay, ..StageOptions::default() }).await
}

/// A webhook for one event, whose URL is not asked first.
fn webhook(event: &str) -> Value {
    json!({"events": [event], "options": {"probe": "off"}})
}

/// The same to another place at the receiver, with further settings.
fn webhook_to(stage: &Stage, target: &str, event: &str, further: Value) -> Value {
    let mut body = webhook(event);
    body["delivery"] = json!({"type": "push", "url": stage.receiver.url(target)});
    for (name, value) in further.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}
