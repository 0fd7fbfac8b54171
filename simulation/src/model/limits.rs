//! Limits are kept, and what is said of them is true.

use std::time::Duration;

use postroad_domain::limits::LANES_BYTES_MAX;

use super::{Rule, Violation, facts::Facts};
use crate::{
    journal::{Call, Entry, What},
    plan::Behaviour,
};

/// What memory may hold beyond its bound: the last delivery that was taken in, of some tenants.
const MEMORY_BEYOND: u64 = 16 * 1024 * 1024;
/// Timers tick in milliseconds.
const TICK: Duration = Duration::from_millis(2);

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Violation>) {
    for Entry { at, what } in facts.entries {
        match what {
            What::Memory(bytes) if *bytes > LANES_BYTES_MAX as u64 + MEMORY_BEYOND => {
                let text = format!("deliveries that wait take {} MiB of memory", bytes / 1024 / 1024);
                found.push(Violation { at: *at, rule: Rule::Memory, text });
            }
            What::Rescued(lanes) => {
                let text = format!("{lanes} lanes stood still until a look that nobody asked for");
                found.push(Violation { at: *at, rule: Rule::NobodyRescued, text });
            }
            What::Explained(subscription, delivery, why, until)
                if !may_wait_for(facts, *subscription, why, *at) =>
            {
                let text =
                    format!("{delivery} of s{subscription} waits for {why} until {until:?}, it is said");
                found.push(Violation { at: *at, rule: Rule::Explained, text });
            }
            _ => {}
        }
    }
    for subscription in 0..facts.plan.subscriptions.len() {
        check_pace(facts, subscription, found);
    }
}

/// Whether there was ever a reason for such a wait.
fn may_wait_for(facts: &Facts<'_>, subscription: usize, why: &str, at: Duration) -> bool {
    let ended = facts.exchanges.iter().filter(|one| one.about.subscription == subscription && one.over <= at);
    let failed = ended.clone().filter(|one| one.failed_at().is_some()).count();
    let plan = &facts.plan.subscriptions[subscription];
    let paces = facts.calls.iter().filter_map(|asked| match asked.call {
        Call::Change(of, pace) if of == subscription => Some(pace),
        _ => None,
    });
    let mut paces = paces.chain([plan.pace]);
    match why {
        "retry_after" => ended.clone().any(|one| matches!(one.ended, Some((_, Ok(429 | 503))))),
        "rate_limit" => paces.any(|pace| pace.rate_limit.is_some()),
        "delay" => {
            let of_tenant = |call: &Call| matches!(call, Call::Publish { tenant, deliver_at: Some(_), .. } if *tenant == plan.tenant);
            !plan.delay.is_zero() || facts.calls.iter().any(|asked| of_tenant(&asked.call))
        }
        "group" => plan.group.is_some(),
        "order" => paces.any(|pace| pace.ordered),
        "breaker" => failed >= 10,
        "receiver_gone" => facts.deactivated.iter().any(|(_, of)| *of == subscription),
        _ => true,
    }
}

fn check_pace(facts: &Facts<'_>, subscription: usize, found: &mut Vec<Violation>) {
    let plan = &facts.plan.subscriptions[subscription];
    let is_changed =
        facts.calls.iter().any(|asked| matches!(asked.call, Call::Change(of, _) if of == subscription));
    let made: Vec<_> =
        facts.exchanges.iter().filter(|exchange| exchange.about.subscription == subscription).collect();
    if is_changed || !facts.leaps.is_empty() {
        return;
    }
    if let Some((count, per_ms)) = plan.pace.rate_limit {
        let mut began: Vec<_> = made.iter().map(|one| one.began).collect();
        began.sort_unstable();
        let per = Duration::from_millis(per_ms);
        // The first exchange of a lane may begin before its limit is known.
        let many = began
            .windows(count as usize + 2)
            .find(|window| window[window.len() - 1] + TICK < window[0] + per);
        if let Some(window) = many {
            let text = format!("s{subscription} was sent {} within {per:?} from {:?}", count + 2, window[0]);
            let died = facts.falls.iter().any(|fall| *fall >= window[0] && *fall <= window[window.len() - 1]);
            let rule = if died { Rule::RestsOverRestart } else { Rule::RestsKept };
            found.push(Violation { at: window[0], rule, text });
        }
    }
    let is_standard = facts.plan.tenants[plan.tenant].profile != "leadhub";
    let [(_, Behaviour::AsksForRest { seconds, .. } | Behaviour::Throttles { seconds, .. })] =
        facts.plan.hosts[plan.host].phases[..]
    else {
        return;
    };
    // The events of a group are read when its turn has come, and the commits that were under way are waited for.
    let of_group = Duration::from_millis(20) + 2 * facts.commit_max;
    let begins_within = if plan.group.is_some() { of_group } else { TICK };
    for asked in made.iter().filter(|one| is_standard && matches!(one.ended, Some((_, Ok(429 | 503))))) {
        // What was under way goes on; what is given back for a moment may just have begun.
        let (from, to) = (asked.over + begins_within, asked.over + Duration::from_secs(seconds));
        let to = to.min(facts.plan.calm_from);
        if let Some(sent) = made.iter().find(|one| one.began > from && one.began + TICK < to) {
            let text = format!(
                "the receiver of s{subscription} asked at {:?} for {seconds} s of rest, and was sent to",
                asked.over
            );
            let died = facts.falls.iter().any(|fall| *fall >= asked.over && *fall <= sent.began);
            let rule = if died { Rule::RestsOverRestart } else { Rule::RestsKept };
            found.push(Violation { at: sent.began, rule, text });
            return;
        }
    }
}
