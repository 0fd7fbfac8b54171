//! Tenants with limits of their own: each has a walk along its listing, and they take turns.
//!
//! **Invariants:**
//! * a tenant of which nothing can go costs no look at the database: its walk remembers how old its next event is, so a
//!   thousand of them are a thousand looks at memory;
//! * a walk never looks back, as that of the installation does not: what it passed over and is over since is released;
//! * the bytes of a tenant are those of its events' data, exact once its listing was counted, which is done in steps.
//!
//! Nothing of it is kept over a restart: a walk begins anew with one seek, and passes over what waits.

use std::sync::Arc;

use postroad_domain::TenantNo;
use postroad_store::TenantRetention;

use super::{
    erase,
    step::{Found, Step, next},
};
use crate::{
    error::Fault,
    sql::{self, query},
    writer::{
        forgetting::{Bytes, Walk, rule_of},
        work::Work,
    },
};

/// Rows of one tenant before the next one has its turn.
const ROWS_PER_TURN: usize = 100;
/// Tenants that one step asks.
const TENANTS_PER_STEP: usize = 2_000;
/// Events that one turn counts.
const COUNTED_PER_TURN: usize = 100;

/// What a turn came to.
#[derive(PartialEq, Eq)]
enum Turn {
    /// Nothing more can go now.
    Done,
    /// Others come first.
    More,
}

/// Makes the part of a step that is about tenants.
pub(super) fn take(work: &mut Work<'_>, step: &mut Step) -> Result<(), Fault> {
    let rules = Arc::clone(&step.rule.tenants);
    if rules.is_empty() && work.known.prune.tenants.walks.is_empty() {
        return Ok(());
    }
    work.known.prune.tenants.follow(&rules);
    take_released(work, step, &rules)?;
    let asked = rules.len().min(TENANTS_PER_STEP);
    let mut wants_more = rules.len() > asked && step.may_go_on(work);
    loop {
        let mut has_more = false;
        for _ in 0..asked {
            let Some(rule) = next_in_turn(&rules, work.known.prune.tenants.last) else { return Ok(()) };
            let place = work.known.prune.tenants.place(rule.tenant_no);
            has_more |= take_turn(work, step, rule)? == Turn::More;
            // Whoever used the step up had its turn: the next step begins with the others. But who came too late to get
            // anywhere keeps it, as a large event needs the whole of a step.
            if !step.is_over || work.known.prune.tenants.place(rule.tenant_no) != place {
                work.known.prune.tenants.last = Some(rule.tenant_no);
            }
            if step.is_over {
                return Ok(());
            }
        }
        wants_more &= has_more;
        if !has_more || !step.may_go_on(work) {
            break;
        }
    }
    take_released(work, step, &rules)?;
    step.is_over |= wants_more;
    Ok(())
}

/// The tenant behind the one whose turn was the last.
fn next_in_turn(rules: &[TenantRetention], last: Option<TenantNo>) -> Option<TenantRetention> {
    let behind = rules.partition_point(|rule| Some(rule.tenant_no) <= last);
    rules.get(behind).or(rules.first()).copied()
}

/// Forgets events that were passed over and are over now: a rule had condemned them then.
fn take_released(work: &mut Work<'_>, step: &mut Step, rules: &[TenantRetention]) -> Result<(), Fault> {
    while let Some((tenant_no, event_no)) = work.known.prune.tenants.released.first().copied() {
        if !step.may_go_on(work) {
            break;
        }
        step.take(1);
        let found = next(work, event_no)?.filter(|found| found.event_no == event_no);
        let condemned = found.filter(|found| {
            let rule = rule_of(rules, tenant_no);
            rule.is_some_and(|rule| {
                rule.bytes_max.is_some() || step.is_older(found.accepted_at, rule.age_max)
            })
        });
        match (found, condemned) {
            (_, Some(found)) if !erase::try_erase(work, step, found)? => break,
            // The rule became milder: the walk comes to it again.
            (Some(_), None) => {
                if let Some(walk) = work.known.prune.tenants.walks.get_mut(&tenant_no) {
                    *walk = Walk { bytes: walk.bytes, ..Walk::BEGIN };
                }
            }
            _ => {}
        }
        work.known.prune.tenants.released.remove(&(tenant_no, event_no));
    }
    Ok(())
}

