//! `GET /v1/audit`

use axum::{Json, extract::State};
use postroad_domain::{Actor, AuditAction, TenantId, Timestamp};
use postroad_engine::AuditFilter;

use super::AuditJson;
use crate::{
    caller::Operator,
    problem::{Problem, Refusals},
    query::{Asked, List, PageParams, filters},
    state::ServerState,
};

filters! {
    /// The filters of the audit.
    pub(super) struct AuditFilters {
        /// Only in this tenant, which may be deleted by now
        tenant: TenantId,
        /// Only by `admin`, `system` or the key of this id
        actor: Actor,
        /// Only this action, such as `subscription.changed`
        action: AuditAction,
        /// Only at this time (RFC 3339) or later
        since: Timestamp,
        /// Only before this time (RFC 3339)
        until: Timestamp,
    }
}

impl From<AuditFilters> for AuditFilter {
    fn from(AuditFilters { tenant, actor, action, since, until }: AuditFilters) -> Self {
        Self { tenant, actor, action, since, until }
    }
}

/// Who changed what, newest first
///
/// Every change of tenants, keys, subscriptions and event types, every delivery that was sent again or called off, and every
/// reading of a secret. An entry is written together with what it tells of.
#[utoipa::path(
    get,
    path = "/v1/audit",
    tag = "audit",
    security(("key" = ["admin"])),
    params(AuditFilters, PageParams),
    responses((status = 200, description = "A page", body = List<AuditJson>), Refusals),
)]
pub(super) async fn list_audit(
    _: Operator,
    State(state): State<ServerState>,
    asked: Asked<AuditFilters, i64>,
) -> Result<Json<List<AuditJson>>, Problem> {
    let page = state.engine.history().list_audit(asked.filter.into(), asked.after, asked.limit).await?;
    let data = page.items.into_iter().map(AuditJson::of).collect::<Result<_, _>>()?;
    Ok(asked.of.page(data, page.next))
}
