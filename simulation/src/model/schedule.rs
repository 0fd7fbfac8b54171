//! Schedules: no gap is shortened, each is carried out to its end and not beyond.

use std::time::Duration;

use postroad_domain::{Reason, Status};

use super::{
    Rule, Violation,
    facts::{Facts, Known},
};

/// Timers tick in milliseconds.
pub(super) const TICK: Duration = Duration::from_millis(1);

/// The promised schedule of a subscription.
pub(super) struct Promise {
    pub(super) gaps: Vec<Duration>,
    pub(super) attempts: usize,
    /// Each gap may be so much longer.
    pub(super) jitter_percent: u32,
    /// The receiver may ask for a rest, and say that it is gone.
    pub(super) hears_receiver: bool,
    /// The lane of a receiver that fails again and again may be slowed down.
    pub(super) has_breaker: bool,
}

impl Promise {
    /// The gap behind failure number `index`, counted from zero; at least, and at most.
    pub(super) fn gap(&self, index: usize) -> (Duration, Duration) {
        let gap = self.gaps.get(index).or(self.gaps.last()).copied().unwrap_or_default();
        (gap, gap + gap / 100 * self.jitter_percent)
    }
}

impl Facts<'_> {
    /// What the pages of the two profiles promise.
    pub(super) fn promise_of(&self, subscription: usize) -> Promise {
        let plan = &self.plan.subscriptions[subscription];
        let seconds: (&[u64], u32) = match self.plan.tenants[plan.tenant].profile {
            "leadhub" => (&[60, 120, 240], 0),
            _ => (&[5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400], 10),
        };
        let is_standard = self.plan.tenants[plan.tenant].profile != "leadhub";
        let own = plan.gaps.clone();
        let gaps = own.unwrap_or_else(|| seconds.0.iter().map(|secs| Duration::from_secs(*secs)).collect());
        Promise {
            attempts: gaps.len() + 1,
            gaps,
            jitter_percent: seconds.1,
            hears_receiver: is_standard,
            has_breaker: is_standard,
        }
    }
}

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Violation>) {
    for (id, known) in facts.plain() {
        let exchanges = facts.exchanges_of(known);
        let Some(last) = exchanges.last() else { continue };
        let span = (known.queued[0].0, last.over);
        let turned = facts.turns_of(known.subscription).iter().any(|turn| turn.within.1 >= span.0);
        if facts.is_troubled(span) || turned {
            continue;
        }
        let promise = facts.promise_of(known.subscription);
        let name = format!("{id} (event {} to s{})", known.event, known.subscription);
        check_count(known, exchanges.len(), &promise, &name, found);
        for (index, pair) in exchanges.windows(2).enumerate() {
            let Some(failed_at) = pair[0].failed_at() else {
                let text = format!("{name} was taken at {:?} and sent again", pair[0].over);
                found.push(Violation { at: pair[1].began, rule: Rule::Attempts, text });
                break;
            };
            let earliest = failed_at + promise.gap(index).0;
            let is_early = pair[1].began + TICK < earliest;
            let is_asked_for = || facts.is_sent_now(known.subscription, (span.0, pair[1].began));
            if is_early && !facts.has_leapt_ahead((span.0, pair[1].began)) && !is_asked_for() {
                let text = format!(
                    "{name} failed at {failed_at:?} and was sent at {:?}; its gap is {:?}",
                    pair[1].began,
                    promise.gap(index).0
                );
                found.push(Violation { at: pair[1].began, rule: Rule::NotEarly, text });
            }
        }
    }
}

fn check_count(known: &Known, made: usize, promise: &Promise, name: &str, found: &mut Vec<Violation>) {
    let is_exhausted = known
        .at_last
        .as_ref()
        .is_some_and(|at_last| at_last.status == Status::Failed && at_last.reason == Some(Reason::Exhausted));
    let is_wrong = made > promise.attempts || is_exhausted && made < promise.attempts;
    if is_wrong {
        let text = format!("{name} had {made} attempts of {}", promise.attempts);
        found.push(Violation { at: known.queued[0].0, rule: Rule::Attempts, text });
    }
}
