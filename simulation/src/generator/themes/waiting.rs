//! Deliveries that wait for their time or for further events, and people who call them off or send them now.

use std::time::Duration;

use super::common::{QUICK, phases, spice};
use crate::generator::draft::{BEGIN, Draft};
use crate::plan::{GroupPlan, KEYED_PROFILE, Pace, Step};

/// Some customers with delays, groups or both.
pub(super) fn waiting(draft: &mut Draft) {
    if draft.draws.chance(6) {
        return wide_groups(draft);
    }
    draft.busy(30, 120);
    if draft.draws.chance(50) {
        draft.plan.disk.sync_ms = draft.draws.pick(&[(2, 8), (5, 40), (20, 200)]);
    }
    for _ in 0..draft.draws.between(1, 3) {
        let profile = if draft.draws.chance(70) { KEYED_PROFILE } else { "standard" };
        let tenant = draft.tenant(profile);
        for _ in 0..draft.draws.between(1, 4) {
            let behaviour =
                if draft.draws.chance(50) { vec![(Duration::ZERO, QUICK)] } else { phases(draft) };
            let host = draft.host(behaviour);
            let (delay, group) = (delay(draft), draft.draws.chance(60).then(|| group(draft)));
            let ordered = draft.draws.chance(15);
            let planned = draft.subscription(tenant, host);
            (planned.delay, planned.group, planned.pace.ordered) = (delay, group, ordered);
            let subscription = draft.plan.subscriptions.len() - 1;
            if draft.draws.chance(40) {
                impatient(draft, subscription);
            }
        }
        publishers(draft, tenant);
    }
    for _ in 0..draft.draws.between(0, 2) {
        draft.restart();
    }
    spice(draft);
}

/// More subscriptions with groups than one commit serves: an older event joins a group that a younger one has opened.
fn wide_groups(draft: &mut Draft) {
    draft.busy(10, 30);
    draft.plan.disk.sync_ms = draft.draws.pick(&[(1, 3), (2, 8)]);
    let tenant = draft.tenant(KEYED_PROFILE);
    let quick = draft.host_that(QUICK);
    let group = group(draft);
    for _ in 0..draft.draws.between(205, 240) {
        let planned = draft.subscription(tenant, quick);
        (planned.group, planned.event_type) = (Some(group), None);
    }
    for _ in 0..draft.draws.between(2, 4) {
        let events = draft.events(tenant, 3, 60, (0, 30));
        let from = BEGIN + draft.draws.millis((0, 20));
        draft.thread(from, vec![Step::Publish(events)]);
    }
    if draft.draws.chance(40) {
        draft.restart();
    }
}

fn delay(draft: &mut Draft) -> Duration {
    Duration::from_millis(draft.draws.pick(&[0, 0, 300, 2_000, 3_000, 10_000, 40_000]))
}

fn group(draft: &mut Draft) -> GroupPlan {
    GroupPlan {
        window: Duration::from_millis(draft.draws.pick(&[1_000, 2_000, 5_000, 20_000, 60_000])),
        max_events: draft.draws.chance(60).then(|| draft.draws.pick(&[1, 2, 3, 5, 20]) as u32),
        max_bytes: draft.draws.chance(20).then(|| draft.draws.between(100, 1_000)),
    }
}

/// Somebody with a steady hand, somebody with bursts, somebody who names moments.
fn publishers(draft: &mut Draft, tenant: usize) {
    let count = draft.draws.between(10, 60);
    draft.publisher(tenant, count, 80);
    let mut steps = Vec::new();
    for _ in 0..draft.draws.between(0, 6) {
        let (count, wait) = (draft.draws.between(1, 30), draft.draws.seconds(0, 8));
        steps.extend([Step::Wait(wait), Step::Batch(draft.events(tenant, count, 80, (0, 0)))]);
    }
    let from = draft.moment();
    draft.thread(from, steps);
    let its = draft.plan.subscriptions.iter().filter(|planned| planned.tenant == tenant);
    let has_groups = its.into_iter().any(|planned| planned.group.is_some());
    // What is sent together with others cannot have a moment of its own.
    if !has_groups || draft.draws.chance(10) {
        let count = draft.draws.between(5, 20);
        let mut events = draft.events(tenant, count, 80, (0, 2_000));
        events.deliver_in_ms = draft.draws.pick(&[(0, 5_000), (10_000, 10_000), (1, 60_000)]);
        let from = draft.moment();
        draft.thread(from, vec![Step::Publish(events)]);
    }
}

/// Sends now, calls off, pauses and asks why.
fn impatient(draft: &mut Draft, subscription: usize) {
    let mut steps = Vec::new();
    for _ in 0..draft.draws.between(1, 6) {
        steps.push(Step::Wait(draft.draws.seconds(0, 12)));
        let pace = draft.plan.subscriptions[subscription].pace;
        match draft.draws.below(8) {
            0..=3 => steps.push(Step::SendNow(subscription)),
            4 => steps.push(Step::Cancel { subscription, oldest: draft.draws.chance(50) }),
            5 => {
                let wait = Step::Wait(draft.draws.millis((0, 3_000)));
                let paused = Step::Change(subscription, Pace { active: false, ..pace });
                steps.extend([paused, wait, Step::Change(subscription, pace)]);
            }
            6 => steps.push(Step::Explain(subscription)),
            _ => steps.push(Step::Retry(subscription)),
        }
    }
    let from = draft.moment();
    draft.thread(from, steps);
}
