//! Leanbe's acceptance checks (specification 1.10) against the real server. A test's name begins with the number of its
//! check; those who verify signatures are programs in JavaScript and Python, as Leanbe's customers write them.

mod catalogue;
mod defaults;
#[path = "../../../../profile/tests/profile/support/json_texts/mod.rs"]
mod json_texts;
mod peers;
mod random_documents;
mod retries;
mod rotation;
mod signatures;
mod vectors;
mod wire;

use postroad_testkit::Received;
use serde_json::{Value, json};

use crate::stage::{self, Stage, StageOptions, id_of, text};

/// Gaps that a test can wait for, in place of the shipped ones.
const SHORT_GAPS: (&str, &str) =
    (r#"backoff = ["10s", "60s", "300s"]"#, r#"backoff = ["500ms", "600ms", "700ms"]"#);

/// A product without options.
async fn leanbe() -> Stage {
    Stage::start("leanbe", json!({})).await
}

/// The same, with [`SHORT_GAPS`].
async fn leanbe_with_short_gaps() -> Stage {
    let options = StageOptions { profile: "leanbe", overlay: vec![SHORT_GAPS], ..StageOptions::default() };
    Stage::start_with(options).await
}

/// A subscription that signs with the secret of the vectors, as a rotation makes it.
async fn subscribe_with_secret_of_vectors(stage: &Stage) -> Value {
    let subscription = stage.subscribe(json!({})).await;
    let rotated = stage.rotate(id_of(&subscription), json!({"secret": vectors::SECRET})).await;
    assert_eq!(rotated.expect_status(200).json()["secret"], vectors::SECRET);
    subscription
}

/// The signature in a request's body.
fn signature(request: &Received) -> String {
    text::member(&request.body, "signature").trim_matches('"').to_owned()
}
