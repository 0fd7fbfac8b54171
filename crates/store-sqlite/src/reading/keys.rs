//! Keys of tenants: each is one row, found by its hash when somebody brings it.

use postroad_domain::{ApiKey, KeyId, TenantId, TenantNo, Timestamp};
use postroad_store::{Change, CreateKey, CreateKeyError, KeyUsed, ListKeys, Page, RevokeKey, StoredKey};
use rusqlite::{Connection, Row};

use crate::{
    error::Fault,
    reading::{audit, tenants},
    sql::{self, query},
    writer::Work,
};

/// Keeps a new key.
pub(crate) fn create(
    work: &mut Work<'_>,
    create: &CreateKey,
) -> Result<Result<ApiKey, CreateKeyError>, Fault> {
    let tenant_no = create.tenant_no;
    if !work.known.tenants.contains_key(&tenant_no) {
        return Ok(Err(CreateKeyError::NoTenant));
    }
    let count = query::find(work.db, sql::KEY_COUNT, (tenant_no.0,), |row| Ok(row.get(0)?))?;
    if count.is_none_or(|count: usize| count >= create.max) {
        return Ok(Err(CreateKeyError::TooMany { max: create.max }));
    }
    let row = (
        tenant_no.0,
        create.id.as_bytes(),
        create.hash,
        create.secret_hash,
        create.at.as_micros(),
        serde_json::to_string(&create.spec)?,
    );
    query::run(work.db, sql::KEY_INSERT, row)?;
    work.announced.push(Change::Key(create.hash));
    audit::note(work.db, tenant_no, create.at, create.audit.as_ref())?;
    Ok(Ok(ApiKey {
        id: create.id,
        tenant_no,
        spec: create.spec.clone(),
        created_at: create.at,
        last_used_at: None,
        revoked_at: None,
    }))
}

/// The key with this hash, also one that has expired or was revoked, unless its tenant was deleted.
pub(crate) fn by_hash(db: &Connection, hash: &[u8; 32]) -> Result<Option<StoredKey>, Fault> {
    query::find(db, sql::KEY_BY_HASH, (hash,), |row| {
        let tenant = row.get_ref(8)?.as_str().map_err(rusqlite::Error::from)?;
        Ok(StoredKey {
            key: read(row)?,
            tenant: TenantId::parse(tenant).map_err(|_| Fault::Corrupt("a tenant has an id that is none"))?,
            hash: row.get(6)?,
            secret_hash: row.get(7)?,
        })
    })
}

/// Keys of a tenant that are not revoked, by id.
pub(crate) fn list(db: &Connection, list: ListKeys) -> Result<Page<ApiKey, KeyId>, Fault> {
    if !tenants::lives(db, list.tenant_no)? {
        return Ok(Page { items: Vec::new(), next: None });
    }
    let after = list.after.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
    let mut items = query::list(db, sql::KEY_LIST, (list.tenant_no.0, after, list.limit + 1), read)?;
    let has_more = items.len() > list.limit;
    items.truncate(list.limit);
    let next = items.last().filter(|_| has_more).map(|key| key.id);
    Ok(Page { items, next })
}

/// Revokes a key; answers whether there was one.
pub(crate) fn revoke(work: &mut Work<'_>, revoke: &RevokeKey) -> Result<bool, Fault> {
    let tenant_no = revoke.tenant_no;
    if !work.known.tenants.contains_key(&tenant_no) {
        return Ok(false);
    }
    let row = (tenant_no.0, revoke.id.as_bytes(), revoke.at.as_micros());
    let hash = query::find(work.db, sql::KEY_REVOKE, row, |row| Ok(row.get(0)?))?;
    let Some(hash) = hash else { return Ok(false) };
    work.announced.push(Change::Key(hash));
    forget_revoked(work.db, tenant_no, revoke.kept_max)?;
    audit::note(work.db, tenant_no, revoke.at, revoke.audit.as_ref())?;
    Ok(true)
}

/// Notes when keys were last used.
pub(crate) fn note_uses(work: &Work<'_>, used: &[KeyUsed]) -> Result<(), Fault> {
    for KeyUsed { tenant_no, id, at } in used {
        query::run(work.db, sql::KEY_USED, (tenant_no.0, id.as_bytes(), at.as_micros()))?;
    }
    Ok(())
}

/// Forgets the keys that were revoked first, when there are too many.
fn forget_revoked(db: &Connection, tenant_no: TenantNo, kept_max: usize) -> Result<(), Fault> {
    let mut revoked = query::list(db, sql::KEY_REVOKED, (tenant_no.0,), |row| {
        Ok((row.get::<_, i64>(1)?, row.get::<_, [u8; 16]>(0)?))
    })?;
    revoked.sort_unstable();
    let beyond = revoked.len().saturating_sub(kept_max);
    for (_, id) in revoked.into_iter().take(beyond) {
        query::run(db, sql::KEY_DELETE, (tenant_no.0, id))?;
    }
    Ok(())
}

fn read(row: &Row<'_>) -> Result<ApiKey, Fault> {
    let moment = |column| Ok::<_, Fault>(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_micros));
    let spec = row.get_ref(5)?.as_str().map_err(rusqlite::Error::from)?;
    Ok(ApiKey {
        id: KeyId::from_bytes(row.get(0)?),
        tenant_no: TenantNo(row.get(1)?),
        spec: serde_json::from_str(spec)?,
        created_at: Timestamp::from_micros(row.get(2)?),
        last_used_at: moment(3)?,
        revoked_at: moment(4)?,
    })
}
