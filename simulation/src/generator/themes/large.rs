//! Themes that have much of something: targets, rows, bytes, settings. They cost the most.

use std::time::Duration;

use super::common::{QUICK, tenants};
use crate::generator::draft::{BEGIN, Draft};
use crate::plan::{Behaviour, End, Ending, Step};

/// More subscriptions than one commit serves, some of them ordered.
pub(super) fn fan_out(draft: &mut Draft) {
    if draft.draws.chance(15) {
        return wide_fan_out(draft);
    }
    draft.busy(10, 40);
    let tenant = draft.tenant("standard");
    let quick = draft.host_that(QUICK);
    let slow = draft.host_that(Behaviour::Answers { status: 200, after_ms: (50, 300) });
    let percent = draft.draws.pick(&[0, 30, 60]);
    let shaky = draft.host_that(Behaviour::Fails { percent, status: 500, after_ms: (0, 30) });
    for _ in 0..draft.draws.between(210, 280) {
        let ordered = draft.draws.chance(20);
        let usual = if draft.draws.chance(10) { slow } else { quick };
        let host = if ordered { shaky } else { usual };
        // Of some types an event goes to more of them than of others.
        let event_type = (!ordered && draft.draws.chance(60)).then_some(0);
        let planned = draft.subscription(tenant, host);
        (planned.pace.ordered, planned.event_type) = (ordered, event_type);
        planned.gaps = Some(vec![Duration::from_millis(200); 12]);
    }
    let published =
        (0..draft.draws.between(3, 12)).map(|_| Step::Publish(draft.events(tenant, 1, 100, (0, 3))));
    let published = published.collect();
    draft.thread(BEGIN, published);
    // Others keep the commits busy.
    if draft.draws.chance(70) {
        draft.plan.disk.sync_ms = draft.draws.pick(&[(1, 3), (2, 8)]);
        let other = draft.tenant("standard");
        draft.subscription(other, quick);
        for _ in 0..draft.draws.between(2, 5) {
            let events = draft.events(other, 20, 100, (0, 4));
            let from = BEGIN + draft.draws.millis((0, 30));
            draft.thread(from, vec![Step::Publish(events)]);
        }
    }
    if draft.draws.chance(20) {
        draft.restart();
    }
    tenants(draft, (0, 1), (1, 2), (5, 10));
}

/// So many that steps of fan-outs wait for each other, and events to fewer of them that are published behind.
pub(super) fn wide_fan_out(draft: &mut Draft) {
    draft.busy(10, 20);
    draft.plan.disk.sync_ms = (1, 3);
    let tenant = draft.tenant("standard");
    let (dead, quick) = (draft.host_that(Behaviour::Refuses), draft.host_that(QUICK));
    // At most as many as a tenant may have.
    let many = if draft.draws.chance(10) { 940 } else { draft.draws.between(500, 600) };
    for index in 0..many + 60 {
        let is_one_of_many = index < many;
        let ordered = !is_one_of_many && draft.draws.chance(30);
        let planned = draft.subscription(tenant, if is_one_of_many { dead } else { quick });
        (planned.event_type, planned.pace.ordered) = (is_one_of_many.then_some(0), ordered);
        planned.gaps = Some(Vec::new());
    }
    let (mut wide, mut narrow) = (draft.events(tenant, 10, 60, (0, 0)), draft.events(tenant, 6, 60, (0, 5)));
    (wide.event_type, narrow.event_type) = (0, 1);
    draft.thread(BEGIN, vec![Step::Batch(wide), Step::Publish(narrow)]);
}

/// A tenant whose fan-outs fill everything, beside quiet ones.
pub(super) fn flood(draft: &mut Draft) {
    draft.busy(20, 30);
    (draft.plan.disk.sync_ms, draft.plan.disk.row_us) = ((2, 4), 30);
    let loud = draft.tenant("standard");
    let silent = draft.host_that(Behaviour::Silent);
    for _ in 0..draft.draws.between(450, 600) {
        let planned = draft.subscription(loud, silent);
        (planned.event_type, planned.pace.concurrency) = (None, 1);
        planned.timeout = Duration::from_secs(15);
    }
    let quick = draft.host_that(QUICK);
    for _ in 0..3 {
        let quiet = draft.tenant("standard");
        draft.plan.tenants[quiet].is_quiet = true;
        for ordered in [true, false] {
            let planned = draft.subscription(quiet, quick);
            (planned.event_type, planned.pace.ordered) = (None, ordered);
        }
        let events = draft.events(quiet, 60, 100, (50, 400));
        draft.thread(BEGIN, vec![Step::Publish(events)]);
    }
    // One that sends all the time.
    let steady = draft.tenant("standard");
    let steadily = draft.host_that(Behaviour::Answers { status: 200, after_ms: (1, 20) });
    for ordered in [true, false] {
        let planned = draft.subscription(steady, steadily);
        (planned.event_type, planned.pace.ordered) = (None, ordered);
    }
    let events = draft.events(steady, 300, 60, (0, 0));
    draft.thread(BEGIN, vec![Step::Batch(events)]);
    for second in 0..2 {
        let events = draft.events(loud, 170, 60, (0, 0));
        draft.thread(BEGIN + Duration::from_millis(1_000 + second * 20), vec![Step::Batch(events)]);
    }
    // Before everything calms down: nobody wants to see all of it sent.
    let at = draft.plan.calm_from;
    draft.thread(at, vec![Step::DeleteTenant(loud)]);
    if draft.draws.chance(30) {
        let how = Ending::Stop { grace: Duration::from_secs(3) };
        draft.plan.ends.push(End {
            at: BEGIN + Duration::from_secs(2),
            how,
            down_for: Duration::from_secs(1),
        });
    }
}

