//! How a profile tries deliveries, in the words of a subscription.

use postroad_domain::{RetryPolicy, limits::CONCURRENCY};
use postroad_profile::{GroupRules, Profile};
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
    /// Which events are sent together in one delivery; `null` for none, unless a subscription says so.
    group: Option<PolicyGroup>,
}

/// How events are sent together.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PolicyGroup {
    /// The regular expression that the types of these events match; `null` for all types.
    events: Option<String>,
    /// How long a group takes events.
    window: String,
    /// Where windows begin: `first` with the first event, `clock` at whole multiples of their length (UTC), or the option that
    /// decides, as `options.aligned`.
    align: String,
    /// What a group of one event looks like: `list` as any other, `event` as the event alone, or the option that decides.
    single: String,
    /// The most events of a group.
    max_events: u32,
    /// The most bytes of their data.
    max_bytes: u64,
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
    pub(super) fn of(profile: &Profile) -> Self {
        let policy = &profile.delivery;
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
            group: profile.group.as_ref().map(PolicyGroup::of),
        }
    }
}

impl PolicyGroup {
    fn of(rules: &GroupRules) -> Self {
        Self {
            events: rules.events.as_ref().map(|pattern| pattern.as_str().to_owned()),
            window: duration_text(rules.window),
            align: rules.align.clone(),
            single: rules.single.clone(),
            max_events: rules.limits.max_events,
            max_bytes: rules.limits.max_bytes,
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
