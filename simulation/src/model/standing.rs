//! Whether a subscription was active, as far as that is beyond doubt.

use super::{
    facts::Facts,
    spans::{EVER, Span},
};
use crate::journal::Call;

/// What is known of a subscription over a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It was there and active all the time.
    Active,
    /// It was not.
    Inactive,
    /// It changed, or nobody knows.
    Unsure,
}

/// Something that made a subscription active or not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    /// Some moment within it.
    pub(super) within: Span,
    pub(super) active: bool,
    /// It took effect.
    pub(super) is_sure: bool,
    /// For good.
    pub(super) is_deletion: bool,
}

impl Facts<'_> {
    /// What made a subscription active or not, in the order of asking.
    pub(super) fn turns_of(&self, subscription: usize) -> Vec<Turn> {
        let tenant = self.plan.subscriptions[subscription].tenant;
        let mut turns = Vec::new();
        for asked in &self.calls {
            let (active, is_deletion) = match asked.call {
                Call::Create(of) if of == subscription => {
                    (self.plan.subscriptions[subscription].pace.active, false)
                }
                Call::Change(of, pace) if of == subscription => (pace.active, false),
                Call::Delete(of) if of == subscription => (false, true),
                Call::DeleteTenant(of) if of == tenant => (false, true),
                _ => continue,
            };
            let is_refused = asked.answer.is_some() && !asked.is_done();
            let store_failed = matches!(
                asked.answer,
                Some((_, crate::journal::Answer::Not(crate::journal::Refused::Store(_))))
            );
            if is_refused && !store_failed {
                continue;
            }
            let within = (asked.at, if store_failed { EVER } else { asked.answered_at() });
            turns.push(Turn { within, active, is_sure: asked.is_done(), is_deletion });
        }
        for (at, of) in &self.deactivated {
            if *of == subscription {
                turns.push(Turn { within: (*at, *at), active: false, is_sure: true, is_deletion: false });
            }
        }
        turns.sort_by_key(|turn| turn.within.0);
        turns
    }

    /// What is known of a subscription with these turns over a span.
    pub(super) fn standing(turns: &[Turn], (from, to): Span) -> Standing {
        if turns.iter().any(|turn| turn.within.0 <= to && turn.within.1 >= from) {
            return Standing::Unsure;
        }
        let before: Vec<_> = turns.iter().filter(|turn| turn.within.1 < from).collect();
        if before.iter().any(|turn| turn.is_deletion && turn.is_sure) {
            return Standing::Inactive;
        }
        let Some(last) = before.iter().max_by_key(|turn| turn.within.1) else { return Standing::Inactive };
        let crossed = before.iter().filter(|turn| turn.within.1 > last.within.0).count() > 1;
        match last {
            _ if crossed || !last.is_sure => Standing::Unsure,
            last if last.active => Standing::Active,
            _ => Standing::Inactive,
        }
    }
}
