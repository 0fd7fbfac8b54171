//! `GET /v1/events`

use axum::{Json, extract::State};
use http::Uri;
use postroad_domain::{EventId, TenantId};
use postroad_engine::{EventFilter, LookupError};

use super::{EventJson, list::read_filter};
use crate::{
    caller::Operator,
    check::{Faults, Shape},
    problem::{Problem, Refusals},
    query::{self, List, OfTenant},
    state::ServerState,
};

const SHAPE: Shape = Shape::of(&["tenant", "type", "since", "until", "limit", "cursor"]);

/// Events of all tenants, newest first
///
/// A page looks at a bounded number of events: with a rare filter it may be short, or empty, and still have a `next`.
#[utoipa::path(
    get,
    path = "/v1/events",
    tag = "events",
    security(("key" = ["admin"])),
    params(
        ("tenant" = Option<String>, Query, description = "Only of this tenant"),
        ("type" = Option<String>, Query, description = "Only of this type"),
        ("since" = Option<String>, Query, description = "Only accepted at this time (RFC 3339) or later"),
        ("until" = Option<String>, Query, description = "Only accepted before this time (RFC 3339)"),
        ("limit" = Option<u32>, Query, description = "1 to 250, by default 50"),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "A page", body = List<OfTenant<EventJson>>), Refusals),
)]
pub(super) async fn list_all_events(
    _: Operator,
    State(state): State<ServerState>,
    uri: Uri,
) -> Result<Json<List<OfTenant<EventJson>>>, Problem> {
    let Asked { tenant, filter, after, limit } = read(&uri)?;
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
    Ok(Json(List { data, next: query::next(&uri, next) }))
}

/// What a query asks for.
struct Asked {
    tenant: Option<TenantId>,
    filter: EventFilter,
    after: Option<EventId>,
    limit: usize,
}

fn read(uri: &Uri) -> Result<Asked, Problem> {
    let faults = Faults::default();
    let mut query = query::read(uri, &SHAPE, &faults);
    let (tenant, filter) = (query::tenant(&mut query), read_filter(&mut query));
    let limit = query::limit(&mut query);
    let after = query::after(&mut query, uri, |text| text.parse().ok())?;
    faults.finish(Some(Asked { tenant, filter, after, limit }))
}