/// One tenant's turn.
fn take_turn(work: &mut Work<'_>, step: &mut Step, rule: TenantRetention) -> Result<Turn, Fault> {
    let tenant_no = rule.tenant_no;
    // What a deleted tenant left is erased by the sweep.
    if !work.known.tenants.contains_key(&tenant_no) {
        return Ok(Turn::Done);
    }
    let counts = rule.bytes_max.is_some() && count_on(work, step, tenant_no)? == Turn::More;
    let rows_left = step.rows_left;
    loop {
        let walk = walk_of(work, tenant_no);
        let is_beyond = walk.is_beyond(rule);
        if !is_beyond && !step.is_older(walk.oldest, rule.age_max) {
            break;
        }
        let Some(found) = next_of(work, step, tenant_no)? else {
            // Whatever comes is accepted later.
            walk_of(work, tenant_no).oldest = step.rule.at;
            break;
        };
        if !is_beyond && !step.is_older(found.accepted_at, rule.age_max) {
            walk_of(work, tenant_no).oldest = found.accepted_at;
            break;
        }
        if !step.may_go_on(work) {
            break;
        }
        step.take(1);
        if !erase::try_erase(work, step, found)? {
            break;
        }
        walk_of(work, tenant_no).next = found.event_no + 1;
        if rows_left - step.rows_left > ROWS_PER_TURN {
            return Ok(Turn::More);
        }
    }
    Ok(if counts { Turn::More } else { Turn::Done })
}

fn walk_of<'a>(work: &'a mut Work<'_>, tenant_no: TenantNo) -> &'a mut Walk {
    work.known.prune.tenants.walks.entry(tenant_no).or_insert(Walk::BEGIN)
}

/// The next event of a tenant's walk.
fn next_of(work: &mut Work<'_>, step: &mut Step, tenant_no: TenantNo) -> Result<Option<Found>, Fault> {
    loop {
        let from = walk_of(work, tenant_no).next;
        let Some(event_no) = numbers_of(work, tenant_no, from, 1)?.first().copied() else { return Ok(None) };
        let found = next(work, event_no)?.filter(|found| found.event_no == event_no);
        if found.is_some() || !step.may_go_on(work) {
            return Ok(found);
        }
        // The installation's walk erased it in this very step.
        step.take(1);
        walk_of(work, tenant_no).next = event_no + 1;
    }
}

/// The next numbers of a tenant's events, oldest first.
fn numbers_of(work: &Work<'_>, tenant_no: TenantNo, from: i64, limit: usize) -> Result<Vec<i64>, Fault> {
    work.unlisted.events_of(tenant_no).numbers_from(from, limit, |end| {
        let range = (tenant_no.0, from, end, limit);
        query::list(work.db, sql::PRUNE_NEXT_OF_TENANT, range, |row| Ok(row.get(0)?))
    })
}

/// Goes on counting the bytes that a tenant had before its limit was known.
fn count_on(work: &mut Work<'_>, step: &mut Step, tenant_no: TenantNo) -> Result<Turn, Fault> {
    let until = work.known.next_event_no;
    let begin = Bytes { sum: 0, counted_to: 0, until };
    let mut bytes = *walk_of(work, tenant_no).bytes.get_or_insert(begin);
    if bytes.counted_to >= bytes.until || !step.may_go_on(work) {
        return Ok(Turn::Done);
    }
    let numbers = numbers_of(work, tenant_no, bytes.counted_to, COUNTED_PER_TURN)?;
    // What came since the count began is counted as it comes, however much of it there is.
    let is_last = numbers.len() < COUNTED_PER_TURN || numbers.last().is_some_and(|last| *last >= bytes.until);
    for event_no in numbers.into_iter().take_while(|event_no| *event_no < bytes.until) {
        let counted = query::find(work.db, sql::EVENT_BYTES, (event_no,), |row| Ok(row.get::<_, u64>(0)?))?;
        bytes.sum += counted.unwrap_or_default();
        bytes.counted_to = event_no + 1;
        step.take(1);
    }
    if is_last {
        bytes.counted_to = bytes.until;
    }
    walk_of(work, tenant_no).bytes = Some(bytes);
    Ok(if is_last { Turn::Done } else { Turn::More })
}
