//! How deliveries are tried, and what is refused before there is one, in words.

use postroad_domain::{HttpVersion, Repeat, RetryPolicy, time::duration_text};
use postroad_profile::{DeliveryPolicy, GroupRules, Profile};

use super::{
    page::{Entry, entry},
    units::{bytes, unanchored},
};

/// What success is, when it is tried again, and what some answers do.
pub(super) fn entries(profile: &Profile) -> Vec<Entry> {
    let policy = &profile.delivery;
    let gone = if policy.gone_deactivates {
        "makes the subscription inactive"
    } else {
        "is a failure like any other"
    };
    let timeout = &policy.timeout;
    let bounds = if timeout.min == timeout.max {
        String::new()
    } else {
        format!("; a subscription may set {} to {}", duration_text(timeout.min), duration_text(timeout.max))
    };
    let kept = policy.retention.map_or("as long as the installation keeps them".to_owned(), |retention| {
        format!("{} at most", duration_text(retention))
    });
    let mut entries = vec![
        entry("Success", format!("{}; a redirect never is", policy.success.patterns().join(", "))),
        entry("Attempts", attempts(&policy.retry)),
        entry("Timeout", format!("{} for a whole exchange{bounds}", duration_text(timeout.default))),
        entry("HTTP", http_version(policy)),
        entry("410", gone),
        entry("Failures", failures(policy)),
        entry("Retry-After", if policy.retry_after { "of 429 and 503 is honoured" } else { "is ignored" }),
        entry("Breaker", breaker(policy)),
        entry("Repeat", repeat(policy)),
        entry("Trace", trace(policy)),
        entry("Events are kept", kept),
    ];
    entries.extend(profile.group.as_ref().map(|rules| entry("Groups", groups(rules))));
    entries
}

/// `all event types: those of 1m from the first one on go together, at most 1000 or 1 MiB of data; one alone is a group too`.
fn groups(rules: &GroupRules) -> String {
    let types = rules.events.as_ref().map_or("all event types".to_owned(), |pattern| {
        format!("event types that match {}", unanchored(pattern.as_str()))
    });
    let begin = match rules.align.as_str() {
        "first" => "from the first one on".to_owned(),
        "clock" => "by the clock".to_owned(),
        option => format!("from the first one on, or by the clock where {option} is true,"),
    };
    let single = match rules.single.as_str() {
        "list" => "one alone is a group too".to_owned(),
        "event" => "one alone is sent as it is".to_owned(),
        option => format!("one alone is a group too, unless {option} is true"),
    };
    let (window, most) = (duration_text(rules.window), rules.limits.max_events);
    let size = bytes(rules.limits.max_bytes);
    format!("{types}: those of {window} {begin} go together, at most {most} or {size} of data; {single}")
}

fn failures(policy: &DeliveryPolicy) -> String {
    match policy.deactivate_after_failures {
        None => "of whole deliveries change nothing, however many".to_owned(),
        Some(1) => "of one whole delivery makes the subscription inactive".to_owned(),
        Some(count) => {
            format!("of {count} whole deliveries without a success in between make the subscription inactive")
        }
    }
}

fn http_version(policy: &DeliveryPolicy) -> &'static str {
    match policy.http_version {
        HttpVersion::One => "1.1",
        HttpVersion::Two => "2 where an https receiver offers it, else 1.1",
    }
}

fn breaker(policy: &DeliveryPolicy) -> &'static str {
    if policy.breaker {
        "a receiver that keeps failing is asked by one probe after each pause"
    } else {
        "off: every attempt is made when the schedule says"
    }
}

fn repeat(policy: &DeliveryPolicy) -> &'static str {
    match policy.repeat {
        Repeat::Always => {
            "once, at once, within the attempt, when a kept connection ends before a byte of the answer (always)"
        }
        Repeat::Unsent => {
            "once within the attempt, only when the receiver cannot have acted on the request (unsent)"
        }
    }
}

fn trace(policy: &DeliveryPolicy) -> &'static str {
    if policy.trace_context {
        "the traceparent of an event goes on to its receivers, so that they go on with its trace (trace_context)"
    } else {
        "receivers get no traceparent"
    }
}

/// What an event may not be.
pub(super) fn refusals(profile: &Profile) -> Vec<Entry> {
    let checks = &profile.ingest;
    let mut data = vec![format!("longer than {}", bytes(checks.data_bytes_max))];
    if checks.double_numbers {
        data.push("with a number that a double cannot hold".to_owned());
    }
    if checks.object {
        data.push("that is no JSON object".to_owned());
    }
    data.extend(checks.required.iter().map(|name| format!("without the member `{name}`")));
    let types = if profile.catalogue.is_open() {
        "that are not listed and do not have the form that `open_events` names"
    } else {
        "that are not listed"
    };
    vec![entry("Event types", types), entry("Data", data.join("; "))]
}

/// `after a failure again after 1m, 2m, 4m: 4 attempts in all`.
fn attempts(retry: &RetryPolicy) -> String {
    let gaps = (retry.attempts - 1) as usize;
    if gaps == 0 {
        return "1: a failure is not tried again".to_owned();
    }
    let listed: Vec<_> = retry.backoff.iter().take(gaps).map(|gap| duration_text(*gap)).collect();
    let listed = match (listed.as_slice(), gaps > listed.len()) {
        ([], _) => "again at once".to_owned(),
        ([only], true) => format!("again after {only} each time"),
        ([.., last], true) => format!("again after {}, from then on {last} each time", listed.join(", ")),
        (_, false) => format!("again after {}", listed.join(", ")),
    };
    let jitter = match retry.jitter_percent {
        0 => String::new(),
        percent => format!("; each gap is lengthened by up to {percent} %"),
    };
    format!("after a failure {listed}: {} attempts in all{jitter}", retry.attempts)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_schedule_is_told_with_its_gaps_and_their_number() {
        for (count, gaps_secs, jitter_percent, expected) in [
            (4, vec![60, 120, 240], 0, "after a failure again after 1m, 2m, 4m: 4 attempts in all"),
            (3, vec![60, 120, 240], 0, "after a failure again after 1m, 2m: 3 attempts in all"),
            (
                9,
                vec![60, 120],
                5,
                "after a failure again after 1m, 2m, from then on 2m each time: 9 attempts in all; each gap is \
                 lengthened by up to 5 %",
            ),
            (3, vec![1], 0, "after a failure again after 1s each time: 3 attempts in all"),
            (2, vec![1], 0, "after a failure again after 1s: 2 attempts in all"),
            (2, vec![], 0, "after a failure again at once: 2 attempts in all"),
            (1, vec![60], 10, "1: a failure is not tried again"),
        ] {
            let backoff = gaps_secs.into_iter().map(Duration::from_secs).collect();
            assert_eq!(attempts(&RetryPolicy { attempts: count, backoff, jitter_percent }), expected);
        }
    }
}
