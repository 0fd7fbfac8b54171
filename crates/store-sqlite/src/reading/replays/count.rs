//! Counts what a replay would queue, in short readings that the caller goes on with.

use postroad_domain::SubscriptionNo;
use postroad_store::{CountReplay, ReplayCounted, StartReplayError};
use rusqlite::Connection;

use super::walk::{self, Walk};
use crate::{
    error::Fault,
    numbers::DELIVERY_BITS,
    reading::{subscriptions, unlisted::Tail},
    sql::{self, query},
};

/// One reading. The tails were taken before this picture of the database.
pub(crate) fn count(
    db: &Connection,
    count: &CountReplay,
    sub_no: SubscriptionNo,
    tails: (Tail, Tail),
) -> Result<Result<ReplayCounted, StartReplayError>, Fault> {
    let Some(subscription) = subscriptions::by_no(db, count.tenant_no, sub_no)? else {
        return Ok(Err(StartReplayError::Deleted));
    };
    if subscription.inactive.is_some() {
        return Ok(Err(StartReplayError::Inactive));
    }
    let (first, stop) = walk::edges(db, (count.since, count.until), i64::MAX >> DELIVERY_BITS)?;
    let position = count.after.unwrap_or(first);
    let what = (count.selection, &subscription.spec);
    let mut walk = Walk::new(db, (count.tenant_no, sub_no), what, tails, (position, stop));
    // What was called off and is not swept yet counts as waiting here.
    let is_short = query::find(db, sql::MARK_LIST, (sub_no.0,), |_| Ok(()))?.is_some();
    let mut counted = ReplayCounted { is_short, ..ReplayCounted::default() };
    let mut rows = 0;
    while let Some(found) = walk.next()? {
        rows += found.rows;
        counted.deliveries += found.chore.deliveries();
        if rows >= count.rows_max {
            counted.next = Some(found.next);
            break;
        }
    }
    Ok(Ok(counted))
}
