//! A shipped delivery policy, as `GET /v1/profiles/{name}` shows it.

use serde_json::{Value, json};

/// Panics unless the profile's policy has these gaps between its attempts, and what the five products share
/// (specification 0.4 and 0.5): 2xx alone is success, 410 a failure like others, `Retry-After` without effect, 10 s for
/// an attempt.
pub(crate) fn expect_shipped_retries(profile: &Value, gaps_secs: &[u64]) {
    let policy = &profile["policy"];
    let shown = policy["retry"]["backoff"].as_array().unwrap_or_else(|| panic!("no backoff: {policy}"));
    assert_eq!(shown.iter().map(seconds).collect::<Vec<_>>(), gaps_secs, "{policy}");
    assert_eq!(policy["retry"]["attempts"], json!(gaps_secs.len() + 1), "{policy}");
    assert_eq!(policy["retry"]["jitter_percent"], 0, "{policy}");
    assert_eq!(policy["success"], json!(["2xx"]), "{policy}");
    assert_eq!(seconds(&policy["timeout"]), 10, "{policy}");
    assert_eq!((&policy["gone"], &policy["retry_after"]), (&json!("failure"), &json!("ignore")), "{policy}");
}

/// The whole seconds of a span as the API writes it: `90s`, `1m30s`.
fn seconds(span: &Value) -> u64 {
    let text = span.as_str().unwrap_or_else(|| panic!("not a span: {span}"));
    let parts = text.split_inclusive(|character: char| character.is_ascii_alphabetic());
    let part = |part: &str| {
        let (number, unit) = part.split_at(part.len() - 1);
        let unit_secs = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => panic!("not whole seconds: {text}"),
        };
        number.parse::<u64>().unwrap_or_else(|_| panic!("not a span: {text}")) * unit_secs
    };
    parts.map(part).sum()
}
