//! Keeping and revoking keys of tenants.

use postroad_domain::{ApiKey, TenantNo};
use postroad_store::{Change, CreateKey, CreateKeyError, KeyUsed, RevokeKey};
use rusqlite::Connection;

use crate::{
    error::Fault,
    sql::{self, query},
    writer::{audit, work::Work},
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
