//! Subscriptions: reading them here, changing them in [`crate::writer::subscriptions`].
//!
//! A subscription is one row and one row per version with that version's spec and secrets, so that a delivery can always
//! tell what it was made with. Whether it is active now stands in its own row, and so do its failures: a receiver that is gone
//! makes no version, and neither does one that passes its handshakes.

use postroad_domain::{
    SealedSecret, Subscription, SubscriptionId, SubscriptionNo, SubscriptionSpec, SubscriptionVersion,
    TenantNo, Timestamp, Verification, subscription::Failures,
};
use postroad_store::{LaneKey, PendingVerifications};
use rusqlite::{Connection, Row};

use crate::{
    codec, codes,
    error::Fault,
    reading::tenants,
    sql::{self, query},
};

/// One subscription of a tenant.
pub(crate) fn by_id(
    db: &Connection,
    tenant_no: TenantNo,
    id: SubscriptionId,
) -> Result<Option<Subscription>, Fault> {
    if !tenants::lives(db, tenant_no)? {
        return Ok(None);
    }
    query::find(db, sql::SUBSCRIPTION_BY_ID, (tenant_no.0, id.as_bytes()), read)
}

/// The same by its number; of a tenant that is known to live.
pub(crate) fn by_no(
    db: &Connection,
    tenant_no: TenantNo,
    no: SubscriptionNo,
) -> Result<Option<Subscription>, Fault> {
    query::find(db, sql::SUBSCRIPTION_BY_NO, (tenant_no.0, no.0), read)
}

/// Those of a tenant behind a number, in the order of their creation, until so many bytes are read; answers whether there are more.
pub(crate) fn behind(
    db: &Connection,
    tenant_no: TenantNo,
    no: i64,
    bytes_left: &mut usize,
    found: &mut Vec<Subscription>,
) -> Result<bool, Fault> {
    let mut statement = db.prepare_cached(sql::SUBSCRIPTION_LIST)?;
    let mut rows = statement.query((tenant_no.0, no))?;
    while let Some(row) = rows.next()? {
        if *bytes_left == 0 {
            return Ok(true);
        }
        *bytes_left = bytes_left.saturating_sub(bytes_of(row)?);
        found.push(read(row)?);
    }
    Ok(false)
}

/// Bytes of a subscription's settings, of a row as [`read`] takes it.
pub(crate) fn bytes_of(row: &Row<'_>) -> Result<usize, Fault> {
    Ok(row.get_ref(11)?.as_str().map_err(rusqlite::Error::from)?.len())
}

/// What a subscription was at one of its versions, also a deleted one.
pub(crate) fn version(
    db: &Connection,
    tenant_no: TenantNo,
    no: SubscriptionNo,
    version: i64,
) -> Result<Option<SubscriptionVersion>, Fault> {
    Ok(version_with_bytes(db, tenant_no, no, version)?.map(|(_, version)| version))
}

/// The same, with the bytes of its settings.
pub(crate) fn version_with_bytes(
    db: &Connection,
    tenant_no: TenantNo,
    no: SubscriptionNo,
    version: i64,
) -> Result<Option<(usize, SubscriptionVersion)>, Fault> {
    query::find(db, sql::SUBSCRIPTION_VERSION, (tenant_no.0, no.0, version), |row| {
        let bytes = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?.len();
        Ok((bytes, SubscriptionVersion { spec: read_spec(row, 0)?, secrets: read_secrets(row, 1)? }))
    })
}

/// Those that wait for handshakes that were not made, by key.
pub(crate) fn pending(db: &Connection, list: PendingVerifications) -> Result<Vec<LaneKey>, Fault> {
    let after = list.after.map_or((i64::MIN, i64::MIN), |lane| (lane.tenant_no.0, lane.subscription_no.0));
    query::list(db, sql::SUBSCRIPTIONS_PENDING, (after.0, after.1, list.limit), |row| {
        Ok(LaneKey { tenant_no: TenantNo(row.get(0)?), subscription_no: SubscriptionNo(row.get(1)?) })
    })
}

/// The number of a subscription, also of a deleted one: its history goes on naming it.
pub(crate) fn number(db: &Connection, tenant_no: TenantNo, id: SubscriptionId) -> Result<Option<i64>, Fault> {
    query::find(db, sql::SUBSCRIPTION_NO, (tenant_no.0, id.as_bytes()), |row| Ok(row.get(0)?))
}

/// Reads a subscription's columns, which stand first in the row.
pub(crate) fn read(row: &Row<'_>) -> Result<Subscription, Fault> {
    let inactive = row.get::<_, Option<i64>>(4)?.map(codes::inactive_of).transpose()?;
    let inactive_at = Timestamp::from_micros(row.get::<_, Option<i64>>(5)?.unwrap_or_default());
    Ok(Subscription {
        no: SubscriptionNo(row.get(0)?),
        id: SubscriptionId::from_bytes(row.get(1)?),
        tenant_no: TenantNo(row.get(2)?),
        version: row.get(3)?,
        spec: SubscriptionSpec { active: inactive.is_none(), ..read_spec(row, 11)? },
        inactive: inactive.map(|reason| (reason, inactive_at)),
        failures: failures_of(row, 8)?,
        verification: read_verification(row, 12)?,
        secrets: read_secrets(row, 10)?,
        created_at: Timestamp::from_micros(row.get(6)?),
        updated_at: Timestamp::from_micros(row.get(7)?),
    })
}

/// The failures of a subscription, which stand in this column and the next.
pub(crate) fn failures_of(row: &Row<'_>, column: usize) -> Result<Option<Failures>, Fault> {
    let (count, since) = (row.get::<_, u32>(column)?, row.get::<_, Option<i64>>(column + 1)?);
    let since = since.map(Timestamp::from_micros);
    Ok(since.filter(|_| count > 0).map(|since| Failures { count, since }))
}

fn read_verification(row: &Row<'_>, column: usize) -> Result<Option<Verification>, Fault> {
    let text = row.get_ref(column)?.as_str_or_null().map_err(rusqlite::Error::from)?;
    Ok(text.map(serde_json::from_str).transpose()?)
}

fn read_spec(row: &Row<'_>, column: usize) -> Result<SubscriptionSpec, Fault> {
    let spec = row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?;
    Ok(serde_json::from_str(spec)?)
}

fn read_secrets(row: &Row<'_>, column: usize) -> Result<Vec<SealedSecret>, Fault> {
    codec::decode_secrets(row.get_ref(column)?.as_blob().map_err(rusqlite::Error::from)?)
}
