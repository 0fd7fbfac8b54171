//! `GET /v1/tenants/{tenant}/deliveries/{id}`

use axum::{Json, extract::State};
use postroad_domain::ids::DeliveryKind;

use super::DeliveryWithAttempts;
use crate::{
    caller::{DeliveriesRead, ObjectOf},
    path::{ObjectPath, TenantPath},
    problem::{Problem, Refusals},
    state::ServerState,
};

/// One delivery with its attempts
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}/deliveries/{id}",
    tag = "deliveries",
    security(("key" = ["deliveries:read"])),
    params(TenantPath, ObjectPath<DeliveryKind>),
    responses((status = 200, description = "The delivery", body = DeliveryWithAttempts), Refusals),
)]
pub(super) async fn get_delivery(
    ObjectOf { tenant, id, rights, .. }: ObjectOf<DeliveriesRead, DeliveryKind>,
    State(state): State<ServerState>,
) -> Result<Json<DeliveryWithAttempts>, Problem> {
    let view = state.engine.history().delivery(&tenant, id).await;
    let view = view.map_err(|error| Problem::of_lookup(error, "delivery"))?;
    Ok(Json(DeliveryWithAttempts::of(&view, &rights)))
}
