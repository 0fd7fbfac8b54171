//! Ordered means ordered: by acceptance, among what was acknowledged one after the other.

use std::{collections::BTreeMap, time::Duration};

use super::{Rule, Violation, facts::Facts};
use crate::journal::{Call, How};

/// An accepted event.
#[derive(Clone, Copy, Debug)]
struct Accepted {
    asked: Duration,
    answered: Duration,
}

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Violation>) {
    let accepted = accepted(facts);
    for (subscription, plan) in facts.plan.subscriptions.iter().enumerate() {
        let stays_ordered = facts.calls.iter().all(|asked| match asked.call {
            Call::Change(of, pace) => of != subscription || pace.ordered,
            _ => true,
        });
        // Groups are sent in the order in which they are due.
        if plan.pace.ordered && stays_ordered && plan.group.is_none() {
            check_one(facts, subscription, &accepted, found);
        }
    }
}

fn accepted(facts: &Facts<'_>) -> BTreeMap<u64, Accepted> {
    // One that has a moment of its own is sent then.
    let of_order = facts.published.iter().filter(|(_, published)| published.deliver_at.is_none());
    let accepted = of_order.filter_map(|(event, published)| {
        let (asked, answered) = (published.asked.0, published.accepted?);
        Some((*event, Accepted { asked, answered }))
    });
    accepted.collect()
}

fn check_one(
    facts: &Facts<'_>,
    subscription: usize,
    accepted: &BTreeMap<u64, Accepted>,
    found: &mut Vec<Violation>,
) {
    // What is retried or replayed stands where it was put then.
    let by_themselves = |event: u64| {
        let ids = facts.by_target.get(&(subscription, event));
        ids.is_some_and(|ids| {
            ids.iter().all(|id| facts.deliveries[id].queued.iter().all(|(_, how)| *how != How::Again))
        })
    };
    let sent = facts.by_about.range((subscription, 0)..=(subscription, u64::MAX));
    let mut sent: Vec<_> = sent
        .filter_map(|((_, event), indexes)| {
            let accepted = *accepted.get(event).filter(|_| by_themselves(*event))?;
            let first = facts.exchanges[*indexes.first()?].began;
            let last = facts.exchanges[*indexes.last()?].began;
            Some((*event, accepted, first, last))
        })
        .collect();
    // By acceptance; each is compared with those behind it whose publishing began after its answer.
    sent.sort_by_key(|(_, accepted, _, _)| accepted.answered);
    for (index, (event, before, first, last)) in sent.iter().enumerate() {
        let behind = sent[index + 1..].iter().filter(|(_, after, _, _)| after.asked > before.answered);
        let overtook = behind.min_by_key(|(_, _, first, _)| *first).filter(|(_, _, begun, _)| begun < last);
        if let Some((other, _, begun, _)) = overtook {
            let how = if begun < first { "before" } else { "between the attempts of" };
            let text = format!(
                "s{subscription} is ordered and was sent event {other} at {begun:?}, {how} event {event} \
                 (first at {first:?}, last at {last:?}), which was acknowledged before {other} was published"
            );
            found.push(Violation { at: *begun, rule: Rule::Order, text });
        }
    }
}
