//! `GET /v1/deliveries`

use axum::{Json, extract::State};
use postroad_engine::LookupError;

use super::{DeliveryJson, list::DeliveryFilters};
use crate::{
    caller::Operator,
    problem::{Problem, Refusals},
    query::{Asked, List, OfAny, OfTenant, PageParams},
    state::ServerState,
};

/// Deliveries of all tenants, newest first
///
/// A page looks at a bounded number of deliveries and bytes: with large ones or a rare filter it may be short, or empty, and still have a
/// `next`.
#[utoipa::path(
    get,
    path = "/v1/deliveries",
    tag = "deliveries",
    security(("key" = ["admin"])),
    params(OfAny<DeliveryFilters>, PageParams),
    responses((status = 200, description = "A page", body = List<OfTenant<DeliveryJson>>), Refusals),
)]
pub(super) async fn list_all_deliveries(
    _: Operator,
    State(state): State<ServerState>,
    asked: Asked<OfAny<DeliveryFilters>, String>,
) -> Result<Json<List<OfTenant<DeliveryJson>>>, Problem> {
    let Asked { filter: OfAny { tenant, filter }, after, limit, of } = asked;
    let filter = filter.into();
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
    Ok(of.page(data, next))
}
