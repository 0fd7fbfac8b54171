//! Mail that waits, and what it tells.

use postroad_domain::{SubscriptionNo, TenantNo, Timestamp};
use postroad_store::{AskMail, DueDigest, DueMail, Mail, MailNo, Notice};
use rusqlite::Connection;

use crate::{
    codec, codes,
    error::Fault,
    sql::{self, query},
};

/// What is due, and when the next is.
pub(crate) fn due(db: &Connection, ask: AskMail) -> Result<DueMail, Fault> {
    // One more than is asked for, to know the next.
    let range = (i64::MIN, ask.limit.saturating_add(1));
    let digests = query::list(db, sql::DIGESTS_DUE, range, |row| {
        let due = Timestamp::from_micros(row.get(1)?);
        Ok((
            due,
            DueDigest {
                tenant_no: TenantNo(row.get(0)?),
                due,
                allowed_at: Timestamp::from_micros(row.get(2)?),
                step: row.get(3)?,
            },
        ))
    })?;
    let mails = query::list(db, sql::MAILS_DUE, range, |row| {
        let mail = Mail {
            no: MailNo(row.get(0)?),
            tenant_no: TenantNo(row.get(1)?),
            recipient: row.get(2)?,
            made_at: Timestamp::from_micros(row.get(3)?),
            tries: row.get(5)?,
        };
        Ok((Timestamp::from_micros(row.get(4)?), mail))
    })?;
    let (digests, next_digest) = split(digests, ask.digests_due_by, ask.limit);
    let (mails, next_mail) = split(mails, ask.mails_due_by, ask.limit);
    Ok(DueMail { digests, mails, next_digest, next_mail })
}

/// What is due by a moment, and when the first behind that is. It comes in the order of due times.
fn split<T>(mut of: Vec<(Timestamp, T)>, by: Timestamp, limit: usize) -> (Vec<T>, Option<Timestamp>) {
    let due = of.iter().take_while(|(due, _)| *due <= by).count().min(limit);
    let next = of.get(due).map(|(due, _)| *due);
    of.truncate(due);
    (of.into_iter().map(|(_, item)| item).collect(), next)
}

/// The notices of the closed digest of a tenant.
pub(crate) fn closed(db: &Connection, tenant_no: TenantNo) -> Result<Vec<Notice>, Fault> {
    query::list(db, sql::NOTICES_CLOSED, (tenant_no.0,), |row| {
        Ok(Notice {
            subscription_no: SubscriptionNo(row.get(0)?),
            kind: codes::notice_of(row.get(1)?)?,
            count: row.get(2)?,
            first_at: Timestamp::from_micros(row.get(3)?),
            last_at: Timestamp::from_micros(row.get(4)?),
            deliveries: codec::decode_deliveries(&row.get::<_, Vec<u8>>(5)?)?,
        })
    })
}
