//! Erases what deleted tenants left, oldest first: places in the queue, events with all that belongs to them, keys,
//! subscriptions, event types and their numbers, API keys, notices and mails, what the audit says of its data, the tenant's versions, at last the tenant itself.
//!
//! Attempts, listings, stored bodies, fan-outs and versions of subscriptions go with the row they belong to and are not counted;
//! members of groups are, as a delivery may have very many.

use postroad_domain::{SubscriptionNo, TenantNo};
use rusqlite::Connection;

use super::rows::Budget;
use crate::{
    codes,
    error::Fault,
    maintenance::members,
    numbers::DELIVERY_BITS,
    sql::{self, query},
    writer::{fanouts, work::Work},
};

/// Erases rows of deleted tenants; answers how many.
pub(super) fn dead_tenants(work: &mut Work<'_>, budget: &mut Budget) -> Result<usize, Fault> {
    let before = budget.left();
    if before > 0 && !work.known.dead_tenants.is_empty() {
        work.known.keep_numbers(work.db)?;
    }
    while let Some(tenant_no) = work.known.dead_tenants.first().copied() {
        if budget.is_used_up() || !erase_tenant(work, tenant_no, budget)? {
            break;
        }
        work.known.dead_tenants.remove(&tenant_no);
        work.listings.forgotten.push(tenant_no);
        work.known.logs.forget(tenant_no);
    }
    Ok(before - budget.left())
}

/// Erases until the budget is used up; answers whether nothing is left of the tenant.
fn erase_tenant(work: &mut Work<'_>, tenant_no: TenantNo, budget: &mut Budget) -> Result<bool, Fault> {
    let db = work.db;
    let is_done = erase_places(db, tenant_no, budget.left())?
        && erase_listed_events(work, tenant_no, budget)?
        && erase_unlisted_events(work, tenant_no, budget)?
        && erase_each(db, sql::ERASE_NEXT_KEY, tenant_no, budget, |key_no| {
            query::run(db, sql::IDEMPOTENCY_DELETE, (key_no,))
        })?
        && erase_each(db, sql::ERASE_NEXT_REPLAY, tenant_no, budget, |replay_no| {
            query::run(db, sql::REPLAY_DELETE, (replay_no,))
        })?
        && erase_subscriptions(work, tenant_no, budget)?
        && erase_event_types(db, tenant_no, budget)?
        && erase_each(db, sql::ERASE_NEXT_LOG_TYPE, tenant_no, budget, |type_no| {
            query::run(db, sql::ERASE_LOG_TYPE, (tenant_no.0, type_no))
        })?
        && erase_keys(db, tenant_no, budget)?
        && erase_notices(db, tenant_no, budget)?
        && erase_each(db, sql::ERASE_NEXT_AUDIT, tenant_no, budget, |audit_no| {
            query::run(db, sql::ERASE_AUDIT_CHANGES, (audit_no,))
        })?
        && erase_each(db, sql::ERASE_NEXT_TENANT_VERSION, tenant_no, budget, |version| {
            query::run(db, sql::ERASE_TENANT_VERSION, (tenant_no.0, version))
        })?
        && !budget.is_used_up();
    if is_done {
        query::run(db, sql::ERASE_TENANT, (tenant_no.0,))?;
        budget.take(1);
    }
    Ok(is_done)
}

