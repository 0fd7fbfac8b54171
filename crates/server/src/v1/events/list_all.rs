//! `GET /v1/events`

use axum::{Json, extract::State};
use postroad_domain::EventId;
use postroad_engine::LookupError;

use super::{EventJson, list::EventFilters};
use crate::{
    caller::Operator,
    problem::{Problem, Refusals},
    query::{Asked, List, OfAny, OfTenant, PageParams},
    state::ServerState,
};

/// Events of all tenants, newest first
///
/// A page looks at a bounded number of events and bytes: with large ones or a rare filter it may be short, or empty, and still have a
/// `next`.
#[utoipa::path(
    get,
    path = "/v1/events",
    tag = "events",
    security(("key" = ["admin"])),
    params(OfAny<EventFilters>, PageParams),
    responses((status = 200, description = "A page", body = List<OfTenant<EventJson>>), Refusals),
)]
pub(super) async fn list_all_events(
    _: Operator,
    State(state): State<ServerState>,
    asked: Asked<OfAny<EventFilters>, EventId>,
) -> Result<Json<List<OfTenant<EventJson>>>, Problem> {
    let Asked { filter: OfAny { tenant, filter }, after, limit, of } = asked;
    let filter = filter.into();
    let mut data = Vec::new();
    let next = if let Some(tenant) = tenant {
        match state.engine.history().list_events(&tenant, filter, after, limit).await {
            Ok(page) => {
                for event in &page.items {
                    data.push(OfTenant::new(&tenant, EventJson::of(event)?));
                }
                page.next
            }
            Err(LookupError::NoTenant | LookupError::NotFound) => None,
            Err(LookupError::Store(error)) => return Err(error.into()),
        }
    } else {
        let page = state.engine.history().list_all_events(filter, after, limit).await?;
        for owned in &page.items {
            data.push(OfTenant::new(&owned.tenant, EventJson::of(&owned.item)?));
        }
        page.next
    };
    Ok(of.page(data, next))
}
