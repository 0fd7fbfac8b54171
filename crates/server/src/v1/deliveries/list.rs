//! `GET /v1/tenants/{tenant}/deliveries`

use axum::{Json, extract::State};
use postroad_domain::{EventId, EventType, Status, SubscriptionId, Timestamp};
use postroad_engine::DeliveryFilter;

use super::DeliveryJson;
use crate::{
    caller::{DeliveriesRead, InTenant},
    path::TenantPath,
    problem::{Problem, Refusals},
    query::{Asked, List, PageParams, filters},
    state::ServerState,
};

filters! {
    /// The filters of every list of deliveries.
    pub(super) struct DeliveryFilters {
        /// Only to this subscription
        subscription: SubscriptionId,
        /// Only of this event
        event: EventId,
        /// Only of events of this type
        r#type: EventType,
        /// Only in this status; `delivering` means `queued` here
        status: Status,
        /// Only created at this time (RFC 3339) or later
        since: Timestamp,
        /// Only created before this time (RFC 3339)
        until: Timestamp,
    }
}

impl From<DeliveryFilters> for DeliveryFilter {
    fn from(of: DeliveryFilters) -> Self {
        let DeliveryFilters { subscription, event, r#type, status, since, until } = of;
        Self { subscription, event, event_type: r#type, status, since, until }
    }
}

/// Deliveries, newest first
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}/deliveries",
    tag = "deliveries",
    security(("key" = ["deliveries:read"])),
    params(TenantPath, DeliveryFilters, PageParams),
    responses((status = 200, description = "A page", body = List<DeliveryJson>), Refusals),
)]
pub(super) async fn list_deliveries(
    InTenant { tenant, .. }: InTenant<DeliveriesRead>,
    State(state): State<ServerState>,
    // What is inside the cursor the store knows.
    asked: Asked<DeliveryFilters, String>,
) -> Result<Json<List<DeliveryJson>>, Problem> {
    let page =
        state.engine.history().list_deliveries(&tenant, asked.filter.into(), asked.after, asked.limit).await;
    let page = page.map_err(|error| Problem::of_lookup(error, "delivery"))?;
    let data = page.items.iter().map(DeliveryJson::of).collect();
    Ok(asked.of.page(data, page.next))
}
