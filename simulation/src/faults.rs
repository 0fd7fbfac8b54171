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
    // A restart forgets rests and rate limits, as docs/concepts.md says.
    Known { fault: 11, rule: Rule::RestsOverRestart, themes: &[] },
];

/// The known fault behind a broken rule.
pub fn known(theme: Theme, rule: Rule) -> Option<&'static Known> {
    KNOWN
        .iter()
        .find(|known| known.rule == rule && (known.themes.is_empty() || known.themes.contains(&theme)))
}
