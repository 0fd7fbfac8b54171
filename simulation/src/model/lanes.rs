//! Nothing waits without a reason of its own subscription.
//!
//! A delivery that is due goes out, unless its subscription's own limits say otherwise: as many exchanges as it may have are under
//! way, its rate limit, the one before it, the rest that its receiver asked for, or that it is not active. What others do is no
//! reason, but for a share of everything that is used up.

use std::{collections::BTreeMap, time::Duration};

use postroad_domain::{DeliveryId, Reason, Status};

use super::{
    Rule, Violation,
    ends::is_again,
    facts::{Asked, Exchange, Facts, Known},
    schedule::Promise,
    spans::{EVER, Span, Spans},
    standing::Turn,
};
use crate::{clock::WALL_AT_START, journal::Call, plan::Behaviour};

/// How long a delivery that is due may wait for nothing.
const TOLERANCE: Duration = Duration::from_secs(3);
/// When the wall leaps ahead, what is due by it then is found by the next look at the clock, of which there is one in half a
/// minute.
const AFTER_LEAP: Duration = Duration::from_secs(31);
/// Failures in a row that open a breaker, and its longest pause with a second more.
const BREAKER: (u32, Duration) = (10, Duration::from_secs(61));
/// Exchanges under way of a tenant, and of all, from which on shares may be used up.
const SHARES: (i64, i64) = (300, 700);
/// Bytes of events under way of a tenant from which on its share of them may be used up.
const SHARE_BYTES: i64 = 50_000_000;

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Violation>) {
    let mut by_subscription: BTreeMap<usize, Vec<(&DeliveryId, &Known)>> = BTreeMap::new();
    for (id, known) in &facts.deliveries {
        by_subscription.entry(known.subscription).or_default().push((id, known));
    }
    let mut exchanges: BTreeMap<usize, Vec<&Exchange>> = BTreeMap::new();
    for exchange in &facts.exchanges {
        exchanges.entry(exchange.about.subscription).or_default().push(exchange);
    }
    let bytes_of = |exchange: &Exchange| {
        let published = facts.published.get(&exchange.about.event);
        published.map_or(0, |published| published.bytes as i64)
    };
    let all = crowded(facts.exchanges.iter(), |_| 1, SHARES.1);
    let mut tenants = BTreeMap::new();
    for (subscription, mut deliveries) in by_subscription {
        let tenant = facts.plan.subscriptions[subscription].tenant;
        let of_tenant = tenants.entry(tenant).or_insert_with(|| {
            let is_its =
                |exchange: &&Exchange| facts.plan.subscriptions[exchange.about.subscription].tenant == tenant;
            let its = || facts.exchanges.iter().filter(is_its);
            let mut crowds = crowded(its(), |_| 1, SHARES.0);
            crowds.extend(crowded(its(), bytes_of, SHARE_BYTES));
            crowds
        });
        deliveries.sort_by_key(|(_, known)| known.place);
        let made = exchanges.get(&subscription).map_or(&[][..], Vec::as_slice);
        let lane = Lane::new(facts, subscription, made, [&all, &*of_tenant]);
        lane.check(&deliveries, found);
    }
}

/// When at least so much is under way, each exchange counted as it weighs.
fn crowded<'a>(
    exchanges: impl Iterator<Item = &'a Exchange>,
    weight: impl Fn(&Exchange) -> i64,
    at_least: i64,
) -> Vec<Span> {
    let mut turns: Vec<_> =
        exchanges.flat_map(|one| [(one.began, weight(one)), (one.over, -weight(one))]).collect();
    turns.sort_unstable();
    let (mut under_way, mut since, mut spans) = (0, None, Vec::new());
    for (at, change) in turns {
        under_way += change;
        if under_way >= at_least {
            since.get_or_insert(at);
        } else {
            spans.extend(since.take().map(|from| (from, at + Duration::from_secs(1))));
        }
    }
    spans
}

/// The lane of a subscription.
struct Lane<'a> {
    facts: &'a Facts<'a>,
    subscription: usize,
    promise: Promise,
    turns: Vec<Turn>,
    /// When it is excused.
    excused: Spans,
    /// When it were, if its profile let a lane that fails be slowed down.
    excused_if_slowed: Spans,
    /// Seconds that its receiver may ask for.
    rest: Duration,
    is_ordered: bool,
    /// When deliveries of it were called off.
    called_off: Vec<Duration>,
}

