//! A story as people read it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    time::Duration,
};

use postroad_store::{LaneKey, Next};

use crate::{
    Told,
    journal::{Answer, Call, Entry, How, Refused, What},
    model::Violation,
    plan::Plan,
};

/// How long before and behind what was wrong everything is printed.
const AROUND: Duration = Duration::from_secs(3);
const LINES_MAX: usize = 120;

/// What was wrong, the plan, what happened to whatever that names, and how to tell the story again.
pub fn print(told: &Told, broken: &[Violation]) -> String {
    let mut text = heading(&told.plan, broken);
    let Some(first) = broken.first() else { return text };
    let names: BTreeSet<usize> = first
        .text
        .split(|c: char| !c.is_alphanumeric())
        .filter_map(|word| word.strip_prefix('s').and_then(|number| number.parse().ok()))
        .collect();
    let lanes = lanes(&told.entries);
    let is_near = |entry: &Entry| entry.at + AROUND >= first.at && entry.at <= first.at + AROUND;
    let lines = told.entries.iter().filter(|entry| matters(entry, (&names, &lanes), is_near(entry)));
    for entry in lines.take(LINES_MAX) {
        let _ = writeln!(text, "{}", line(entry, &lanes));
    }
    text
}

/// The same with everything that happened.
pub fn print_all(told: &Told, broken: &[Violation]) -> String {
    let (mut text, lanes) = (String::new(), lanes(&told.entries));
    for entry in &told.entries {
        let _ = writeln!(text, "{}", line(entry, &lanes));
    }
    text + &heading(&told.plan, broken)
}

fn heading(plan: &Plan, broken: &[Violation]) -> String {
    let Plan { seed, theme, store, calm_from, .. } = plan;
    let mut text =
        format!("\nSeed {seed}: a story of {theme:?} on {store:?}; people are busy until {calm_from:?}.\n");
    let _ = writeln!(
        text,
        "Told again: SIMULATION_SEED={seed} cargo nextest run --workspace --test simulation one_story --no-capture"
    );
    for (index, subscription) in plan.subscriptions.iter().enumerate().take(12) {
        let host = &plan.hosts[subscription.host];
        let _ = writeln!(text, "  s{index}: {subscription:?}\n      its receiver: {:?}", host.phases);
    }
    let Plan { disk, ends, leaps, backlog_max, retention, .. } = plan;
    let _ = writeln!(text, "  {disk:?}\n  the node dies or stops: {ends:?}\n  the wall leaps: {leaps:?}");
    let _ = writeln!(text, "  in a lane may wait: {backlog_max:?}, events are kept for: {retention:?}");
    for violation in broken.iter().take(20) {
        let _ = writeln!(text, "BROKEN at {:?}: {:?}: {}", violation.at, violation.rule, violation.text);
    }
    text
}

/// The subscription of each lane.
fn lanes(entries: &[Entry]) -> BTreeMap<LaneKey, usize> {
    let created = |entry: &Entry| match entry.what {
        What::Created(lane, subscription) => Some((lane, subscription)),
        _ => None,
    };
    entries.iter().filter_map(created).collect()
}

fn line(entry: &Entry, lanes: &BTreeMap<LaneKey, usize>) -> String {
    format!("{:>12.3} s  {}", entry.at.as_secs_f64(), sentence(&entry.what, lanes))
}

