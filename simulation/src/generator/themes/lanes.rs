//! Themes of single subscriptions: their schedules, orders, rests and backlogs.

use std::time::Duration;

use super::common::{QUICK, profile, spice, tenants};
use crate::generator::draft::{BEGIN, Draft};
use crate::plan::{Behaviour, Step};

/// A dead receiver, and more deliveries than make a breaker open.
pub(super) fn schedule(draft: &mut Draft) {
    draft.busy(60, 400);
    let profile = if draft.draws.chance(80) { "leadhub" } else { "standard" };
    let tenant = draft.tenant(profile);
    let dead = draft.draws.pick(&[
        Behaviour::Refuses,
        Behaviour::Answers { status: 500, after_ms: (0, 50) },
        Behaviour::Closes,
        Behaviour::Silent,
    ]);
    let mut phases = vec![(Duration::ZERO, dead)];
    if draft.draws.chance(50) {
        let moment = draft.moment();
        phases.push((moment, QUICK));
    }
    let host = draft.host(phases);
    let ordered = draft.draws.chance(15);
    draft.subscription(tenant, host).pace.ordered = ordered;
    let count = draft.draws.between(12, 60);
    draft.publisher(tenant, count, 200);
    tenants(draft, (0, 1), (1, 2), (5, 15));
    spice(draft);
}

/// Ordered subscriptions whose receivers fail at times, and people who call the head off.
pub(super) fn order(draft: &mut Draft) {
    if draft.draws.chance(40) {
        return quiet_order(draft);
    }
    draft.busy(30, 120);
    for _ in 0..draft.draws.between(1, 3) {
        let profile = profile(draft);
        let tenant = draft.tenant(profile);
        for _ in 0..draft.draws.between(1, 3) {
            let percent = draft.draws.pick(&[0, 20, 60, 100]);
            let fails = Behaviour::Fails { percent, status: 500, after_ms: (0, 60) };
            let moment = draft.moment();
            let host = draft.host(vec![(Duration::ZERO, fails), (moment, QUICK)]);
            draft.subscription(tenant, host).pace.ordered = true;
            let subscription = draft.plan.subscriptions.len() - 1;
            if draft.draws.chance(60) {
                let from = draft.moment();
                let wait = Step::Wait(draft.draws.seconds(2, 20));
                let cancel = Step::Cancel { subscription, oldest: true };
                draft.thread(from, vec![cancel.clone(), wait.clone(), cancel.clone(), wait, cancel]);
            }
        }
        let count = draft.draws.between(8, 40);
        draft.publisher(tenant, count, 100);
    }
    spice(draft);
}

/// The same where nobody publishes any more when the head is called off: nothing else wakes anybody.
pub(super) fn quiet_order(draft: &mut Draft) {
    draft.busy(60, 120);
    let profile = profile(draft);
    let tenant = draft.tenant(profile);
    let turns = draft.moment();
    let host = draft
        .host(vec![(Duration::ZERO, Behaviour::Answers { status: 500, after_ms: (0, 60) }), (turns, QUICK)]);
    let gap = draft.draws.seconds(40, 300);
    let planned = draft.subscription(tenant, host);
    (planned.pace.ordered, planned.gaps) = (true, planned.gaps.is_some().then(|| vec![gap; 3]));
    let count = draft.draws.between(2, 6);
    let events = draft.events(tenant, count, 100, (0, 1_000));
    draft.thread(BEGIN, vec![Step::Publish(events)]);
    let mut steps = Vec::new();
    for _ in 0..draft.draws.between(1, 4) {
        let wait = draft.draws.seconds(1, 30);
        steps.extend([Step::Wait(wait), Step::Cancel { subscription: 0, oldest: true }]);
    }
    draft.thread(BEGIN + Duration::from_secs(3), steps);
    if draft.draws.chance(20) {
        draft.restart();
    }
}

/// Rate limits, receivers that ask for rests, and people who ask why.
pub(super) fn rests(draft: &mut Draft) {
    draft.busy(30, 120);
    for _ in 0..draft.draws.between(1, 2) {
        let tenant = draft.tenant("standard");
        for _ in 0..draft.draws.between(1, 3) {
            let behaviour = if draft.draws.chance(50) {
                Behaviour::Throttles { percent: 20, seconds: draft.draws.between(2, 20) }
            } else {
                QUICK
            };
            let host = draft.host_that(behaviour);
            let limit = draft.draws.chance(70).then(|| (draft.draws.between(1, 4) as u32, 5_000));
            let ordered = draft.draws.chance(20);
            let planned = draft.subscription(tenant, host);
            (planned.pace.rate_limit, planned.pace.ordered) = (limit, ordered);
            let subscription = draft.plan.subscriptions.len() - 1;
            let from = draft.moment();
            let wait = Step::Wait(draft.draws.seconds(1, 4));
            let asks = (0..6).flat_map(|_| [Step::Explain(subscription), wait.clone()]).collect();
            draft.thread(from, asks);
        }
        let count = draft.draws.between(20, 60);
        draft.publisher(tenant, count, 80);
    }
    spice(draft);
}

/// Receivers that answer 410, each request after a time of its own, and customers who activate again.
pub(super) fn gone(draft: &mut Draft) {
    draft.busy(40, 100);
    for _ in 0..draft.draws.between(1, 2) {
        let tenant = draft.tenant("standard");
        let (one, other) = (draft.moment(), draft.moment());
        let gone = Behaviour::Answers { status: 410, after_ms: (20, 1_900) };
        let phases = vec![(Duration::ZERO, QUICK), (one.min(other), gone), (one.max(other), QUICK)];
        let host = draft.host(phases);
        let planned = draft.subscription(tenant, host);
        (planned.pace.concurrency, planned.event_type) = (8, None);
        let subscription = draft.plan.subscriptions.len() - 1;
        let wait = |millis| Step::Wait(Duration::from_millis(millis));
        let watches = (0..60).flat_map(|_| [wait(300), Step::ActivateIfGone(subscription)]);
        draft.thread(one.min(other), watches.collect());
        let count = draft.draws.between(60, 150);
        draft.publisher(tenant, count, 80);
    }
    spice(draft);
}

/// More waits than may wait.
pub(super) fn backlog(draft: &mut Draft) {
    draft.busy(70, 150);
    draft.plan.backlog_max = Some(draft.draws.between(3, 20));
    let tenant = draft.tenant("standard");
    let slow = Behaviour::Answers { status: 200, after_ms: (500, 4_000) };
    let host = draft.host_that(slow);
    let planned = draft.subscription(tenant, host);
    (planned.pace.concurrency, planned.timeout, planned.event_type) = (2, Duration::from_secs(10), None);
    let ordered = draft.draws.chance(30);
    draft.plan.subscriptions[0].pace.ordered = ordered;
    let count = draft.draws.between(40, 120);
    draft.publisher(tenant, count, 80);
    tenants(draft, (0, 2), (1, 2), (5, 20));
    spice(draft);
}
