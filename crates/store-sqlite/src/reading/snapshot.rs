//! A tenant as a whole: what events are matched against.

use postroad_domain::{Tenant, TenantId, TenantNo};
use postroad_store::ConfigSnapshot;
use rusqlite::Connection;

use crate::{
    error::Fault,
    reading::{
        event_types, subscriptions,
        tenants::{by_id, read},
    },
    sql::{self, query},
};

/// A tenant with its subscriptions and event types.
pub(crate) fn snapshot(db: &Connection, id: &TenantId) -> Result<Option<ConfigSnapshot>, Fault> {
    by_id(db, id)?.map(|tenant| with_the_rest(db, tenant)).transpose()
}

/// The same, found by number.
pub(crate) fn snapshot_by_no(db: &Connection, no: TenantNo) -> Result<Option<ConfigSnapshot>, Fault> {
    let tenant = query::find(db, sql::TENANT_BY_NO, (no.0,), read)?;
    tenant.map(|tenant| with_the_rest(db, tenant)).transpose()
}

fn with_the_rest(db: &Connection, tenant: Tenant) -> Result<ConfigSnapshot, Fault> {
    let subscriptions = subscriptions::of_tenant(db, tenant.no)?;
    let event_types = event_types::of_tenant(db, tenant.no)?;
    Ok(ConfigSnapshot { tenant, subscriptions, event_types })
}
