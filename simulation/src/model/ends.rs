//! How deliveries end: everything does, what was taken is recorded so, nothing expires early, nothing is sent behind its end.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use postroad_domain::{Reason, Status};

use super::{
    Rule, Violation,
    facts::{Facts, Known},
};
use crate::journal::{Call, How};

/// How long an outcome may take to be written where nothing is wrong.
const WRITTEN_WITHIN: Duration = Duration::from_secs(5);
/// What was begun before an answer may still come to the wire for so long.
const UNDER_WAY: Duration = Duration::from_secs(1);

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Violation>) {
    let taken: BTreeSet<_> = facts
        .received
        .iter()
        .filter(|received| matches!(received.answered, Some((200..=299, _))))
        .map(|received| (received.about.subscription, received.about.event))
        .collect();
    for (id, known) in &facts.deliveries {
        let Some(at_last) = &known.at_last else { continue };
        let name = format!("{id} (event {} to s{})", known.event, known.subscription);
        let is_taken = || known.events().any(|event| taken.contains(&(known.subscription, event)));
        if at_last.status == Status::Succeeded && !is_taken() && !facts.answers_unasked(known.subscription) {
            let text = format!("{name} is recorded as taken, and its receiver has taken nothing");
            found.push(Violation { at: facts.lasted, rule: Rule::SuccessTrue, text });
        }
        if at_last.reason == Some(Reason::Expired) {
            check_expired(facts, known, &name, found);
        }
    }
    check_connections(facts, found);
    check_forgotten(facts, found);
    check_once(facts, found);
    check_recorded(facts, found);
    check_sent_after(facts, found);
}

/// A receiver that answers what nobody asked can harm its own tenant only.
fn check_connections(facts: &Facts<'_>, found: &mut Vec<Violation>) {
    let mut tenants = BTreeMap::new();
    for received in &facts.received {
        let tenant = facts.plan.subscriptions[received.about.subscription].tenant;
        let first = *tenants.entry(received.connection).or_insert(tenant);
        if first != tenant {
            let text =
                format!("connection {} of tenant {first} carries tenant {tenant}", received.connection);
            found.push(Violation { at: received.at, rule: Rule::ConnectionOfOne, text });
        }
    }
}

/// No story lasts as long as a delivery lives: only the wall can have ended it.
fn check_expired(facts: &Facts<'_>, known: &Known, name: &str, found: &mut Vec<Violation>) {
    let queued = known.queued.last().map_or(Duration::ZERO, |(at, _)| *at);
    if !facts.has_leapt_ahead((queued, facts.lasted)) {
        let text =
            format!("{name} came at {queued:?} and expired, though the wall has not leapt ahead since");
        found.push(Violation { at: queued, rule: Rule::NotExpired, text });
    }
}

/// Looks for what is too old are made every few seconds, and small steps follow.
const ERASED_WITHIN: Duration = Duration::from_secs(120);

fn check_forgotten(facts: &Facts<'_>, found: &mut Vec<Violation>) {
    let Some(retention) = facts.plan.retention else { return };
    for (id, known) in &facts.deliveries {
        let Some(at_last) = known.at_last.as_ref().filter(|at_last| at_last.status.is_final()) else {
            continue;
        };
        // An event is kept as long as one of its deliveries waits, and as long as a group that it was added to: that is kept as long
        // as its first event, and so on.
        let tenant_of = |subscription: usize| facts.plan.subscriptions[subscription].tenant;
        let tenant = tenant_of(known.subscription);
        let has_groups = facts
            .plan
            .subscriptions
            .iter()
            .any(|planned| planned.tenant == tenant && planned.group.is_some());
        let counts = |subscription: usize, event: u64| {
            if has_groups { tenant_of(subscription) == tenant } else { event == known.event }
        };
        let is_its = |other: &&Known| counts(other.subscription, other.event);
        let waits = |other: &Known| other.at_last.as_ref().is_some_and(|one| !one.status.is_final());
        if facts.deliveries.values().filter(is_its).any(waits) {
            continue;
        }
        let exchanges = facts.exchanges.iter().filter(|one| counts(one.about.subscription, one.about.event));
        let queued = facts.deliveries.values().filter(is_its).filter_map(|other| other.queued.last());
        let queued = queued.map(|(at, _)| *at).max().unwrap_or_default();
        let last = exchanges.map(|one| one.over).max().unwrap_or_default().max(queued);
        let by = last + retention + ERASED_WITHIN;
        if by < facts.lasted {
            let text = format!(
                "{id} is {:?} since {last:?}, and what is older than {retention:?} is to go",
                at_last.status
            );
            return found.push(Violation { at: by, rule: Rule::Forgotten, text });
        }
    }
}

