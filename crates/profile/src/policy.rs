//! How deliveries are tried: what success is, how often, with which gaps, for how long.

use std::time::Duration;

use postroad_domain::{
    HttpVersion, Repeat, RetryPolicy,
    limits::{Bounds, DEACTIVATE_AFTER_FAILURES_MAX, RETENTION, RETRY_ATTEMPTS, RETRY_GAP_MAX, TIMEOUT},
    time::duration_text,
};

use crate::reader::Section;

/// The delivery policy of a profile. What its file leaves out is as Standard Webhooks has it.
#[derive(Clone, Debug)]
pub struct DeliveryPolicy {
    /// What counts as success. Redirects never do, whatever stands here.
    pub success: Success,
    /// Attempts, gaps and jitter.
    pub retry: RetryPolicy,
    /// The deadline of a whole exchange, and within which bounds a subscription may set its own.
    pub timeout: Bounds<Duration>,
    /// Whether 410 makes the subscription inactive; else it is a failure as any other.
    pub gone_deactivates: bool,
    /// After so many deliveries that failed without a success in between the subscription becomes inactive; `None` for never. A
    /// delivery fails with its last attempt.
    pub deactivate_after_failures: Option<u32>,
    /// Whether `Retry-After` of 429 and 503 is honoured.
    pub retry_after: bool,
    /// Whether a receiver that keeps failing is asked by one probe at a time, with growing pauses. Where it is off every attempt
    /// is made when the schedule says, whatever became of those before.
    pub breaker: bool,
    /// How long events are kept at most, whatever the installation keeps.
    pub retention: Option<Duration>,
    /// The newest version of HTTP that is offered to https receivers, where the subscription does not say.
    pub http_version: HttpVersion,
    /// What happens to a request whose kept connection ends before a byte of the answer.
    pub repeat: Repeat,
    /// Whether receivers are given the trace that an event belongs to (W3C Trace Context).
    pub trace_context: bool,
}

/// Which statuses mean that the receiver took it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Success(Vec<(u16, u16)>);

impl Success {
    /// Whether the status means success.
    pub fn contains(&self, status: u16) -> bool {
        // Redirects are not followed, so what they point to has not taken anything.
        !(300..400).contains(&status) && self.0.iter().any(|(from, to)| (*from..=*to).contains(&status))
    }

    /// Reads patterns: `2xx` or an exact status. `None` where one is neither, names a redirect, or there is none.
    pub fn parse<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let ranges: Option<Vec<_>> = patterns.into_iter().map(Self::parse_one).collect();
        ranges.filter(|ranges| !ranges.is_empty()).map(Self)
    }

    /// The patterns, as people and [`Success::parse`] read them: `2xx`, `200`.
    pub fn patterns(&self) -> Vec<String> {
        let pattern = |(from, to): &(u16, u16)| {
            if from == to { from.to_string() } else { format!("{}xx", from / 100) }
        };
        self.0.iter().map(pattern).collect()
    }

    fn parse_one(text: &str) -> Option<(u16, u16)> {
        if let Some(class) = text.strip_suffix("xx") {
            let class: u16 = class.parse().ok().filter(|class| matches!(class, 2 | 4 | 5))?;
            return Some((class * 100, class * 100 + 99));
        }
        let status = text.parse().ok().filter(|status| (200..600).contains(status) && status / 100 != 3)?;
        Some((status, status))
    }
}

const GONE: [(&str, bool); 2] = [("deactivate", true), ("failure", false)];
const RETRY_AFTER: [(&str, bool); 2] = [("honour", true), ("ignore", false)];
const BREAKER: [(&str, bool); 2] = [("on", true), ("off", false)];

