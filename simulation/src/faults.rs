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
//! | 14 late bytes become the next answer | 18 | 102, 198, 266 | [`Rule::SuccessTrue`], now also [`Rule::ConnectionOfOne`] |

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
    // A restart forgets rests and rate limits, as docs/concepts.md says.
    Known { fault: 11, rule: Rule::RestsOverRestart, themes: &[] },
];

/// The known fault behind a broken rule.
pub fn known(theme: Theme, rule: Rule) -> Option<&'static Known> {
    KNOWN
        .iter()
        .find(|known| known.rule == rule && (known.themes.is_empty() || known.themes.contains(&theme)))
}
