//! Keys of tenants: each is one row, found by its hash when somebody brings it.

use postroad_domain::{ApiKey, KeyId, TenantId, TenantNo, Timestamp};
use postroad_store::{ListKeys, Page, StoredKey};
use rusqlite::{Connection, Row};

use crate::{
    error::Fault,
    reading::tenants,
    sql::{self, query},
};

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