/// Reads `[delivery]`.
pub(crate) fn read(root: &Section<'_>) -> DeliveryPolicy {
    let standard = RetryPolicy::standard_webhooks();
    let defaults = DeliveryPolicy {
        success: Success(vec![(200, 299)]),
        retry: standard,
        timeout: TIMEOUT,
        gone_deactivates: true,
        deactivate_after_failures: None,
        retry_after: true,
        breaker: true,
        retention: None,
        http_version: HttpVersion::One,
        repeat: Repeat::Always,
        trace_context: false,
    };
    let Some(section) = root.section("delivery") else { return defaults };
    let retry = read_retry(&section, defaults.retry);
    DeliveryPolicy {
        success: read_success(&section).unwrap_or(defaults.success),
        retention: read_retention(&section, &retry),
        retry,
        timeout: read_timeout(&section),
        gone_deactivates: section.choice("gone", &GONE).unwrap_or(defaults.gone_deactivates),
        deactivate_after_failures: read_deactivate_after_failures(&section),
        retry_after: section.choice("retry_after", &RETRY_AFTER).unwrap_or(defaults.retry_after),
        breaker: section.choice("breaker", &BREAKER).unwrap_or(defaults.breaker),
        http_version: section.choice("http_version", &HttpVersion::WORDS).unwrap_or(defaults.http_version),
        repeat: section.choice("repeat", &Repeat::WORDS).unwrap_or(defaults.repeat),
        trace_context: section.boolean("trace_context").unwrap_or(defaults.trace_context),
    }
}

fn read_success(section: &Section<'_>) -> Option<Success> {
    let patterns = section.texts("success")?;
    let success = Success::parse(patterns.iter().map(|pattern| pattern.value.as_str()));
    if success.is_none() {
        section
            .invalid("success", "must list statuses such as \"2xx\" or 200; a redirect is never a success");
    }
    success
}

fn read_retry(section: &Section<'_>, defaults: RetryPolicy) -> RetryPolicy {
    let attempts = section.count("attempts", u64::from(RETRY_ATTEMPTS.max));
    if attempts.is_some_and(|attempts| attempts < u64::from(RETRY_ATTEMPTS.min)) {
        section.invalid("attempts", "must be at least 1");
    }
    let attempts = attempts.and_then(|attempts| u32::try_from(attempts).ok()).unwrap_or(defaults.attempts);
    let backoff = section.texts("backoff").map(|texts| {
        let gap = |text: &str| crate::reader::parse_duration(text).filter(|gap| *gap <= RETRY_GAP_MAX);
        let gaps: Option<Vec<_>> = texts.iter().map(|text| gap(&text.value)).collect();
        gaps.unwrap_or_else(|| {
            section
                .invalid("backoff", "must list spans of time such as \"10s\" or \"2h\", each at most 7 days");
            Vec::new()
        })
    });
    let backoff = backoff.unwrap_or(defaults.backoff);
    let jitter = section.count("jitter_percent", 100).and_then(|percent| u32::try_from(percent).ok());
    RetryPolicy { attempts, backoff, jitter_percent: jitter.unwrap_or(defaults.jitter_percent) }
}

fn read_deactivate_after_failures(section: &Section<'_>) -> Option<u32> {
    const NAME: &str = "deactivate_after_failures";
    let failures = section.count(NAME, u64::from(DEACTIVATE_AFTER_FAILURES_MAX))?;
    if failures == 0 {
        section.invalid(NAME, "must be at least 1; leave it out where failures change nothing");
    }
    u32::try_from(failures).ok()
}

/// What still waits must not be too old to be kept.
fn read_retention(section: &Section<'_>, retry: &RetryPolicy) -> Option<Duration> {
    let retention = section.duration("retention")?;
    let lifetime = retry.lifetime();
    if retention < lifetime || retention > RETENTION.max {
        let (min, max) = (duration_text(lifetime), duration_text(RETENTION.max));
        let why = format!(
            "must be from {min} to {max}: by `attempts` and `backoff`, with a day behind them, a delivery may wait for {min}"
        );
        section.invalid("retention", why);
    }
    Some(retention)
}

fn read_timeout(section: &Section<'_>) -> Bounds<Duration> {
    let min = section.duration("timeout_min").unwrap_or(TIMEOUT.min);
    let max = section.duration("timeout_max").unwrap_or(TIMEOUT.max);
    let default = section.duration("timeout").unwrap_or(TIMEOUT.default);
    if !(TIMEOUT.min <= min && min <= default && default <= max && max <= TIMEOUT.max) {
        let why = "must lie between `timeout_min` and `timeout_max`, and these between 1s and 60s";
        section.invalid("timeout", why);
    }
    Bounds { min, max, default }
}
