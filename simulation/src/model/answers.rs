//! How soon people are answered and outcomes written, and that nothing fails by itself.

use std::time::Duration;

use super::{Rule, Violation, facts::Facts};
use crate::journal::{Answer, Call, Entry, Refused, What};

/// How long a tenant that publishes little may wait for an answer.
const ANSWERED_WITHIN: Duration = Duration::from_secs(3);
/// What is refused so long after a trouble of the disk may be refused for it.
const AFTER_TROUBLE: Duration = Duration::from_secs(5);
/// Commits that may begin before an outcome's own does.
const COMMITS: usize = 8;
/// Outcomes that each further commit may hold.
const OUTCOMES_PER_COMMIT: usize = 200;
/// How long a stop may take beyond its grace.
const STOPPED_WITHIN: Duration = Duration::from_secs(3);

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Violation>) {
    check_calls(facts, found);
    check_outcomes(facts, found);
    check_lives(facts, found);
}

fn check_calls(facts: &Facts<'_>, found: &mut Vec<Violation>) {
    for asked in &facts.calls {
        let Some((answered, answer)) = &asked.answer else { continue };
        if facts.is_troubled((asked.at.saturating_sub(AFTER_TROUBLE), *answered)) {
            continue;
        }
        let is_quiet =
            matches!(asked.call, Call::Publish { tenant, .. } if facts.plan.tenants[tenant].is_quiet);
        let refusals: Vec<&Refused> = match answer {
            Answer::Published(results) => results.iter().filter_map(|result| result.as_ref().err()).collect(),
            Answer::Not(refused) => vec![refused],
            Answer::Done | Answer::Created(_) => Vec::new(),
        };
        if let Some(Refused::Store(why)) =
            refusals.iter().find(|refused| matches!(refused, Refused::Store(_)))
        {
            let text = format!("{:?} failed, and nothing is wrong with the disk: {why}", asked.call);
            found.push(Violation { at: asked.at, rule: Rule::OperationsSucceed, text });
        }
        if is_quiet && refusals.iter().any(|refused| matches!(refused, Refused::Overloaded)) {
            let text = format!("{:?} of a quiet tenant was refused as too much", asked.call);
            found.push(Violation { at: asked.at, rule: Rule::PublishSoon, text });
        }
        let took = *answered - asked.at;
        if is_quiet && took > ANSWERED_WITHIN + 4 * facts.commit_max {
            let text = format!("{:?} of a quiet tenant was answered after {took:?}", asked.call);
            found.push(Violation { at: asked.at, rule: Rule::PublishSoon, text });
        }
    }
}

fn check_outcomes(facts: &Facts<'_>, found: &mut Vec<Violation>) {
    let mut ended: Vec<_> =
        facts.exchanges.iter().filter(|one| one.ended.is_some()).map(|one| one.over).collect();
    ended.sort_unstable();
    let all = facts.deliveries.values().flat_map(|known| &known.recorded);
    let mut written: Vec<_> = all.filter(|(_, recorded)| recorded.tried).map(|(at, _)| *at).collect();
    written.sort_unstable();
    for (id, known) in facts.plain() {
        let exchanges = facts.exchanges_of(known);
        let recorded: Vec<_> = known.recorded.iter().filter(|(_, recorded)| recorded.tried).collect();
        let Some(last) = exchanges.last() else { continue };
        if facts.is_troubled((known.queued[0].0, last.over + AFTER_TROUBLE)) {
            continue;
        }
        for (exchange, (_, recorded)) in exchanges.iter().zip(recorded) {
            // Before the outcome of a 410 the subscription is made inactive, by a transaction of its own.
            if matches!(exchange.ended, Some((_, Ok(410)))) {
                continue;
            }
            let waited = (recorded.commit as usize).saturating_sub(exchange.commits);
            let others = ended.partition_point(|at| *at < exchange.over);
            let others = others.saturating_sub(written.partition_point(|at| *at < exchange.over));
            if waited > COMMITS + others / OUTCOMES_PER_COMMIT {
                let text = format!("the outcome of {id} at {:?} waited for {waited} commits", exchange.over);
                found.push(Violation { at: exchange.over, rule: Rule::OutcomesSoon, text });
            }
        }
    }
}

fn check_lives(facts: &Facts<'_>, found: &mut Vec<Violation>) {
    let mut asked = None;
    for Entry { at, what } in facts.entries {
        let span = |from: Duration| (from.saturating_sub(AFTER_TROUBLE), *at);
        match what {
            What::DidNotStart(why) if !facts.trouble.touch(span(*at)) => {
                let text = format!("the node did not start: {why}");
                found.push(Violation { at: *at, rule: Rule::Starts, text });
            }
            What::StopAsked(grace) => asked = Some((*at, *grace)),
            What::Stopped | What::Starts => {
                let Some((from, grace)) = asked.take() else { continue };
                let took = *at - from;
                let within = grace + STOPPED_WITHIN + 4 * facts.commit_max;
                if took > within && !facts.trouble.touch(span(from)) {
                    let text = format!("a stop with a grace of {grace:?} took {took:?}");
                    found.push(Violation { at: from, rule: Rule::StopSoon, text });
                }
            }
            _ => {}
        }
    }
}
