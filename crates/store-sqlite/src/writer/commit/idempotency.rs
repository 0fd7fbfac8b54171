//! The caller's keys: the same key with the same bytes is the same event.

use postroad_domain::{EventId, TenantNo, Timestamp};
use postroad_store::{AcceptResult, NewEvent};
use rusqlite::Connection;

use crate::{
    error::Fault,
    sql::{self, query},
};

/// What a repeat of a remembered key answers; `None` when the event has no key, or one that is not remembered.
pub(super) fn answer_of_repeat(
    db: &Connection,
    new: &NewEvent,
    at: Timestamp,
) -> Result<Option<AcceptResult>, Fault> {
    let Some(idempotency) = new.idempotency else { return Ok(None) };
    let Some(known) = find(db, new.tenant_no, &idempotency.key_hash)? else { return Ok(None) };
    Ok(known.is_valid(at).then(|| known.answer(&idempotency.bytes_hash)))
}

/// Remembers the key of an event, or answers its repeat. The key is new nearly always, so it is inserted first and
/// looked at only where that meets an older one.
pub(super) fn remember(
    db: &Connection,
    new: &NewEvent,
    deliveries: u32,
    at: Timestamp,
) -> Result<Option<AcceptResult>, Fault> {
    let Some(idempotency) = new.idempotency else { return Ok(None) };
    let insert = || {
        let row = (
            new.tenant_no.0,
            idempotency.key_hash,
            idempotency.bytes_hash,
            new.id.as_bytes(),
            at.as_micros(),
            deliveries,
            idempotency.expires_at.as_micros(),
        );
        query::run(db, sql::IDEMPOTENCY_INSERT, row)
    };
    if insert()? == 1 {
        return Ok(None);
    }
    let known = find(db, new.tenant_no, &idempotency.key_hash)?
        .ok_or(Fault::Corrupt("a key is in its way and cannot be found"))?;
    if known.is_valid(at) {
        return Ok(Some(known.answer(&idempotency.bytes_hash)));
    }
    // It is inserted anew and not changed, so that the table stays in the order in which keys expire.
    query::run(db, sql::IDEMPOTENCY_DELETE, (known.no,))?;
    insert()?;
    Ok(None)
}

/// What is remembered of a key.
struct Known {
    no: i64,
    bytes_hash: [u8; 32],
    event_id: EventId,
    accepted_at: Timestamp,
    deliveries: u32,
    expires_at: Timestamp,
}

impl Known {
    fn is_valid(&self, at: Timestamp) -> bool {
        self.expires_at > at
    }

    fn answer(&self, bytes_hash: &[u8; 32]) -> AcceptResult {
        if self.bytes_hash != *bytes_hash {
            return AcceptResult::Conflict;
        }
        let Self { event_id, accepted_at, deliveries, .. } = *self;
        AcceptResult::Duplicate { event_id, accepted_at, deliveries }
    }
}

fn find(db: &Connection, tenant_no: TenantNo, key_hash: &[u8; 32]) -> Result<Option<Known>, Fault> {
    query::find(db, sql::IDEMPOTENCY_FIND, (tenant_no.0, key_hash), |row| {
        Ok(Known {
            no: row.get(0)?,
            bytes_hash: row.get(1)?,
            event_id: EventId::from_bytes(row.get(2)?),
            accepted_at: Timestamp::from_micros(row.get(3)?),
            deliveries: row.get(4)?,
            expires_at: Timestamp::from_micros(row.get(5)?),
        })
    })
}
