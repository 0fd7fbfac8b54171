//! Notices, digests and mails: what contacts must still be told.
//!
//! **Invariant:** a notice is written once a commit for each subscription and kind, however many deliveries it tells of.

use std::collections::BTreeMap;

use postroad_domain::{DeliveryId, Timestamp, limits::NOTICE_DELIVERIES_MAX};
use postroad_store::{Change, CloseDigest, LaneKey, MailNo, MailSettled, NoticeKind, WarnContacts};

use crate::{
    codec, codes,
    error::Fault,
    sql::{self, query},
    writer::{known::Known, work::Work},
};

/// The deliveries that failed for good in a commit or a step of the sweep, of subscriptions that ask for notices.
#[derive(Debug, Default)]
pub(crate) struct Failed(BTreeMap<LaneKey, News>);

/// Something that happened to a subscription, perhaps often.
#[derive(Debug, Default)]
struct News {
    count: u32,
    deliveries: Vec<DeliveryId>,
}

impl Failed {
    /// A delivery failed.
    pub(crate) fn note(&mut self, known: &Known, lane: LaneKey, id: DeliveryId) {
        if known.lanes.get(&lane.subscription_no).is_some_and(|known| known.notifies) {
            let news = self.0.entry(lane).or_default();
            news.count = news.count.saturating_add(1);
            if news.deliveries.len() < NOTICE_DELIVERIES_MAX && !news.deliveries.contains(&id) {
                news.deliveries.push(id);
            }
        }
    }

    /// Writes the notices.
    pub(crate) fn finish(self, work: &mut Work<'_>, at: Timestamp) -> Result<(), Fault> {
        self.0.into_iter().try_for_each(|(lane, news)| put(work, lane, NoticeKind::Failed, news, at))
    }
}

/// Notes something that happened once.
pub(crate) fn note(work: &mut Work<'_>, lane: LaneKey, kind: NoticeKind, at: Timestamp) -> Result<(), Fault> {
    put(work, lane, kind, News { count: 1, deliveries: Vec::new() }, at)
}

fn put(work: &mut Work<'_>, lane: LaneKey, kind: NoticeKind, news: News, at: Timestamp) -> Result<(), Fault> {
    let (tenant_no, sub_no, kind) = (lane.tenant_no.0, lane.subscription_no.0, codes::notice_code(kind));
    let before = query::find(work.db, sql::NOTICE_FIND, (tenant_no, sub_no, kind), |row| {
        Ok((
            row.get::<_, u32>(0)?,
            Timestamp::from_micros(row.get(1)?),
            codec::decode_deliveries(&row.get::<_, Vec<u8>>(2)?)?,
        ))
    })?;
    let (count, first_at, mut deliveries) = before.unwrap_or((0, at, Vec::new()));
    for id in news.deliveries {
        // One that was sent again by hand, and failed again.
        if deliveries.len() < NOTICE_DELIVERIES_MAX && !deliveries.contains(&id) {
            deliveries.push(id);
        }
    }
    let (count, first_at) = (count.saturating_add(news.count), first_at.as_micros());
    let row =
        (tenant_no, sub_no, kind, count, first_at, at.as_micros(), codec::encode_deliveries(&deliveries));
    query::run(work.db, sql::NOTICE_PUT, row)?;
    query::run(work.db, sql::DIGEST_OPEN, (tenant_no, at.as_micros()))?;
    work.announced.push(Change::Noticed(lane.tenant_no));
    Ok(())
}

/// Notes a warning, once for the same failures.
pub(crate) fn warn(work: &mut Work<'_>, warn: WarnContacts) -> Result<bool, Fault> {
    let WarnContacts { lane, since, at } = warn;
    let no = lane.subscription_no;
    let fails = work.known.failing.get(&no).is_some_and(|failures| failures.since == since);
    let is_meant = fails
        && work.known.is_active(no)
        && work.known.tenants.contains_key(&lane.tenant_no)
        && query::run(work.db, sql::SUBSCRIPTION_WARN, (no.0, since.as_micros()))? == 1;
    if is_meant {
        note(work, lane, NoticeKind::Warned, at)?;
    }
    Ok(is_meant)
}

/// Closes the open digest of a tenant.
pub(crate) fn close(work: &Work<'_>, close: &CloseDigest) -> Result<usize, Fault> {
    let tenant_no = close.tenant_no.0;
    let row = (tenant_no, close.again_at.as_micros(), close.step);
    if mail_waits(work, tenant_no, 0)? || query::run(work.db, sql::DIGEST_CLOSE, row)? == 0 {
        return Ok(0);
    }
    // Those that were tried and could not be sent bring what is old by now.
    let replaced = query::run(work.db, sql::ERASE_MAILS, (tenant_no,))?;
    query::run(work.db, sql::NOTICES_FORGET, (tenant_no, true))?;
    if close.recipients.is_empty() {
        query::run(work.db, sql::NOTICES_FORGET, (tenant_no, false))?;
    } else {
        query::run(work.db, sql::NOTICES_CLOSE, (tenant_no,))?;
    }
    for recipient in &close.recipients {
        query::run(work.db, sql::MAIL_INSERT, (tenant_no, recipient, close.at.as_micros()))?;
    }
    Ok(replaced)
}

/// Whether mail waits for a tenant that was tried so often at most.
fn mail_waits(work: &Work<'_>, tenant_no: i64, tries_max: u32) -> Result<bool, Fault> {
    Ok(query::find(work.db, sql::MAIL_WAITS, (tenant_no, tries_max), |_| Ok(()))?.is_some())
}

/// Forgets what contacts were still to be told of a subscription that is deleted.
pub(crate) fn forget(work: &Work<'_>, lane: LaneKey) -> Result<(), Fault> {
    for closed in [false, true] {
        let of = (lane.tenant_no.0, closed, lane.subscription_no.0);
        query::run(work.db, sql::NOTICES_FORGET_SUBSCRIPTION, of)?;
    }
    Ok(())
}

/// Writes what became of a mail.
pub(crate) fn settle(work: &Work<'_>, no: MailNo, settled: MailSettled) -> Result<(), Fault> {
    if let MailSettled::Again(due) = settled {
        query::run(work.db, sql::MAIL_POSTPONE, (no.0, due.as_micros()))?;
        return Ok(());
    }
    let tenant_no = query::find(work.db, sql::MAIL_TENANT, (no.0,), |row| Ok(row.get::<_, i64>(0)?))?;
    let Some(tenant_no) = tenant_no else { return Ok(()) };
    query::run(work.db, sql::MAIL_DELETE, (no.0,))?;
    if !mail_waits(work, tenant_no, u32::MAX)? {
        query::run(work.db, sql::NOTICES_FORGET, (tenant_no, true))?;
    }
    Ok(())
}
