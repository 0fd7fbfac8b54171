//! Faults that are known and not mended yet: the rules that their stories break.
//!
//! A rule that stands here is not judged in the suite where its theme is named. Whoever mends a fault takes its rows out; when the
//! table is empty, every story must keep every rule.

use crate::{model::Rule, plan::Theme};

/// A known fault.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Its number in the issue.
    pub fault: u8,
    /// The rule that its stories break.
    pub rule: Rule,
    /// In these themes; empty for all.
    pub themes: &'static [Theme],
}

/// All of them.
pub const KNOWN: &[Known] = &[
    // The breaker slows a promised schedule down.
    Known { fault: 1, rule: Rule::PromiseKept, themes: &[] },
    // While fan-outs and events fill the commits, outcomes wait, and with them ordered lanes.
    Known { fault: 2, rule: Rule::OutcomesSoon, themes: &[Theme::Flood] },
    Known { fault: 2, rule: Rule::NotLate, themes: &[Theme::Flood] },
    // Events stand behind a batch that brings very many rows.
    Known { fault: 3, rule: Rule::PublishSoon, themes: &[Theme::Flood] },
    // What is fanned out later stands behind events that were published behind it.
    Known { fault: 4, rule: Rule::Order, themes: &[Theme::FanOut] },
    // A refill that failed forgets that something is due.
    Known { fault: 5, rule: Rule::Order, themes: &[Theme::Disk] },
    Known { fault: 5, rule: Rule::NotLate, themes: &[Theme::Disk] },
    // Each lane that rests keeps a large delivery.
    Known { fault: 6, rule: Rule::Memory, themes: &[Theme::Memory] },
    // What is due, and what expires, goes by clocks that differ.
    Known { fault: 7, rule: Rule::NotExpired, themes: &[Theme::Clocks] },
    Known { fault: 7, rule: Rule::Order, themes: &[Theme::Clocks] },
    Known { fault: 7, rule: Rule::NotLate, themes: &[Theme::Clocks] },
    Known { fault: 7, rule: Rule::Forgotten, themes: &[Theme::Clocks] },
    // What overflows is sent from memory, and nobody notes that it was taken; nobody tells its lane.
    Known { fault: 8, rule: Rule::SuccessRecorded, themes: &[Theme::Backlog] },
    Known { fault: 8, rule: Rule::NotLate, themes: &[Theme::Backlog] },
    // Large settings cannot be read in one reading.
    Known { fault: 9, rule: Rule::OperationsSucceed, themes: &[Theme::Settings] },
    // A 410 to a request of before the activation deactivates again.
    Known { fault: 10, rule: Rule::DeactivatedRightly, themes: &[] },
    // Our own rate limit is told as the receiver's wish; a restart forgets rests and rate limits.
    Known { fault: 11, rule: Rule::Explained, themes: &[] },
    Known { fault: 11, rule: Rule::RestsOverRestart, themes: &[] },
    // A tenant parked for bytes hides others.
    Known { fault: 12, rule: Rule::NotLate, themes: &[Theme::Bytes] },
    // Nobody wakes the lane whose head was called off.
    Known { fault: 13, rule: Rule::WakesAfterCancel, themes: &[] },
    // Bytes that come late become the answer to the next request on a kept connection.
    Known { fault: 14, rule: Rule::SuccessTrue, themes: &[Theme::Framing] },
];

/// The known fault behind a broken rule.
pub fn known(theme: Theme, rule: Rule) -> Option<&'static Known> {
    KNOWN
        .iter()
        .find(|known| known.rule == rule && (known.themes.is_empty() || known.themes.contains(&theme)))
}
