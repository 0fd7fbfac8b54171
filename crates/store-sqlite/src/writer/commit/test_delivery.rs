//! Tests of subscriptions: event, delivery and attempt in one commit, all of them over when they are written.
//!
//! **Invariant:** nothing of a test ever enters the queue here.

use postroad_domain::{Event, Reason};
use postroad_store::RecordTest;

use super::{accept::insert_event, outcome::Attempts};
use crate::{
    codes,
    error::Fault,
    numbers::delivery_no,
    sql::{self, query},
    writer::{audit, listing, work::Work},
};

/// Writes a test that was made; answers whether its tenant and its subscription are still there.
pub(crate) fn record_test(work: &mut Work<'_>, test: &RecordTest) -> Result<bool, Fault> {
    let lane = work.known.lanes.get(&test.subscription_no);
    if lane.is_none_or(|lane| lane.tenant_no != test.tenant_no) {
        return Ok(false);
    }
    listing::fill(work, 1, 1)?;
    let mut insert = work.db.prepare_cached(sql::EVENT_INSERT)?;
    let event_no =
        insert_event(&mut insert, (work.known, &mut work.listings), test.tenant_no, &event_of(test))?;
    let delivery_no = delivery_no(event_no, test.event_id.delivery(1));
    insert_delivery(work, test, delivery_no)?;
    let mut attempts = Attempts::new(work.db);
    attempts.log(work.known, delivery_no, &test.attempt)?;
    attempts.finish()?;
    audit::note(work.db, test.tenant_no, test.finished_at, test.audit.as_ref())?;
    Ok(true)
}

fn event_of(test: &RecordTest) -> Event {
    Event {
        id: test.event_id,
        event_type: test.event_type.clone(),
        accepted_at: test.at,
        occurred_at: None,
        tags: Vec::new(),
        attributes: test.attributes.clone(),
        data: test.data.clone(),
        deliveries: 1,
        profile: Some(test.profile),
        tenant_version: test.tenant_version,
        trace: None,
        test: true,
    }
}

fn insert_delivery(work: &mut Work<'_>, test: &RecordTest, delivery_no: i64) -> Result<(), Fault> {
    let (tenant_no, sub_no) = (test.tenant_no.0, test.subscription_no.0);
    let (version, at) = (test.subscription_version, test.finished_at.as_micros());
    if test.succeeded {
        query::run(work.db, sql::DELIVERY_TEST_SUCCEED, (delivery_no, tenant_no, sub_no, version, at))?;
    } else {
        let reason = codes::reason_code(Reason::Exhausted);
        query::run(work.db, sql::DELIVERY_TEST_FAIL, (delivery_no, tenant_no, sub_no, version, at, reason))?;
    }
    work.listings.deliveries.push((test.tenant_no, test.subscription_no, delivery_no));
    Ok(())
}
