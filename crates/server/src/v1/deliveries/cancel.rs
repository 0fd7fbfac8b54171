//! `POST /v1/tenants/{tenant}/deliveries/{id}/cancel`

use axum::{Json, extract::State};
use postroad_domain::ids::DeliveryKind;

use super::DeliveryWithAttempts;
use crate::{
    caller::Caller,
    path::{ObjectPath, TenantPath},
    problem::{Problem, ProblemDocument, Refusals},
    state::ServerState,
};

/// Call a waiting delivery off
///
/// An attempt that is under way goes on; if it succeeds, the delivery has succeeded.
#[utoipa::path(
    post,
    path = "/v1/tenants/{tenant}/deliveries/{id}/cancel",
    tag = "deliveries",
    params(
        ("tenant" = String, Path, description = "The tenant's id"),
        ("id" = String, Path, description = "The delivery's id"),
    ),
    responses(
        (status = 200, description = "It is cancelled", body = DeliveryWithAttempts),
        (status = 409, description = "It has ended", body = ProblemDocument,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(super) async fn cancel_delivery(
    _: Caller,
    State(state): State<ServerState>,
    TenantPath(tenant): TenantPath,
    ObjectPath(id): ObjectPath<DeliveryKind>,
) -> Result<Json<DeliveryWithAttempts>, Problem> {
    let view = state.engine.cancel_delivery(&tenant, id).await?;
    Ok(Json(DeliveryWithAttempts::of(&view)))
}
