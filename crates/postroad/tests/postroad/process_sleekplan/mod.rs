//! Sleekplan's acceptance checks (specification 2.9) against the real server. A test's name begins with the number of its
//! check.

mod catalogue;
mod envelope;
mod retries;
mod selection;
mod target;

use serde_json::{Value, json};

use crate::stage::{self, Stage};

/// The product of the samples: its number takes more than 32 bits.
const PRODUCT: u64 = 5_456_534_244;

/// Data of an `item.create` as the product shows it (specification 2.3).
const SAMPLE: &str = r#"{"feedback_id":"3","product_id":"1","title":"Show/search for similar ideas as you [...]","description":"This can help us avoid users posting a [...]","status":"open","trend":"0","type":"user-interface","total_up":"9","total_down":"0","total_sum":"9","total_comments":"0","total_ratio":"9","total_subscriber":"1","scoring":"0.55","effort":"1","created":"2020-05-22 16:49:00","updated":"2020-05-22 16:49:00","user":{"user_id":"4","admin_id":0,"data_name":"lennishq","data_mail":"","data_img":"https://storage.sleekplan.com/..."}}"#;

/// A product without further options.
async fn sleekplan() -> Stage {
    Stage::start("sleekplan", json!({"product_id": PRODUCT})).await
}

/// A subscription's target at the receiver.
fn push_to(stage: &Stage, target: &str) -> Value {
    json!({"type": "push", "url": stage.receiver.url(target)})
}
