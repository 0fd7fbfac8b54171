//! Each outcome as a sentence for people.

use std::fmt;

use postroad_domain::{Reason, Timestamp, subscription::InactiveReason};

use super::{
    Explanation,
    outcome::{EventOutcome, LastAnswer, Mismatch, Wait},
};

/// Names of a list that a sentence holds; the rest is counted.
const NAMES_MAX: usize = 8;

impl Explanation {
    /// What became of the event, in words.
    pub fn sentence(&self) -> String {
        let sentence = self.outcome.to_string();
        if self.by_replay {
            return format!(
                "{sentence} The subscription did not match the event when that came: a replay sent it."
            );
        }
        sentence
    }
}

impl fmt::Display for EventOutcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delivered { at, attempts, last } => {
                write!(out, "Delivered at {at}: attempt {attempts}")?;
                write_answer(out, *last)
            }
            Self::Delivering { attempts } => write!(out, "Attempt {} is under way.", attempts + 1),
            Self::Pending { until, why, attempts, last } => {
                out.write_str("Pending")?;
                if let Some(until) = until {
                    write!(out, " until {until}")?;
                }
                write!(out, ": {why}")?;
                if *attempts == 0 {
                    return out.write_str(".");
                }
                write!(out, ". {} failed, the last one", counted(*attempts, "attempt"))?;
                write_answer(out, *last)
            }
            Self::Failed { at, reason, attempts, last } => {
                write!(out, "Failed at {at}: {}", why(*reason))?;
                if *attempts == 0 {
                    return out.write_str(".");
                }
                write!(out, ". The last of {}", counted(*attempts, "attempt"))?;
                write_answer(out, *last)
            }
            Self::Cancelled { at, reason, .. } => write!(out, "Cancelled at {at}: {}.", why(*reason)),
            Self::NotMatched(mismatch) => write!(out, "Not matched: {mismatch}."),
            Self::Inactive { reason, since } => write_inactive(out, *reason, *since),
            Self::CreatedAfter { at } => {
                write!(out, "The subscription was created after the event, at {at}.")
            }
            Self::NotRecorded => out.write_str(
                "What the subscription was when the event came was not recorded: it was changed by an earlier version of \
                 Postroad.",
            ),
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Events { event_type, events } => {
                let names: Vec<_> = events.iter().map(ToString::to_string).collect();
                write!(out, "`events` is {} and does not name {event_type}", listed(&names))
            }
            Self::TagSets { tags, tag_sets } => {
                let sets: Vec<_> = tag_sets.iter().map(|set| format!("[{}]", set.join(", "))).collect();
                let tags = if tags.is_empty() { "which are none".to_owned() } else { listed(tags) };
                write!(
                    out,
                    "no set of `tag_sets`, {}, is within the tags of the event, {tags}",
                    listed(&sets)
                )
            }
            Self::Test => out.write_str("the event was made to test another subscription"),
        }
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Delay => "it is not sent before",
            Self::Group => "further events that come before are sent with it",
            Self::NextAttempt => "its next attempt is due then",
            Self::Breaker => "the receiver keeps failing, so one delivery is tried after each pause",
            Self::RetryAfter => "the receiver asked for a rest",
            Self::Unavailable => "nothing can be sent just now, for a reason that is not the receiver's",
            Self::RateLimit => "the rate limit of the subscription lets the next one go then",
            Self::Order => "the subscription is ordered, and the delivery before it is tried again then",
            Self::ReceiverGone => {
                "the receiver answered 410, so it is held until the subscription is set active or it expires"
            }
            Self::Verification => {
                "the receiver has not passed the handshake of its profile, so it is held until it has or it expires"
            }
            Self::ReceiverBusy => {
                "the receiver has as many requests under way as it may have now, which are few until it has answered"
            }
            Self::Turn => "it waits for its turn",
            Self::FanOut => "the event goes to very many subscriptions, and its delivery is about to be made",
        })
    }
}

fn write_answer(out: &mut fmt::Formatter<'_>, last: Option<LastAnswer>) -> fmt::Result {
    match last {
        Some(LastAnswer::Status(status)) => write!(out, " was answered {status}."),
        Some(LastAnswer::Error(class)) => write!(out, " had no answer ({}).", class.as_str()),
        None => out.write_str(" was made."),
    }
}

