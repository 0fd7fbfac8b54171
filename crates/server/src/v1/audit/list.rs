//! `GET /v1/audit`

use axum::{Json, extract::State};
use http::Uri;
use postroad_domain::{AuditAction, TenantId};
use postroad_engine::AuditFilter;

use super::AuditJson;
use crate::{
    caller::Operator,
    check::{Faults, Shape},
    problem::{Problem, Refusals},
    query::{self, List},
    state::ServerState,
};

const SHAPE: Shape = Shape::of(&["tenant", "actor", "action", "since", "until", "limit", "cursor"]);

/// Who changed what, newest first
///
/// Every change of tenants, keys, subscriptions and event types, every delivery that was sent again or called off, and every
/// reading of a secret. An entry is written together with what it tells of.
#[utoipa::path(
    get,
    path = "/v1/audit",
    tag = "audit",
    security(("key" = ["admin"])),
    params(
        ("tenant" = Option<String>, Query, description = "Only in this tenant, which may be deleted by now"),
        ("actor" = Option<String>, Query, description = "Only by `admin`, `system` or the key of this id"),
        ("action" = Option<String>, Query, description = "Only this action, such as `subscription.changed`"),
        ("since" = Option<String>, Query, description = "Only at this time (RFC 3339) or later"),
        ("until" = Option<String>, Query, description = "Only before this time (RFC 3339)"),
        ("limit" = Option<u32>, Query, description = "1 to 250, by default 50"),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "A page", body = List<AuditJson>), Refusals),
)]
pub(super) async fn list_audit(
    _: Operator,
    State(state): State<ServerState>,
    uri: Uri,
) -> Result<Json<List<AuditJson>>, Problem> {
    let (filter, after, limit) = read(&uri)?;
    let page = state.engine.history().list_audit(filter, after, limit).await?;
    let data = page.items.into_iter().map(AuditJson::of).collect::<Result<_, _>>()?;
    Ok(Json(List { data, next: query::next(&uri, page.next) }))
}

fn read(uri: &Uri) -> Result<(AuditFilter, Option<i64>, usize), Problem> {
    let faults = Faults::default();
    let mut query = query::read(uri, &SHAPE, &faults);
    let filter = AuditFilter {
        tenant: query.field("tenant").and_then(|field| field.parsed(TenantId::parse)),
        actor: query.field("actor").and_then(|field| field.parsed(str::parse)),
        action: query.field("action").and_then(|field| field.parsed(AuditAction::parse)),
        since: query::time(&mut query, "since"),
        until: query::time(&mut query, "until"),
    };
    let limit = query::limit(&mut query);
    let after = query::after(&mut query, uri, |text| text.parse().ok())?;
    faults.finish(Some((filter, after, limit)))
}