impl<'a> Lane<'a> {
    fn new(facts: &'a Facts<'a>, subscription: usize, made: &[&Exchange], crowds: [&Vec<Span>; 2]) -> Self {
        let plan = &facts.plan.subscriptions[subscription];
        let (promise, turns) = (facts.promise_of(subscription), facts.turns_of(subscription));
        let rests = facts.plan.hosts[plan.host].phases.iter().filter_map(|(_, behaviour)| match behaviour {
            Behaviour::AsksForRest { seconds, .. } | Behaviour::Throttles { seconds, .. } => Some(*seconds),
            _ => None,
        });
        let rest = Duration::from_secs(rests.max().unwrap_or(0));
        let paces = facts.calls.iter().filter_map(|asked| match asked.call {
            Call::Change(of, pace) if of == subscription => Some(pace),
            _ => None,
        });
        let paces: Vec<_> = paces.chain([plan.pace]).collect();
        let mut excused: Vec<Span> = crowds.into_iter().flatten().copied().collect();
        let concurrency = paces.iter().map(|pace| pace.concurrency).min().unwrap_or(1);
        for (count, per_ms) in paces.iter().filter_map(|pace| pace.rate_limit) {
            excused.extend(paced(made, count as usize, Duration::from_millis(per_ms)));
        }
        if promise.hears_receiver {
            let asked = made.iter().filter(|one| matches!(one.ended, Some((_, Ok(429 | 503)))));
            excused.extend(asked.map(|one| (one.over, one.over + rest + Duration::from_millis(600))));
        }
        excused.extend(inactive(&turns));
        let ahead = facts.leaps.iter().filter(|(_, seconds)| *seconds > 0);
        excused.extend(ahead.map(|(at, _)| (*at, *at + AFTER_LEAP)));
        let is_ordered = paces.iter().any(|pace| pace.ordered);
        let excused_by = |has_breaker| {
            let busy = busy(made, concurrency, has_breaker);
            Spans::of(excused.iter().copied().chain(busy).collect())
        };
        let (excused, excused_if_slowed) = (excused_by(promise.has_breaker), excused_by(true));
        let cancels = facts
            .calls
            .iter()
            .filter(|asked| matches!(asked.call, Call::Cancel(of, _) if of == subscription));
        let called_off = cancels.map(Asked::answered_at).collect();
        Self { facts, subscription, promise, turns, excused, excused_if_slowed, rest, is_ordered, called_off }
    }

    fn check(&self, deliveries: &[(&DeliveryId, &Known)], found: &mut Vec<Violation>) {
        let again_from = deliveries.iter().filter(|(_, known)| is_again(known));
        let again_from = again_from.map(|(_, known)| known.queued[known.queued.len() - 1].0).min();
        let mut before_ended = Duration::ZERO;
        // Which comes before which is not told by their events where they wait for different times.
        let has_moments = || {
            let mut events =
                deliveries.iter().filter_map(|(_, known)| self.facts.published.get(&known.event));
            events.any(|published| published.deliver_at.is_some())
        };
        let has_group = self.facts.plan.subscriptions[self.subscription].group.is_some();
        if self.is_ordered && (has_group || has_moments()) {
            return;
        }
        for (id, known) in deliveries {
            let is_in_doubt = self.is_ordered && again_from.is_some_and(|from| from <= known.queued[0].0);
            if is_in_doubt {
                return;
            }
            let is_alone = self.facts.by_target[&(known.subscription, known.event)].len() == 1;
            if known.is_plain() && is_alone {
                self.check_one(id, known, before_ended, found);
            }
            if self.is_ordered {
                before_ended = before_ended.max(self.ended(known));
            }
        }
    }

    fn check_one(&self, id: &DeliveryId, known: &Known, before_ended: Duration, found: &mut Vec<Violation>) {
        let (mut due, mut failures) = (Some(self.facts.due_at_last(known)), 0);
        for exchange in self.facts.exchanges_of(known) {
            let Some(since) = due else { return };
            self.wait(id, known, (since.max(before_ended), exchange.began), found);
            due = match exchange.failed_at() {
                _ if exchange.succeeded() => None,
                None => Some(exchange.over),
                Some(at) => {
                    failures += 1;
                    let asked = if self.promise.hears_receiver { self.rest } else { Duration::ZERO };
                    let gap = self.latest_gap(failures, known.queued[0].0).max(asked);
                    (failures < self.promise.attempts).then_some(at + gap)
                }
            };
        }
        let Some(since) = due.map(|due| due.max(before_ended)) else { return };
        let Some(at_last) = &known.at_last else { return };
        let until = if at_last.status == Status::Queued { self.facts.lasted } else { self.ended(known) };
        if until < EVER {
            self.wait(id, known, (since, until), found);
        }
    }

    /// The longest gap behind so many failures. Those whose outcome a node that died has not written do not count.
    fn latest_gap(&self, failures: usize, since: Duration) -> Duration {
        let may_be_lost = self.facts.falls.iter().any(|fall| *fall >= since);
        let earliest = if may_be_lost { 0 } else { failures - 1 };
        (earliest..failures).map(|index| self.promise.gap(index).1).max().unwrap_or_default()
    }

