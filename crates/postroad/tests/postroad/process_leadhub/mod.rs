//! LeadHub's numbered acceptance checks (spec 3.11) against the real program: `lh_6_…` is LH-6. `cargo xtask checks`
//! makes a table of them. What stands without a number is in the specification and in no check.

mod configuration;
mod delivery;
mod log;
mod peer;
mod request;
mod secret;

use serde_json::{Value, json};

use crate::stage::{self, Stage, StageOptions};

/// The six names of the catalogue (spec 3.2), in their order.
const EVENTS: [&str; 6] =
    ["lead.created", "lead.updated", "lead.deleted", "lead.stage_changed", "lead.assigned", "form.submitted"];
/// The secret of the specification's vector (spec 3.4).
const SECRET: &str = "s3cr3t";
/// The data of that vector.
const LEAD: &str = r#"{"id":123,"first_name":"Jane"}"#;
/// The schedule as shipped, and one that doubles as well but ends within a test.
const QUICK: (&str, &str) = (r#"backoff = ["60s", "120s", "240s"]"#, r#"backoff = ["500ms", "1s", "2s"]"#);

/// A tenant of the profile as it is shipped.
async fn shipped() -> Stage {
    Stage::start("leadhub", json!({})).await
}

/// A tenant whose retries come quickly.
async fn quick() -> Stage {
    let overlay = vec![QUICK];
    Stage::start_with(StageOptions { profile: "leadhub", overlay, ..StageOptions::default() }).await
}

/// A webhook for every event, with the secret of the vector.
fn webhook() -> Value {
    json!({"name": "CRM sync", "events": EVENTS, "secret": SECRET})
}

/// The same without a secret.
fn unsigned_webhook() -> Value {
    json!({"name": "CRM sync", "events": EVENTS})
}
