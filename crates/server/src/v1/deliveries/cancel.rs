//! `POST /v1/tenants/{tenant}/deliveries/{id}/cancel`

use axum::{Json, extract::State};
use postroad_domain::ids::DeliveryKind;

use super::ChangedDelivery;
use crate::{
    caller::{DeliveriesRetry, ObjectOf},
    path::{ObjectPath, TenantPath},
    problem::{Problem, ProblemDocument, Refusals},
    state::ServerState,
};

/// Call a waiting delivery off
///
/// An attempt that is under way goes on; if it succeeds, the delivery has succeeded. The answer holds the attempts only for a
/// key with `deliveries:read`.
#[utoipa::path(
    post,
    path = "/v1/tenants/{tenant}/deliveries/{id}/cancel",
    tag = "deliveries",
    security(("key" = ["deliveries:retry"])),
    params(TenantPath, ObjectPath<DeliveryKind>),
    responses(
        (status = 200, description = "It is cancelled", body = ChangedDelivery),
        (status = 409, description = "It has ended", body = ProblemDocument,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(super) async fn cancel_delivery(
    ObjectOf { tenant, id, by, rights, .. }: ObjectOf<DeliveriesRetry, DeliveryKind>,
    State(state): State<ServerState>,
) -> Result<Json<ChangedDelivery>, Problem> {
    let view = state.engine.history().cancel_delivery(&by, &tenant, id).await?;
    Ok(Json(ChangedDelivery::of(&view, &rights)))
}
