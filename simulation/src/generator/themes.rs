//! What each theme has much of.

use std::time::Duration;

use super::draft::{BEGIN, Draft};
use crate::plan::{Behaviour, End, Ending, Pace, Step, Theme, Trouble};

const DAY: i64 = 24 * 3_600;
const QUICK: Behaviour = Behaviour::Answers { status: 200, after_ms: (0, 20) };

/// Fills a story.
pub(super) fn fill(draft: &mut Draft, theme: Theme) {
    match theme {
        Theme::Mixture => mixture(draft),
        Theme::Schedule => schedule(draft),
        Theme::Order => order(draft),
        Theme::FanOut => fan_out(draft),
        Theme::Flood => flood(draft),
        Theme::Clocks => clocks(draft),
        Theme::Disk => disk(draft),
        Theme::Backlog => backlog(draft),
        Theme::Gone => gone(draft),
        Theme::Memory => memory(draft),
        Theme::Settings => settings(draft),
        Theme::Rests => rests(draft),
        Theme::Bytes => bytes(draft),
        Theme::Framing => framing(draft),
    }
}

/// How a receiver of no special kind behaves, now and later.
fn phases(draft: &mut Draft) -> Vec<(Duration, Behaviour)> {
    let mut phases = vec![(Duration::ZERO, behaviour(draft))];
    for _ in 0..draft.draws.below(3) {
        let moment = draft.moment();
        phases.push((moment, behaviour(draft)));
    }
    phases.sort_by_key(|(from, _)| *from);
    phases
}

fn behaviour(draft: &mut Draft) -> Behaviour {
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
fn spice(draft: &mut Draft) {
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
fn person(draft: &mut Draft) {
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

fn profile(draft: &mut Draft) -> &'static str {
    if draft.draws.chance(40) { "leadhub" } else { "standard" }
}

/// Tenants with some subscriptions and a publisher each.
fn tenants(draft: &mut Draft, count: (u64, u64), subscriptions: (u64, u64), events: (u64, u64)) {
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
        }
    }
}

fn mixture(draft: &mut Draft) {
    draft.busy(20, 120);
    let many = if draft.draws.chance(10) { (8, 30) } else { (1, 5) };
    let subscriptions = if draft.draws.chance(10) { (1, 30) } else { (1, 6) };
    tenants(draft, many, subscriptions, (5, 50));
    if draft.draws.chance(30) {
        // Up to as many bytes as the body of a batch may have.
        let (count, bytes) = match draft.draws.below(20) {
            0 => (16, 1_000_000),
            other => (draft.draws.between(10, 150), if other < 5 { 10_000 } else { 60 }),
        };
        let events = draft.events(0, count, bytes, (0, 0));
        let from = draft.moment();
        draft.thread(from, vec![Step::Batch(events)]);
    }
    for _ in 0..draft.draws.between(1, 4) {
        spice(draft);
    }
}

/// A dead receiver, and more deliveries than make a breaker open.
fn schedule(draft: &mut Draft) {
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
fn order(draft: &mut Draft) {
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
fn quiet_order(draft: &mut Draft) {
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

/// More subscriptions than one commit serves, some of them ordered.
fn fan_out(draft: &mut Draft) {
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
fn wide_fan_out(draft: &mut Draft) {
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
fn flood(draft: &mut Draft) {
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

/// Leaps ahead and back, and restarts between them.
fn clocks(draft: &mut Draft) {
    draft.busy(40, 160);
    tenants(draft, (1, 3), (1, 3), (10, 40));
    // One that has something waiting.
    let tenant = draft.tenant("standard");
    let moment = draft.moment();
    let host = draft.host(vec![(Duration::ZERO, Behaviour::Refuses), (moment, QUICK)]);
    let planned = draft.subscription(tenant, host);
    (planned.pace.ordered, planned.event_type) = (true, None);
    planned.gaps = Some(vec![Duration::from_secs(3); 8]);
    let count = draft.draws.between(8, 30);
    draft.publisher(tenant, count, 80);
    let ahead = draft.draws.pick(&[30, 3_600, 3 * DAY as u64, 30 * DAY as u64]) as i64;
    let (one, other) = (draft.moment(), draft.moment());
    match draft.draws.below(3) {
        0 => draft.leap(one, -ahead.min(3_600)),
        1 => draft.leap(one, ahead),
        _ => {
            draft.leap(one.min(other), ahead);
            draft.leap(one.max(other), -ahead);
        }
    }
    if draft.draws.chance(70) {
        draft.restart();
    }
    if draft.draws.chance(25) {
        draft.plan.retention = Some(draft.draws.seconds(60, 200));
    }
    spice(draft);
}

/// A disk with troubles, and lanes that must read on.
fn disk(draft: &mut Draft) {
    draft.busy(30, 100);
    tenants(draft, (1, 2), (1, 3), (10, 30));
    let tenant = draft.tenant("standard");
    let moment = draft.moment();
    let host = draft.host(vec![
        (Duration::ZERO, Behaviour::Fails { percent: 40, status: 500, after_ms: (0, 200) }),
        (moment, QUICK),
    ]);
    let planned = draft.subscription(tenant, host);
    (planned.pace.ordered, planned.event_type) = (true, None);
    planned.gaps = Some(vec![Duration::from_millis(500); 10]);
    let count = draft.draws.between(20, 60);
    draft.publisher(tenant, count, 80);
    for _ in 0..draft.draws.between(1, 3) {
        let trouble = match draft.draws.below(5) {
            0 => Trouble::Full,
            1 => Trouble::Unwritable,
            2 => Trouble::Slow(draft.draws.pick(&[5, 20]) as u32),
            _ => Trouble::ReadsFail(draft.draws.between(20, 90)),
        };
        draft.trouble(trouble, (2, 20));
    }
    spice(draft);
}

/// More waits than may wait.
fn backlog(draft: &mut Draft) {
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

/// Receivers that answer 410, each request after a time of its own, and customers who activate again.
fn gone(draft: &mut Draft) {
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

/// Large events to many subscriptions whose receivers rest.
fn memory(draft: &mut Draft) {
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
fn settings(draft: &mut Draft) {
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

/// Rate limits, receivers that ask for rests, and people who ask why.
fn rests(draft: &mut Draft) {
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

/// A tenant with large events under way to a receiver that hangs, and one with very many small ones to receivers that are slow.
fn bytes(draft: &mut Draft) {
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

/// Receivers that break the protocol, or close connections when others do not.
fn framing(draft: &mut Draft) {
    draft.busy(20, 60);
    let host = {
        let way = draft.draws.below(3) as u8;
        draft.host_that(Behaviour::Misframes { way })
    };
    for _ in 0..2 {
        let tenant = draft.tenant("standard");
        draft.subscription(tenant, host).event_type = None;
        let after_ms = draft.draws.pick(&[5, 100, 1_000]);
        let idle = draft.host_that(Behaviour::ClosesIdle { after_ms });
        draft.subscription(tenant, idle);
        let count = draft.draws.between(20, 60);
        draft.publisher(tenant, count, 80);
    }
    spice(draft);
}
