//! Faults that are known and not mended yet: the rules that their stories break.
//!
//! A rule that stands here is not judged in the suite where its theme is named. Whoever mends a fault takes its rows out; when the
//! table is empty, every story must keep every rule.
//!
//! What the seeds from 0 to 999 found in the engine before any of them was mended: in how many stories, the first of them, and
//! the rules that they broke. A rule may tell of several faults; `survey` tells it again:
//! `cargo run --example survey -- 0..1000`.
//!
//! | fault | stories of 1,000 | first seeds | rules |
//! |---|---|---|---|
//! | 1 promised schedule | 147 | 11, 12, 24 | [`Rule::PromiseKept`] |
//! | 2 outcomes starve beside fan-outs | 7 | 115, 413, 447 | [`Rule::OutcomesSoon`], [`Rule::NotLate`] of ordered lanes |
//! | 3 batches stall everybody's publishing | 7 | 115, 413, 447 | [`Rule::PublishSoon`] |
//! | 4 order broken by fan-outs | 28 | 63, 158, 168 | [`Rule::Order`] |
//! | 5 a failed refill forgets | 12 | 59, 72, 375 | [`Rule::Order`] |
//! | 6 memory of lanes | 9 | 68, 376, 424 | [`Rule::Memory`] |
//! | 7 clocks | 49 | 8, 51, 98 | [`Rule::NotExpired`], [`Rule::NotLate`], [`Rule::Forgotten`], [`Rule::Order`] |
//! | 8 overflow of a backlog | 28 | 33, 107, 118 | [`Rule::SuccessRecorded`], [`Rule::NotLate`] of ordered lanes |
//! | 9 settings that cannot be read any more | 17 | 173, 208, 275 | [`Rule::OperationsSucceed`] |
//! | 10 an old 410 | 65 | 15, 22, 41 | [`Rule::DeactivatedRightly`] |
//! | 11 names of waits, rests over a restart | 52 | 16, 50, 53 | [`Rule::Explained`], [`Rule::RestsOverRestart`] |
//! | 12 a tenant parked for bytes | 8 | 65, 88, 336 | [`Rule::NotLate`] |
//! | 13 nobody wakes an ordered lane | 30 | 36, 56, 58 | [`Rule::WakesAfterCancel`] |
//! | 14 late bytes become the next answer | 18 | 102, 198, 266 | [`Rule::SuccessTrue`] |

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
