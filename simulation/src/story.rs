//! A story as people read it.

use std::{collections::BTreeSet, fmt::Write, time::Duration};

use crate::{
    Told,
    journal::{Entry, What},
    model::Violation,
    plan::Plan,
};

/// Lines around a broken rule that are printed.
const AROUND: Duration = Duration::from_secs(3);
const LINES_MAX: usize = 120;

/// What was wrong, the plan, what happened to whatever the broken rules name, and how to tell the story again.
pub fn print(told: &Told, broken: &[Violation]) -> String {
    let mut text = heading(&told.plan, broken);
    let Some(first) = broken.first() else { return text };
    // The names of subscriptions and the numbers of events in what was wrong.
    let names: BTreeSet<usize> = first
        .text
        .split(|c: char| !c.is_alphanumeric())
        .filter_map(|word| word.strip_prefix('s').and_then(|number| number.parse().ok()))
        .collect();
    let is_near = |entry: &Entry| entry.at + AROUND >= first.at && entry.at <= first.at + AROUND;
    let lines = told.entries.iter().filter(|entry| matters(entry, &names, is_near(entry)));
    for entry in lines.take(LINES_MAX) {
        let _ = writeln!(text, "{}", line(entry));
    }
    text
}

/// The same with everything that happened.
pub fn print_all(told: &Told, broken: &[Violation]) -> String {
    let mut text = String::new();
    for entry in &told.entries {
        let _ = writeln!(text, "{}", line(entry));
    }
    text + &heading(&told.plan, broken)
}

fn heading(plan: &Plan, broken: &[Violation]) -> String {
    let seed = plan.seed;
    let mut text = format!(
        "\nSeed {seed}: a story of {:?} on {:?}, busy until {:?}.\n",
        plan.theme, plan.store, plan.calm_from
    );
    let _ = writeln!(
        text,
        "Told again: SIMULATION_SEED={seed} cargo nextest run --workspace --test simulation one_story --no-capture"
    );
    for (index, subscription) in plan.subscriptions.iter().enumerate().take(12) {
        let host = &plan.hosts[subscription.host];
        let _ = writeln!(text, "  s{index}: {subscription:?}\n      host: {:?}", host.phases);
    }
    let _ = writeln!(text, "  disk: {:?}\n  ends: {:?}\n  leaps: {:?}", plan.disk, plan.ends, plan.leaps);
    for violation in broken.iter().take(20) {
        let _ = writeln!(text, "BROKEN at {:?}: {:?}: {}", violation.at, violation.rule, violation.text);
    }
    text
}

fn line(entry: &Entry) -> String {
    format!("{:>12.6} s  {:?}", entry.at.as_secs_f64(), entry.what)
}

/// Whether an entry is about one of these subscriptions, or about everybody and near.
fn matters(entry: &Entry, subscriptions: &BTreeSet<usize>, is_near: bool) -> bool {
    match &entry.what {
        What::ExchangeBegins(_, about) | What::Received(_, _, about) => {
            subscriptions.contains(&about.subscription)
        }
        What::CommitBegins(_) | What::CommitEnds(..) | What::ExchangeEnds(..) | What::Responded(..) => false,
        What::Recorded(_) | What::Queued(_) | What::Memory(_) => false,
        What::Asks(..) | What::Answers(..) => is_near,
        _ => true,
    }
}