fn check_once(facts: &Facts<'_>, found: &mut Vec<Violation>) {
    for ((subscription, event), ids) in &facts.by_target {
        if facts.plan.subscriptions[*subscription].group.is_some() {
            continue;
        }
        let events: BTreeSet<_> = ids.iter().map(|id| id.first_event().to_string()).collect();
        if events.len() > 1 {
            let text = format!("event {event} to s{subscription} is there as {events:?}");
            found.push(Violation { at: facts.deliveries[&ids[1]].queued[0].0, rule: Rule::Once, text });
        }
    }
}

fn check_recorded(facts: &Facts<'_>, found: &mut Vec<Violation>) {
    for (id, known) in facts.plain() {
        let Some(at_last) = &known.at_last else { continue };
        let succeeded = facts.exchanges_of(known).into_iter().filter(|exchange| exchange.succeeded());
        for exchange in succeeded {
            let written_by = exchange.over + WRITTEN_WITHIN + 4 * facts.commit_max;
            // A node that dies before it could write forgets; so does one that stops while the disk takes nothing.
            let is_lost = facts.is_troubled((exchange.over, written_by));
            if !is_lost && at_last.status != Status::Succeeded {
                let text = format!(
                    "{id} (event {} to s{}) was taken at {:?} and is {:?} {:?}",
                    known.event, known.subscription, exchange.over, at_last.status, at_last.reason
                );
                found.push(Violation { at: exchange.over, rule: Rule::SuccessRecorded, text });
                break;
            }
        }
    }
}

fn check_sent_after(facts: &Facts<'_>, found: &mut Vec<Violation>) {
    for (id, known) in facts.plain() {
        let Some((_, Some(answered))) = known.cancelled else { continue };
        let late =
            facts.exchanges_of(known).into_iter().find(|exchange| exchange.began > answered + UNDER_WAY);
        if let Some(exchange) = late.filter(|exchange| !facts.trouble.touch((answered, exchange.began))) {
            let text = format!("{id} was cancelled at {answered:?} and sent at {:?}", exchange.began);
            found.push(Violation { at: exchange.began, rule: Rule::NothingSentAfter, text });
        }
    }
    for subscription in 0..facts.plan.subscriptions.len() {
        let turns = facts.turns_of(subscription);
        for (index, turn) in turns.iter().enumerate().filter(|(_, turn)| !turn.active && turn.is_sure) {
            let from = turn.within.1;
            let others = turns.iter().enumerate().filter(|(other, _)| *other != index);
            let to = others
                .filter(|(_, other)| other.active && other.within.1 >= turn.within.0)
                .map(|(_, other)| other.within.0)
                .min()
                .unwrap_or(facts.lasted);
            let sent = facts.exchanges.iter().find(|exchange| {
                let began = exchange.began;
                exchange.about.subscription == subscription && began > from + UNDER_WAY && began < to
            });
            if let Some(exchange) = sent.filter(|exchange| !facts.trouble.touch((from, exchange.began))) {
                let text = format!("s{subscription} is inactive from {from:?} and was sent to");
                found.push(Violation { at: exchange.began, rule: Rule::NothingSentAfter, text });
            }
        }
    }
    check_deactivated(facts, found);
}

/// An answer of 410 says nothing of what the customer has activated behind its request.
fn check_deactivated(facts: &Facts<'_>, found: &mut Vec<Violation>) {
    for (at, subscription) in &facts.deactivated {
        // A change of one that is active activates nothing.
        let turns = facts.turns_of(*subscription);
        let was_inactive = |from: Duration| {
            let before = turns.iter().filter(|turn| turn.within.1 <= from);
            before.max_by_key(|turn| turn.within.1).is_none_or(|turn| !turn.active)
        };
        let activated = facts.calls.iter().filter(|asked| {
            matches!(asked.call, Call::Change(of, pace) if of == *subscription && pace.active)
                && asked.is_done()
                && asked.answered_at() < *at
                && was_inactive(asked.at)
        });
        let Some(activated) = activated.map(|asked| asked.at).max() else { continue };
        let is_of_today = facts.exchanges.iter().any(|exchange| {
            let is_gone = matches!(exchange.ended, Some((_, Ok(410))));
            is_gone
                && exchange.about.subscription == *subscription
                && exchange.began >= activated
                && exchange.over <= *at
        });
        if !is_of_today {
            let text = format!(
                "s{subscription} was activated at {activated:?} and deactivated by an answer to an older request"
            );
            found.push(Violation { at: *at, rule: Rule::DeactivatedRightly, text });
        }
    }
}

/// A delivery that somebody has sent again.
pub(super) fn is_again(known: &Known) -> bool {
    known.queued.iter().any(|(_, how)| *how == How::Again)
}
