//! Each accepted event goes to each subscription that matched, and to no other.

use std::collections::BTreeMap;

use super::{Rule, Violation, facts::Facts, standing::Standing};
use crate::{
    journal::{Answer, Call, How},
    plan::EVENT_TYPES,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Violation>) {
    let mut turns = BTreeMap::new();
    for asked in &facts.calls {
        let Call::Publish { tenant, first, event_type, .. } = asked.call else { continue };
        let Some((answered, Answer::Published(results))) = &asked.answer else { continue };
        let accepted = (first..).zip(results).filter(|(_, result)| result.is_ok());
        let accepted: Vec<_> = accepted.map(|(event, _)| event).collect();
        if accepted.is_empty() {
            continue;
        }
        let of_tenant = facts.plan.subscriptions.iter().enumerate().filter(|(_, plan)| plan.tenant == tenant);
        for (subscription, plan) in of_tenant {
            let turns = turns.entry(subscription).or_insert_with(|| facts.turns_of(subscription));
            let from = facts.published.get(&first).map_or(asked.at, |published| published.asked.0);
            let standing = Facts::standing(turns, (from, *answered));
            let fits = plan.event_type.is_none_or(|wanted| wanted == event_type);
            let changes_later = turns.iter().any(|turn| turn.within.1 >= from);
            for event in &accepted {
                let ids = facts.by_target.get(&(subscription, *event));
                let wants = fits && standing == Standing::Active;
                let wants_not = !fits || standing == Standing::Inactive;
                // A later step of a fan-out creates nothing that waits for one that was paused or deleted meanwhile.
                if wants && ids.is_none() && !changes_later {
                    let text = format!("event {event} was accepted and has no delivery to s{subscription}");
                    found.push(Violation { at: *answered, rule: Rule::Complete, text });
                }
                let by_itself = |id| facts.deliveries[id].queued[0].1 != How::Again;
                if wants_not && ids.is_some_and(|ids| ids.iter().any(by_itself)) {
                    let text = format!(
                        "event {event} of {} has a delivery to s{subscription}, which does not want it",
                        EVENT_TYPES[event_type]
                    );
                    found.push(Violation { at: *answered, rule: Rule::NotInvented, text });
                }
            }
        }
    }
}