fn write_inactive(out: &mut fmt::Formatter<'_>, reason: InactiveReason, since: Timestamp) -> fmt::Result {
    match reason {
        InactiveReason::Paused => write!(out, "Inactive since {since}: the subscription was set inactive."),
        InactiveReason::Gone => write!(out, "Inactive since {since}: its receiver answered 410 Gone."),
        InactiveReason::Failing => {
            write!(out, "Inactive since {since}: its deliveries kept failing, and none succeeded in between.")
        }
        InactiveReason::Unverified => {
            write!(out, "Inactive since {since}: its receiver had not passed the handshake of its profile.")
        }
    }
}

fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::Exhausted => "every attempt of its schedule failed",
        Reason::Expired => "its time was over",
        Reason::BacklogFull => "more waited for the subscription than may, and this was the oldest",
        Reason::Paused => "the subscription was set inactive",
        Reason::Deleted => "the subscription was deleted",
        Reason::Script => "the script of the subscription failed",
        Reason::DroppedByScript => "the script of the subscription chose not to send it",
        Reason::Operator => "somebody cancelled it",
    }
}

fn counted(count: u32, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn listed(names: &[String]) -> String {
    let shown = names.iter().take(NAMES_MAX).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMES_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use postroad_domain::{ErrorClass, EventType};

    use super::*;

    #[test]
    fn every_outcome_is_a_sentence() {
        let at = Timestamp::parse("2026-11-21T20:50:00Z").unwrap();
        let created = EventType::parse("lead.created").unwrap();
        let events = vec![EventType::parse("a").unwrap(), EventType::parse("b").unwrap()];
        let (tags, tag_sets) = (vec!["x".to_owned()], vec![vec!["x".to_owned(), "y".to_owned()]]);
        let busy = (Some(LastAnswer::Status(503)), Some(LastAnswer::Error(ErrorClass::Timeout)));
        for (outcome, sentence) in [
            (
                EventOutcome::Delivered { at, attempts: 2, last: Some(LastAnswer::Status(204)) },
                "Delivered at 2026-11-21T20:50:00Z: attempt 2 was answered 204.",
            ),
            (EventOutcome::Delivering { attempts: 0 }, "Attempt 1 is under way."),
            (
                EventOutcome::Pending { until: Some(at), why: Wait::NextAttempt, attempts: 1, last: busy.0 },
                "Pending until 2026-11-21T20:50:00Z: its next attempt is due then. 1 attempt failed, the last one was \
                 answered 503.",
            ),
            (
                EventOutcome::Pending { until: None, why: Wait::Turn, attempts: 0, last: None },
                "Pending: it waits for its turn.",
            ),
            (
                EventOutcome::Failed { at, reason: Reason::Exhausted, attempts: 10, last: busy.1 },
                "Failed at 2026-11-21T20:50:00Z: every attempt of its schedule failed. The last of 10 attempts had no \
                 answer (timeout).",
            ),
            (
                EventOutcome::NotMatched(Mismatch::Events { event_type: created, events }),
                "Not matched: `events` is a, b and does not name lead.created.",
            ),
            (
                EventOutcome::NotMatched(Mismatch::TagSets { tags, tag_sets }),
                "Not matched: no set of `tag_sets`, [x, y], is within the tags of the event, x.",
            ),
            (
                EventOutcome::Inactive { reason: InactiveReason::Gone, since: at },
                "Inactive since 2026-11-21T20:50:00Z: its receiver answered 410 Gone.",
            ),
            (
                EventOutcome::Inactive { reason: InactiveReason::Failing, since: at },
                "Inactive since 2026-11-21T20:50:00Z: its deliveries kept failing, and none succeeded in between.",
            ),
            (
                EventOutcome::Inactive { reason: InactiveReason::Unverified, since: at },
                "Inactive since 2026-11-21T20:50:00Z: its receiver had not passed the handshake of its profile.",
            ),
        ] {
            assert_eq!(outcome.to_string(), sentence);
        }
    }

    #[test]
    fn a_long_list_is_counted_and_not_told() {
        let names: Vec<_> = (1..=10).map(|number| number.to_string()).collect();
        assert_eq!(listed(&names), "1, 2, 3, 4, 5, 6, 7, 8 and 2 more");
    }
}
