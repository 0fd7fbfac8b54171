//! Deliveries that wait: none is sent before its time, and each group holds what it should.

use std::{collections::BTreeSet, time::Duration};

use super::{
    Rule, Violation,
    facts::{Facts, Known},
    schedule::TICK,
    spans::Span,
};
use crate::{
    journal::{Call, How},
    plan::{GroupPlan, key_of},
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Violation>) {
    for (id, known) in facts.plain() {
        let plan = &facts.plan.subscriptions[known.subscription];
        let name = format!("{id} (event {} to s{})", known.event, known.subscription);
        check_due(facts, known, &name, found);
        if let (Some(group), Some(_)) = (&plan.group, known.group) {
            check_limits(facts, (known, group), &name, found);
            check_whole(facts, known, &name, found);
        }
    }
    check_one_group(facts, found);
}

impl Facts<'_> {
    /// When a delivery is due at last, where nothing but its delay, its moment and further events keep it.
    pub(super) fn due_at_last(&self, known: &Known) -> Duration {
        let (queued, plan) = (known.queued[0].0, &self.plan.subscriptions[known.subscription]);
        let moment = self.published.get(&known.event).and_then(|published| published.deliver_at);
        let last_joined = known.joined.iter().map(|(at, _)| *at).max().unwrap_or(queued);
        let ready = (last_joined + plan.delay).max(moment.map_or(Duration::ZERO, |(_, last)| last));
        let due = match plan.group.filter(|_| known.group.is_some()) {
            Some(group) if !is_full(known, &group) => ready.max(queued + group.window),
            _ => ready,
        };
        let sent_now = self.calls.iter().filter(|asked| {
            asked.call == Call::SendNow(known.subscription) && asked.is_done() && asked.at > last_joined
        });
        sent_now.map(|asked| asked.answered_at()).min().map_or(due, |at| due.min(at))
    }

    /// Before when a delivery is surely not due.
    fn due_at_first(&self, known: &Known) -> Duration {
        let plan = &self.plan.subscriptions[known.subscription];
        let ready = known.events().filter_map(|event| {
            let published = self.published.get(&event)?;
            let moment = published.deliver_at.map_or(Duration::ZERO, |(first, _)| first);
            Some(moment.max(published.asked.0 + plan.delay))
        });
        let ready = ready.max().unwrap_or_default();
        let Some(group) = plan.group.filter(|_| known.group.is_some()) else { return ready };
        let may_be_full = is_full(known, &group) || may_be_full_of_bytes(self, known, &group);
        let opened = self.published.get(&known.event).map_or(Duration::ZERO, |published| published.asked.0);
        if may_be_full { ready } else { ready.max(opened + group.window) }
    }
}

fn is_full(known: &Known, group: &GroupPlan) -> bool {
    group.max_events.is_some_and(|max| known.events().count() >= max as usize)
}

/// Whether the next event may have been too large for it.
fn may_be_full_of_bytes(facts: &Facts<'_>, known: &Known, group: &GroupPlan) -> bool {
    let largest = facts.published.values().map(|published| published.bytes).max().unwrap_or(0);
    // An event of few bytes has more than it was asked for, for its number.
    group.max_bytes.is_some_and(|max| bytes_of(facts, known) + largest + 64 > max)
}

fn bytes_of(facts: &Facts<'_>, known: &Known) -> u64 {
    known.events().filter_map(|event| facts.published.get(&event)).map(|published| published.bytes).sum()
}

fn check_due(facts: &Facts<'_>, known: &Known, name: &str, found: &mut Vec<Violation>) {
    let exchanges = facts.exchanges_of(known);
    let (Some(first), Some(published)) = (exchanges.first(), facts.published.get(&known.event)) else {
        return;
    };
    let (began, due) = (first.began, facts.due_at_first(known));
    let span: Span = (published.asked.0, began);
    // A moment is one of the wall, which may have been set back.
    let is_in_doubt = facts.has_leapt_ahead(span)
        || published.deliver_at.is_some() && !facts.leaps.is_empty()
        || facts.is_sent_now(known.subscription, (known.queued[0].0, began));
    if began + TICK < due && !is_in_doubt {
        let text = format!("{name} was sent at {began:?}, and is not due before {due:?}");
        found.push(Violation { at: began, rule: Rule::NotBeforeDue, text });
    }
}

