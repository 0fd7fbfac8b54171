//! What comes into stories of every theme.

use std::time::Duration;

use crate::generator::draft::Draft;
use crate::plan::{Behaviour, Pace, Step, Trouble};

/// A receiver that takes everything at once.
pub(super) const QUICK: Behaviour = Behaviour::Answers { status: 200, after_ms: (0, 20) };

/// How a receiver of no special kind behaves, now and later.
pub(super) fn phases(draft: &mut Draft) -> Vec<(Duration, Behaviour)> {
    let mut phases = vec![(Duration::ZERO, behaviour(draft))];
    for _ in 0..draft.draws.below(3) {
        let moment = draft.moment();
        phases.push((moment, behaviour(draft)));
    }
    phases.sort_by_key(|(from, _)| *from);
    phases
}

pub(super) fn behaviour(draft: &mut Draft) -> Behaviour {
    let draws = &mut draft.draws;
    match draws.below(12) {
        0..=4 => QUICK,
        5 => Behaviour::Answers { status: 200, after_ms: (200, 1_500) },
        6 => Behaviour::Fails { percent: draws.between(10, 80), status: 500, after_ms: (0, 100) },
        7 => Behaviour::Answers { status: draws.pick(&[400, 404, 500, 502]), after_ms: (0, 50) },
        8 => Behaviour::Refuses,
        9 => Behaviour::Closes,
        10 => Behaviour::Silent,
        _ => Behaviour::Throttles { percent: 30, seconds: draws.between(1, 10) },
    }
}

/// What comes into any story now and then.
pub(super) fn spice(draft: &mut Draft) {
    if draft.draws.chance(30) {
        draft.restart();
    }
    if draft.draws.chance(10) {
        let slow = Trouble::Slow(draft.draws.pick(&[3, 10]) as u32);
        draft.trouble(slow, (1, 10));
    }
    if draft.draws.chance(40) && !draft.plan.subscriptions.is_empty() {
        person(draft);
    }
    if draft.draws.chance(8) {
        draft.plan.retention = Some(draft.draws.seconds(60, 200));
    }
}

/// Somebody who does this and that with a subscription.
pub(super) fn person(draft: &mut Draft) {
    let subscription = draft.draws.below(draft.plan.subscriptions.len() as u64) as usize;
    let pace = draft.plan.subscriptions[subscription].pace;
    let mut steps = Vec::new();
    for _ in 0..draft.draws.between(1, 4) {
        let span = draft.draws.seconds(1, 15);
        let wait = Step::Wait(span);
        match draft.draws.below(8) {
            0 => {
                let paused = Step::Change(subscription, Pace { active: false, ..pace });
                steps.extend([wait.clone(), paused, wait, Step::Change(subscription, pace)]);
            }
            1 => steps.extend([wait, Step::Retry(subscription)]),
            2 => steps.extend([wait, Step::Replay { subscription, all: draft.draws.chance(50) }]),
            3 => steps.extend([wait, Step::Cancel { subscription, oldest: draft.draws.chance(50) }]),
            4 => steps.extend([wait, Step::Explain(subscription)]),
            5 => {
                let concurrency = draft.draws.pick(&[1, 3, 8]) as u32;
                steps.extend([wait, Step::Change(subscription, Pace { concurrency, ..pace })]);
            }
            6 if draft.draws.chance(20) => steps.extend([wait, Step::Delete(subscription)]),
            _ => steps.push(wait),
        }
    }
    let from = draft.moment();
    draft.thread(from, steps);
}

pub(super) fn profile(draft: &mut Draft) -> &'static str {
    if draft.draws.chance(40) { "leadhub" } else { "standard" }
}

/// Tenants with some subscriptions and a publisher each.
pub(super) fn tenants(draft: &mut Draft, count: (u64, u64), subscriptions: (u64, u64), events: (u64, u64)) {
    for _ in 0..draft.draws.between(count.0, count.1) {
        let profile = profile(draft);
        let tenant = draft.tenant(profile);
        for _ in 0..draft.draws.between(subscriptions.0, subscriptions.1) {
            // Some customers have the same receiver, of their own tenant or of another.
            let hosts = draft.plan.hosts.len();
            let host = if hosts > 0 && draft.draws.chance(20) {
                draft.draws.below(hosts as u64) as usize
            } else {
                let phases = phases(draft);
                draft.host(phases)
            };
            let ordered = draft.draws.chance(30);
            let limited = draft.draws.chance(15).then(|| (draft.draws.between(1, 5) as u32, 1_000));
            let planned = draft.subscription(tenant, host);
            planned.pace.ordered = ordered;
            planned.pace.rate_limit = limited;
        }
        let (count, bytes) =
            (draft.draws.between(events.0, events.1), draft.draws.pick(&[60, 300, 2_000, 20_000]) as usize);
        draft.publisher(tenant, count, bytes);
        if draft.draws.chance(20) {
            draft.publisher(tenant, count, 60);
        } else {
            draft.plan.tenants[tenant].is_quiet = true;
        }
    }
}
