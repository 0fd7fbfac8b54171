//! The profile `standard` in words: the built-in one until profiles are files.

use postroad_domain::{
    RetryPolicy,
    limits::{CONCURRENCY, TIMEOUT},
};
use serde_json::json;

use super::{PolicyJson, PolicyRetry, ProfileJson};
use crate::check::duration_text;

/// Its name.
pub(super) const NAME: &str = "standard";

/// All that there is to say about it.
pub(super) fn standard() -> ProfileJson {
    let retry = RetryPolicy::standard_webhooks();
    ProfileJson {
        name: NAME.to_owned(),
        title: "Standard Webhooks".to_owned(),
        event_types: Vec::new(),
        policy: PolicyJson {
            retry: PolicyRetry {
                attempts: retry.attempts,
                backoff: retry.backoff.iter().map(|gap| duration_text(*gap)).collect(),
                jitter_percent: retry.jitter_percent,
            },
            timeout: duration_text(TIMEOUT.default),
            success: "2xx".to_owned(),
            concurrency: CONCURRENCY.default,
        },
        option_schema: json!({
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "signature": {
                    "description": "How requests are signed; fixed at creation",
                    "enum": ["hmac-sha256", "ed25519"],
                    "default": "hmac-sha256",
                },
            },
        }),
    }
}