    fn wait(&self, id: &DeliveryId, known: &Known, (since, until): Span, found: &mut Vec<Violation>) {
        if until <= since {
            return;
        }
        let tolerance = TOLERANCE + 6 * self.facts.commit_max + self.facts.lost;
        let unexcused = |lane: &Spans| {
            let gap = lane.longest_gap((since, until));
            // What was not excused by the lane may be by the node.
            let gap = self.facts.trouble.longest_gap(gap);
            Some(self.facts.down.longest_gap(gap)).filter(|(from, to)| *to - *from > tolerance)
        };
        let Some((from, to)) = unexcused(&self.excused) else { return };
        let was_slowed = unexcused(&self.excused_if_slowed).is_none();
        let was_called_off = self.called_off.contains(&since);
        let rule = match () {
            () if was_slowed => Rule::PromiseKept,
            () if was_called_off => Rule::WakesAfterCancel,
            () => Rule::NotLate,
        };
        let text = format!(
            "{id} (event {} to s{}) was due at {since:?} and waited for nothing from {from:?} to {to:?}",
            known.event, self.subscription
        );
        found.push(Violation { at: from, rule, text });
    }

    /// When a delivery has surely ended.
    fn ended(&self, known: &Known) -> Duration {
        let Some(at_last) = &known.at_last else { return EVER };
        let last = self.facts.exchanges_of(known).last().map(|exchange| exchange.over);
        match (at_last.status, at_last.reason) {
            (Status::Succeeded, _) | (Status::Failed, Some(Reason::Exhausted)) => last.unwrap_or(EVER),
            (Status::Cancelled, Some(Reason::Operator)) => {
                known.cancelled.and_then(|(_, answered)| answered).unwrap_or(EVER)
            }
            (Status::Cancelled, _) => {
                let from = known.queued[0].0;
                let turn = self.turns.iter().find(|turn| !turn.active && turn.within.1 >= from);
                turn.map_or(EVER, |turn| turn.within.1)
            }
            (Status::Failed, _) if self.facts.leaps.is_empty() => {
                at_last.finished_at.map_or(EVER, |at| at.since(WALL_AT_START))
            }
            _ => EVER,
        }
    }
}

/// When it has as many exchanges under way as it may have.
fn busy(made: &[&Exchange], concurrency: u32, has_breaker: bool) -> Vec<Span> {
    // One that took no time that can be measured ends behind its beginning all the same.
    let over = |one: &Exchange| one.over.max(one.began + Duration::from_nanos(1));
    let mut turns: Vec<_> =
        made.iter().flat_map(|one| [(one.began, true, one), (over(one), false, one)]).collect();
    turns.sort_by_key(|(at, begins, _)| (*at, *begins));
    let (mut under_way, mut answers, mut failures, mut is_slowed) = (0_u32, 0_u32, 0_u32, false);
    let (mut busy_since, mut spans) = (None, Vec::new());
    for (at, begins, exchange) in turns {
        // A lane that has nothing any more is forgotten, and begins with one exchange at a time.
        if begins && under_way == 0 {
            answers = 0;
        }
        if begins {
            under_way += 1;
        } else {
            under_way = under_way.saturating_sub(1);
            answers += 1;
            if exchange.succeeded() {
                is_slowed &= failures > 0 || answers < concurrency.max(10);
                failures = 0;
            } else {
                failures += 1;
                is_slowed |= has_breaker && failures >= BREAKER.0;
                if is_slowed {
                    spans.push((at, at + BREAKER.1));
                }
            }
        }
        let ramp = 4_u32.saturating_pow(answers.min(8));
        let allowed = if is_slowed { 1 } else { concurrency.min(256).min(ramp) };
        if under_way >= allowed {
            busy_since.get_or_insert(at);
        } else {
            spans.extend(busy_since.take().map(|from| (from, at)));
        }
    }
    spans.extend(busy_since.map(|from| (from, EVER)));
    spans
}

/// When its rate limit keeps the next exchange back.
fn paced(made: &[&Exchange], count: usize, per: Duration) -> Vec<Span> {
    let mut began: Vec<_> = made.iter().map(|one| one.began).collect();
    began.sort_unstable();
    began.windows(count.max(1)).map(|window| (window[window.len() - 1], window[0] + per)).collect()
}

/// When it is not active, or is being changed.
fn inactive(turns: &[Turn]) -> Vec<Span> {
    let after = Duration::from_secs(2);
    let of = |(index, turn): (usize, &Turn)| {
        let later = turns[index..].iter().filter(|later| later.active && later.within.0 >= turn.within.0);
        let until =
            if turn.active { turn.within.1 } else { later.map(|later| later.within.1).min().unwrap_or(EVER) };
        (turn.within.0, until.min(EVER - after) + after)
    };
    turns.iter().enumerate().map(of).collect()
}