/// Large events to many subscriptions whose receivers rest.
pub(super) fn memory(draft: &mut Draft) {
    draft.busy(60, 80);
    let tenant = draft.tenant("standard");
    for _ in 0..90 {
        let host = draft.host_that(Behaviour::AsksForRest { status: 503, seconds: 40 });
        let planned = draft.subscription(tenant, host);
        (planned.pace.concurrency, planned.event_type) = (1, None);
        planned.gaps = Some(vec![Duration::from_secs(40); 4]);
    }
    let quiet = draft.tenant("standard");
    draft.plan.tenants[quiet].is_quiet = true;
    let host = draft.host_that(QUICK);
    draft.subscription(quiet, host).event_type = None;
    let events = draft.events(tenant, 3, 1_000_000, (100, 400));
    draft.thread(BEGIN, vec![Step::Publish(events)]);
    let events = draft.events(quiet, 20, 200, (1_000, 3_000));
    draft.thread(BEGIN, vec![Step::Publish(events)]);
    let (at, down_for) = (BEGIN + Duration::from_secs(20), Duration::from_secs(1));
    draft.plan.ends.push(End { at, how: Ending::Kill, down_for });
    let at = draft.plan.calm_from;
    draft.thread(at, vec![Step::DeleteTenant(tenant)]);
}

/// Specifications that are as large as they may be.
pub(super) fn settings(draft: &mut Draft) {
    draft.busy(20, 40);
    let tenant = draft.tenant("standard");
    let host = draft.host_that(QUICK);
    for _ in 0..draft.draws.between(150, 180) {
        let planned = draft.subscription(tenant, host);
        (planned.settings_bytes, planned.event_type) = (120_000, Some(0));
    }
    for subscription in 0..5 {
        draft.plan.subscriptions[subscription].event_type = None;
    }
    draft.publisher(tenant, 6, 100);
    tenants(draft, (1, 1), (1, 2), (5, 10));
    if draft.draws.chance(50) {
        draft.restart();
    }
    let at = draft.plan.calm_from;
    draft.thread(at, vec![Step::DeleteTenant(tenant)]);
}

/// A tenant with large events under way to a receiver that hangs, and one with very many small ones to receivers that are slow.
pub(super) fn bytes(draft: &mut Draft) {
    draft.busy(80, 90);
    // Its receiver answers until its lane has as many exchanges as it may have, and then hangs.
    let large = draft.tenant("standard");
    let answers = Behaviour::Answers { status: 200, after_ms: (1_000, 1_100) };
    let turns = BEGIN + draft.draws.millis((1_400, 1_600));
    let host = draft.host(vec![(Duration::ZERO, answers), (turns, Behaviour::Silent)]);
    let planned = draft.subscription(large, host);
    (planned.pace.concurrency, planned.event_type) = (200, None);
    (planned.timeout, planned.gaps) = (Duration::from_secs(60), Some(Vec::new()));
    let small = draft.tenant("standard");
    let host = draft.host_that(Behaviour::Answers { status: 200, after_ms: (1_200, 14_000) });
    for _ in 0..3 {
        let planned = draft.subscription(small, host);
        (planned.pace.concurrency, planned.event_type) = (250, None);
        planned.timeout = Duration::from_secs(15);
    }
    let warm = draft.events(large, 10, 60, (0, 0));
    draft.thread(BEGIN, vec![Step::Batch(warm)]);
    for number in 0..20 {
        let events = draft.events(large, 5, 1_000_000, (0, 0));
        draft.thread(BEGIN + Duration::from_millis(50 + 15 * number), vec![Step::Batch(events)]);
    }
    let events = draft.events(small, 900, 60, (0, 0));
    draft.thread(BEGIN + Duration::from_millis(20), vec![Step::Batch(events)]);
}