/// Places go first and are no rows that anybody counts: their deliveries are.
fn erase_places(db: &Connection, tenant_no: TenantNo, limit: usize) -> Result<bool, Fault> {
    let places = query::list(db, sql::ERASE_NEXT_PLACES, (tenant_no.0, limit), |row| {
        let place: (i64, i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        Ok(place)
    })?;
    for (sub_no, generation, due, delivery_no) in &places {
        query::run(db, sql::QUEUE_DELETE, (tenant_no.0, sub_no, generation, due, delivery_no))?;
    }
    Ok(places.len() < limit)
}

fn erase_listed_events(work: &mut Work<'_>, tenant_no: TenantNo, budget: &mut Budget) -> Result<bool, Fault> {
    while !budget.is_used_up() {
        let next =
            query::find(work.db, sql::ERASE_NEXT_EVENT, (tenant_no.0,), |row| Ok(row.get::<_, i64>(0)?))?;
        let Some(event_no) = next else { return Ok(true) };
        if !erase_event(work, tenant_no, event_no, budget)? {
            return Ok(false);
        }
    }
    Ok(false)
}

/// The newest events are in no table's listing yet.
fn erase_unlisted_events(
    work: &mut Work<'_>,
    tenant_no: TenantNo,
    budget: &mut Budget,
) -> Result<bool, Fault> {
    for event_no in work.unlisted.events_of(tenant_no).all() {
        if budget.is_used_up() || !erase_event(work, tenant_no, *event_no, budget)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Erases an event with all that belongs to it; answers whether the budget reached so far. Of one that is gone already it takes
/// nothing: a batch may have listed it in this transaction, so that it stands in both places.
fn erase_event(
    work: &mut Work<'_>,
    tenant_no: TenantNo,
    event_no: i64,
    budget: &mut Budget,
) -> Result<bool, Fault> {
    if !erase_deliveries(work, event_no, budget)? {
        return Ok(false);
    }
    fanouts::close(work.db, event_no)?;
    query::run(work.db, sql::EVENT_LISTING_DELETE, (tenant_no.0, event_no))?;
    budget.take(query::run(work.db, sql::ERASE_EVENT, (event_no,))?);
    if event_no >= work.unlisted.mark() {
        work.listings.pruned_events.push((tenant_no, event_no));
        if let Some(batch) = &mut work.known.batch {
            batch.forget(event_no);
        }
    }
    Ok(true)
}

/// Erases deliveries of an event; answers whether none is left and the budget reaches for the event too.
fn erase_deliveries(work: &mut Work<'_>, event_no: i64, budget: &mut Budget) -> Result<bool, Fault> {
    let db = work.db;
    let is_unlisted = event_no >= work.unlisted.mark();
    let range = (event_no << DELIVERY_BITS, (event_no + 1) << DELIVERY_BITS);
    while !budget.is_used_up() {
        let next = query::find(db, sql::ERASE_NEXT_DELIVERY, range, |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, codes::attempts_of(row.get(2)?)?.1))
        })?;
        let Some((delivery_no, sub_no, extras)) = next else { return Ok(true) };
        if extras.members {
            budget.take(members::erase(db, delivery_no, budget.left())?.len());
            if budget.is_used_up() {
                return Ok(false);
            }
        }
        if extras.body {
            query::run(db, sql::ERASE_BODY, (delivery_no,))?;
        }
        query::run(db, sql::ERASE_ATTEMPTS, (delivery_no,))?;
        query::run(db, sql::DELIVERY_LISTING_DELETE, (sub_no, delivery_no))?;
        query::run(db, sql::ERASE_DELIVERY, (delivery_no,))?;
        if is_unlisted {
            work.listings.pruned_deliveries.push((SubscriptionNo(sub_no), delivery_no));
            if let Some(batch) = &mut work.known.batch {
                batch.forget_deliveries(event_no);
            }
        }
        budget.take(1);
    }
    Ok(false)
}

/// Groups that take events of a subscription go before it; they are counted, as there may be very many.
fn erase_subscriptions(work: &mut Work<'_>, tenant_no: TenantNo, budget: &mut Budget) -> Result<bool, Fault> {
    let db = work.db;
    while !budget.is_used_up() {
        let next = query::find(db, sql::ERASE_NEXT_SUBSCRIPTION, (tenant_no.0,), |row| Ok(row.get(0)?))?;
        let Some(sub_no) = next.map(SubscriptionNo) else { return Ok(true) };
        match work.known.open_groups.any_of(sub_no) {
            Some(key) => work.known.open_groups.close(db, (sub_no, key))?,
            None => {
                query::run(db, sql::ERASE_VERSIONS, (sub_no.0,))?;
                query::run(db, sql::ERASE_HISTORY, (sub_no.0,))?;
                query::run(db, sql::ERASE_SUBSCRIPTION, (sub_no.0,))?;
            }
        }
        budget.take(1);
    }
    Ok(false)
}

fn erase_event_types(db: &Connection, tenant_no: TenantNo, budget: &mut Budget) -> Result<bool, Fault> {
    while !budget.is_used_up() {
        let next =
            query::find(db, sql::ERASE_NEXT_EVENT_TYPE, (tenant_no.0,), |row| Ok(row.get::<_, String>(0)?))?;
        let Some(name) = next else { return Ok(true) };
        query::run(db, sql::EVENT_TYPE_DELETE, (tenant_no.0, name))?;
        budget.take(1);
    }
    Ok(false)
}

fn erase_keys(db: &Connection, tenant_no: TenantNo, budget: &mut Budget) -> Result<bool, Fault> {
    while !budget.is_used_up() {
        let next =
            query::find(db, sql::ERASE_NEXT_API_KEY, (tenant_no.0,), |row| Ok(row.get::<_, [u8; 16]>(0)?))?;
        let Some(id) = next else { return Ok(true) };
        query::run(db, sql::KEY_DELETE, (tenant_no.0, id))?;
        budget.take(1);
    }
    Ok(false)
}

/// What its contacts were still to be told: a few rows for each of its subscriptions and contacts.
fn erase_notices(db: &Connection, tenant_no: TenantNo, budget: &mut Budget) -> Result<bool, Fault> {
    for closed in [false, true] {
        budget.take(query::run(db, sql::NOTICES_FORGET, (tenant_no.0, closed))?);
    }
    for text in [sql::ERASE_MAILS, sql::ERASE_DIGEST] {
        budget.take(query::run(db, text, (tenant_no.0,))?);
    }
    Ok(!budget.is_used_up())
}

/// Erases row after row of the tenant; answers whether none is left.
fn erase_each(
    db: &Connection,
    next: &str,
    tenant_no: TenantNo,
    budget: &mut Budget,
    erase: impl Fn(i64) -> Result<usize, Fault>,
) -> Result<bool, Fault> {
    while !budget.is_used_up() {
        let Some(no) = query::find(db, next, (tenant_no.0,), |row| Ok(row.get::<_, i64>(0)?))? else {
            return Ok(true);
        };
        erase(no)?;
        budget.take(1);
    }
    Ok(false)
}
