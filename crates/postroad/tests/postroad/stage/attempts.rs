//! Attempts, as the log shows them.

use std::time::Duration;

use serde_json::{Value, json};

use super::time;

/// Panics unless the log has attempts with these statuses, each at least its gap after the one before.
pub(crate) fn expect_attempts(delivery: &Value, statuses: &[u16], gaps_ms: &[u64]) {
    let attempts = delivery["attempts"].as_array().expect("a delivery shows its attempts");
    let found: Vec<_> = attempts.iter().map(|attempt| attempt["response"]["status"].clone()).collect();
    assert_eq!(Value::from(found), json!(statuses), "{delivery}");
    for (pair, gap_ms) in attempts.windows(2).zip(gaps_ms) {
        let passed = time(&pair[1]["at"]).since(time(&pair[0]["at"]));
        assert!(passed >= Duration::from_millis(*gap_ms), "{passed:?} instead of {gap_ms} ms: {delivery}");
    }
}
