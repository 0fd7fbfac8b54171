//! `GET /v1/deliveries`

use axum::{Json, extract::State};
use http::Uri;
use postroad_domain::TenantId;
use postroad_engine::{DeliveryFilter, LookupError};

use super::{DeliveryJson, list::read_filter};
use crate::{
    caller::Operator,
    check::{Faults, Shape},
    problem::{Problem, Refusals},
    query::{self, List, OfTenant},
    state::ServerState,
};

const SHAPE: Shape =
    Shape::of(&["tenant", "subscription", "event", "type", "status", "since", "until", "limit", "cursor"]);

/// Deliveries of all tenants, newest first
///
/// A page looks at a bounded number of deliveries: with a rare filter it may be short, or empty, and still have a `next`.
#[utoipa::path(
    get,
    path = "/v1/deliveries",
    tag = "deliveries",
    security(("key" = ["admin"])),
    params(
        ("tenant" = Option<String>, Query, description = "Only of this tenant"),
        ("subscription" = Option<String>, Query, description = "Only to this subscription"),
        ("event" = Option<String>, Query, description = "Only of this event"),
        ("type" = Option<String>, Query, description = "Only of events of this type"),
        ("status" = Option<String>, Query, description = "Only in this status; `delivering` means `queued` here"),
        ("since" = Option<String>, Query, description = "Only created at this time (RFC 3339) or later"),
        ("until" = Option<String>, Query, description = "Only created before this time (RFC 3339)"),
        ("limit" = Option<u32>, Query, description = "1 to 250, by default 50"),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "A page", body = List<OfTenant<DeliveryJson>>), Refusals),
)]
pub(super) async fn list_all_deliveries(
    _: Operator,
    State(state): State<ServerState>,
    uri: Uri,
) -> Result<Json<List<OfTenant<DeliveryJson>>>, Problem> {
    let Asked { tenant, filter, after, limit } = read(&uri)?;
    let (data, next) = if let Some(tenant) = tenant {
        match state.engine.history().list_deliveries(&tenant, filter, after, limit).await {
            Ok(page) => {
                let item = |delivery| OfTenant::new(&tenant, DeliveryJson::of(delivery));
                (page.items.iter().map(item).collect(), page.next)
            }
            Err(LookupError::NoTenant | LookupError::NotFound) => (Vec::new(), None),
            Err(LookupError::Store(error)) => return Err(error.into()),
        }
    } else {
        let page = state.engine.history().list_all_deliveries(filter, after, limit).await?;
        let items = page.items.iter().map(|of| OfTenant::new(&of.tenant, DeliveryJson::of(&of.item)));
        (items.collect(), page.next)
    };
    Ok(Json(List { data, next: query::next(&uri, next) }))
}

/// What a query asks for.
struct Asked {
    tenant: Option<TenantId>,
    filter: DeliveryFilter,
    after: Option<String>,
    limit: usize,
}

fn read(uri: &Uri) -> Result<Asked, Problem> {
    let faults = Faults::default();
    let mut query = query::read(uri, &SHAPE, &faults);
    let (tenant, filter) = (query::tenant(&mut query), read_filter(&mut query));
    let limit = query::limit(&mut query);
    let after = query::after(&mut query, uri, |text| Some(text.to_owned()))?;
    faults.finish(Some(Asked { tenant, filter, after, limit }))
}