fn sentence(what: &What, lanes: &BTreeMap<LaneKey, usize>) -> String {
    let name =
        |lane: &LaneKey| lanes.get(lane).map_or_else(|| format!("{lane:?}"), |index| format!("s{index}"));
    match what {
        What::Leapt(seconds) => format!("the wall leaps by {seconds} s"),
        What::Trouble(trouble, true) => format!("the disk has a trouble: {trouble:?}"),
        What::Trouble(trouble, false) => format!("the disk is well again: {trouble:?}"),
        What::Asks(number, call) => format!("#{number} asks: {}", asked(call)),
        What::Answers(number, answer) => format!("#{number} is answered: {}", answered(answer)),
        What::CommitBegins(written) => format!(
            "commit {} begins: {} events, {} outcomes, {} rows",
            written.no, written.events, written.outcomes, written.rows
        ),
        What::CommitEnds(number, Ok(())) => format!("commit {number} ends"),
        What::CommitEnds(number, Err(error)) => format!("commit {number} fails: {error}"),
        What::Queued(queued) => {
            let how = match queued.how {
                How::Accepted => "with its event",
                How::FannedOut => "by a later step of its fan-out",
                How::Again => "again",
            };
            format!("event {} waits for {} {how}: {}", queued.event, name(&queued.lane), queued.delivery)
        }
        What::Joined(delivery, lane, event) => format!("event {event} joins {delivery} of {}", name(lane)),
        What::Carried(number, delivery, events) => {
            let delivery = delivery.map(|delivery| delivery.to_string()).unwrap_or_default();
            format!("exchange {number} carries {delivery}: events {events:?}")
        }
        What::Recorded(recorded) => {
            let next = match recorded.next {
                Next::Succeeded => "succeeded".to_owned(),
                Next::Failed(reason) => format!("failed, {}", reason.as_str()),
                Next::Queued { tries, .. } | Next::InPlace { tries, .. } => {
                    format!("waits on after {tries} tries")
                }
            };
            let result = recorded.result;
            format!(
                "commit {} records {} of {}: {next} ({result:?})",
                recorded.commit,
                recorded.delivery,
                name(&recorded.lane)
            )
        }
        What::Created(lane, subscription) => format!("s{subscription} is there as {lane:?}"),
        What::Deactivated(lane) => format!("{} is inactive since its receiver is gone", name(lane)),
        What::ExchangeBegins(number, about) => {
            format!("exchange {number} begins: event {} to s{}", about.event, about.subscription)
        }
        What::ExchangeEnds(number, Ok(status)) => format!("exchange {number} ends: {status}"),
        What::ExchangeEnds(number, Err((class, why))) => {
            format!("exchange {number} ends: {}, {why}", class.as_str())
        }
        What::Received(number, connection, about) => format!(
            "request {number} is read on connection {connection}: event {} to s{}",
            about.event, about.subscription
        ),
        What::Responded(number, status, is_clear) => {
            format!(
                "request {number} is answered: {status}{}",
                if *is_clear { "" } else { ", and misframed" }
            )
        }
        What::Explained(subscription, delivery, why, _) => {
            format!("{delivery} of s{subscription} waits for {why}, it is said")
        }
        What::Rescued(lanes) => format!("{lanes} lanes had to be found by the regular look"),
        What::Memory(bytes) => format!("{bytes} bytes wait in memory"),
        other => format!("the node: {other:?}"),
    }
}

fn asked(call: &Call) -> String {
    match call {
        Call::Publish { tenant, first, count: 1, .. } => format!("tenant {tenant} publishes event {first}"),
        Call::Publish { tenant, first, count, bytes, .. } => {
            format!("tenant {tenant} publishes events {first} to {} of {bytes} bytes", first + count - 1)
        }
        Call::Change(subscription, pace) => format!("s{subscription} is to be {pace:?}"),
        Call::Cancel(subscription, delivery) => format!("cancel {delivery} of s{subscription}"),
        Call::Retry(subscription, delivery) => format!("retry {delivery} of s{subscription}"),
        Call::Create(subscription) => format!("create s{subscription}"),
        Call::Delete(subscription) => format!("delete s{subscription}"),
        Call::Replay(subscription) => format!("replay s{subscription}"),
        Call::SendNow(subscription) => format!("send now what waits for s{subscription}"),
        other => format!("{other:?}"),
    }
}

fn answered(answer: &Answer) -> String {
    let refused = |refused: &Refused| match refused {
        Refused::ByRule(why) => format!("refused, {why}"),
        Refused::Overloaded => "refused, too much waits".to_owned(),
        Refused::Store(why) => format!("failed, {why}"),
    };
    match answer {
        Answer::Done => "done".to_owned(),
        Answer::Created(id) => format!("{id}"),
        Answer::Not(why) => refused(why),
        Answer::Published(results) => {
            let accepted = results.iter().filter(|result| result.is_ok()).count();
            let first = results.iter().find_map(|result| result.as_ref().err()).map(refused);
            format!(
                "{accepted} of {} accepted{}",
                results.len(),
                first.map(|why| format!("; {why}")).unwrap_or_default()
            )
        }
    }
}

/// Whether an entry is about one of these subscriptions, or about everybody and near.
fn matters(
    entry: &Entry,
    (subscriptions, lanes): (&BTreeSet<usize>, &BTreeMap<LaneKey, usize>),
    is_near: bool,
) -> bool {
    let is_its =
        |lane: &LaneKey| lanes.get(lane).is_some_and(|subscription| subscriptions.contains(subscription));
    match &entry.what {
        What::ExchangeBegins(_, about) | What::Received(_, _, about) => {
            subscriptions.contains(&about.subscription)
        }
        What::CommitBegins(_) | What::CommitEnds(..) | What::ExchangeEnds(..) | What::Responded(..) => false,
        What::Memory(_) => false,
        What::Recorded(recorded) => is_its(&recorded.lane),
        What::Queued(queued) => is_its(&queued.lane),
        What::Joined(_, lane, _) => is_its(lane),
        What::Created(lane, _) | What::Deactivated(lane) => is_its(lane),
        What::Asks(_, call) => match call {
            Call::Create(of) | Call::Change(of, _) | Call::Delete(of) | Call::Replay(of) => {
                subscriptions.contains(of)
            }
            Call::Cancel(of, _) | Call::Retry(of, _) | Call::SendNow(of) => subscriptions.contains(of),
            _ => is_near,
        },
        What::Answers(..) => is_near,
        What::Explained(of, ..) => subscriptions.contains(of),
        _ => true,
    }
}
