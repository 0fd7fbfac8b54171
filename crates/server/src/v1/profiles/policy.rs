//! How a profile tries deliveries, in the words of a subscription.

use postroad_domain::{RetryPolicy, limits::CONCURRENCY};
use postroad_profile::DeliveryPolicy;
use serde::Serialize;
use utoipa::ToSchema;

use crate::check::duration_text;

/// How deliveries are tried.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Policy)]
pub(crate) struct PolicyJson {
    /// The retry schedule.
    retry: PolicyRetry,
    /// The deadline of an exchange.
    timeout: String,
    /// The shortest deadline that a subscription may set.
    timeout_min: String,
    /// The longest deadline that a subscription may set.
    timeout_max: String,
    /// The statuses that are success: `2xx`, `200`.
    success: Vec<String>,
    /// What 410 does: `deactivate` makes the subscription inactive, `failure` is a failure as any other.
    gone: &'static str,
    /// When so many deliveries failed without a success in between, the subscription becomes inactive; `null` for never.
    deactivate_after_failures: Option<u32>,
    /// What `Retry-After` of 429 and 503 does: `honour` or `ignore`.
    retry_after: &'static str,
    /// Whether a receiver that keeps failing gets one request after each pause: `on` or `off`.
    breaker: &'static str,
    /// How long events are kept at most; `null` for as long as the installation keeps them.
    retention: Option<String>,
    /// The newest version of HTTP that is offered to https receivers, where the subscription does not say: `1.1` or `2`.
    http_version: &'static str,
    /// What happens to a request whose kept connection ends before a byte of the answer: `always` sends it once more within
    /// the attempt, `unsent` only where the receiver cannot have acted on it.
    repeat: &'static str,
    /// Exchanges of one subscription under way at a time.
    concurrency: u32,
    /// Whether receivers get the `traceparent` of the event, to go on with its trace.
    trace_context: bool,
}

/// A retry schedule.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PolicyRetry {
    /// Attempts, the first included.
    attempts: u32,
    /// The gap after the first, second, … failed attempt; the last one repeats.
    backoff: Vec<String>,
    /// Each gap is lengthened by up to this share of itself, in percent.
    jitter_percent: u32,
}

impl PolicyJson {
    pub(super) fn of(policy: &DeliveryPolicy) -> Self {
        Self {
            retry: PolicyRetry::of(&policy.retry),
            timeout: duration_text(policy.timeout.default),
            timeout_min: duration_text(policy.timeout.min),
            timeout_max: duration_text(policy.timeout.max),
            success: policy.success.patterns(),
            gone: if policy.gone_deactivates { "deactivate" } else { "failure" },
            deactivate_after_failures: policy.deactivate_after_failures,
            retry_after: if policy.retry_after { "honour" } else { "ignore" },
            breaker: if policy.breaker { "on" } else { "off" },
            retention: policy.retention.map(duration_text),
            http_version: policy.http_version.as_str(),
            repeat: policy.repeat.as_str(),
            concurrency: CONCURRENCY.default,
            trace_context: policy.trace_context,
        }
    }
}

impl PolicyRetry {
    fn of(policy: &RetryPolicy) -> Self {
        Self {
            attempts: policy.attempts,
            backoff: policy.backoff.iter().map(|gap| duration_text(*gap)).collect(),
            jitter_percent: policy.jitter_percent,
        }
    }
}
