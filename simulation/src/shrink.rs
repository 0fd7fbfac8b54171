//! A smaller story that breaks the same rule: what does not matter is left out, as far as a few dozen tries can tell.

use crate::{
    model::{Rule, judge},
    plan::{Plan, Step},
    tell,
};

/// Stories that are told at most.
const TRIES_MAX: usize = 80;

/// Leaves out what is not needed to break the rule.
pub fn shrink(plan: &Plan, rule: Rule) -> Plan {
    let mut smallest = plan.clone();
    let mut tries = 0;
    let mut keep_if_broken = |smaller: Plan, smallest: &mut Plan| {
        tries += 1;
        let is_broken =
            tries <= TRIES_MAX && judge(&tell(smaller.clone())).iter().any(|one| one.rule == rule);
        if is_broken {
            *smallest = smaller;
        }
        is_broken
    };
    for cut in [cut_end as fn(&mut Plan, usize) -> bool, cut_leap, cut_trouble, cut_thread, halve_thread] {
        let mut index = 0;
        loop {
            let mut smaller = smallest.clone();
            if !cut(&mut smaller, index) {
                break;
            }
            // What was cut made room for the next one at the same place.
            if !keep_if_broken(smaller, &mut smallest) {
                index += 1;
            }
        }
    }
    smallest
}

fn cut_end(plan: &mut Plan, index: usize) -> bool {
    index < plan.ends.len() && {
        plan.ends.remove(index);
        true
    }
}

fn cut_leap(plan: &mut Plan, index: usize) -> bool {
    index < plan.leaps.len() && {
        plan.leaps.remove(index);
        true
    }
}

fn cut_trouble(plan: &mut Plan, index: usize) -> bool {
    index < plan.disk.troubles.len() && {
        plan.disk.troubles.remove(index);
        true
    }
}

/// The threads that set tenants up come first and stay.
fn cut_thread(plan: &mut Plan, index: usize) -> bool {
    let index = index + plan.tenants.len();
    index < plan.threads.len() && {
        plan.threads.remove(index);
        true
    }
}

/// Half as many events.
fn halve_thread(plan: &mut Plan, index: usize) -> bool {
    let index = index + plan.tenants.len();
    let Some(thread) = plan.threads.get_mut(index) else { return false };
    for step in &mut thread.steps {
        if let Step::Publish(events) | Step::Batch(events) = step {
            events.count = events.count.div_ceil(2);
        }
    }
    true
}