fn check_limits(
    facts: &Facts<'_>,
    (known, group): (&Known, &GroupPlan),
    name: &str,
    found: &mut Vec<Violation>,
) {
    let opened = known.queued[0].0;
    let mut broken = |at: Duration, text: String| {
        found.push(Violation { at, rule: Rule::GroupLimits, text: format!("{name} {text}") });
    };
    let count = known.events().count();
    if group.max_events.is_some_and(|max| count > max as usize) {
        broken(opened, format!("has {count} events of {:?}", group.max_events));
    }
    let bytes = bytes_of(facts, known);
    if count > 1 && group.max_bytes.is_some_and(|max| bytes > max) {
        broken(opened, format!("has {bytes} bytes of {:?}", group.max_bytes));
    }
    let keys: BTreeSet<_> = known.events().map(key_of).collect();
    let has_keys = facts.plan.tenants[facts.plan.subscriptions[known.subscription].tenant].profile
        == crate::plan::KEYED_PROFILE;
    if has_keys && keys.len() > 1 {
        broken(opened, format!("has events of the keys {keys:?}"));
    }
    // A node that does not know how long it was down has lost so much time.
    let closed = opened + group.window + facts.lost;
    for (at, event) in &known.joined {
        let asked = facts.published.get(event).map_or(Duration::ZERO, |published| published.asked.0);
        if asked > closed + TICK {
            broken(*at, format!("was opened at {opened:?} and took event {event} of {asked:?}"));
        }
    }
}

fn check_whole(facts: &Facts<'_>, known: &Known, name: &str, found: &mut Vec<Violation>) {
    let events: BTreeSet<_> = known.events().collect();
    let mut broken = |at: Duration, text: String| {
        found.push(Violation { at, rule: Rule::GroupWhole, text: format!("{name} {text}") });
    };
    if let Some(at_last) = known.at_last.as_ref()
        && at_last.event_count as usize != events.len()
    {
        broken(facts.lasted, format!("has {} events in the end, of {}", at_last.event_count, events.len()));
    }
    for exchange in facts.exchanges_of(known) {
        let carried: BTreeSet<_> = exchange.carried.iter().copied().collect();
        if carried != events || exchange.carried.len() != events.len() {
            let text = format!("was sent with the events {:?}, and has {events:?}", exchange.carried);
            return broken(exchange.began, text);
        }
        let accepted: Vec<_> =
            exchange.carried.iter().filter_map(|event| Some((*event, facts.published.get(event)?))).collect();
        for (index, (event, published)) in accepted.iter().enumerate() {
            let behind = &accepted[index + 1..];
            let before =
                behind.iter().find(|(_, behind)| behind.accepted.is_some_and(|at| at < published.asked.0));
            if let Some((before, _)) = before {
                let text =
                    format!("was sent with event {event} before {before}, which was acknowledged earlier");
                return broken(exchange.began, text);
            }
        }
    }
}

fn check_one_group(facts: &Facts<'_>, found: &mut Vec<Violation>) {
    for ((subscription, event), ids) in &facts.by_target {
        if facts.plan.subscriptions[*subscription].group.is_none() {
            continue;
        }
        let by_themselves: Vec<_> =
            ids.iter().filter(|id| facts.deliveries[id].queued[0].1 != How::Again).collect();
        if by_themselves.len() > 1 {
            let text = format!("event {event} comes to s{subscription} in {by_themselves:?}");
            let at = facts.deliveries[by_themselves[1]].queued[0].0;
            found.push(Violation { at, rule: Rule::OneGroup, text });
        }
    }
}
