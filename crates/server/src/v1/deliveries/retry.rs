//! `POST /v1/tenants/{tenant}/deliveries/{id}/retry`

use axum::{Json, extract::State};
use http::StatusCode;
use postroad_domain::ids::DeliveryKind;

use super::ChangedDelivery;
use crate::{
    caller::{DeliveriesRetry, ObjectOf},
    path::{ObjectPath, TenantPath},
    problem::{Problem, ProblemDocument, Refusals},
    state::ServerState,
};

/// Send a delivery that has ended again
///
/// It re-enters the normal schedule at the tail of its subscription. The answer holds the attempts only for a
/// key with `deliveries:read`.
#[utoipa::path(
    post,
    path = "/v1/tenants/{tenant}/deliveries/{id}/retry",
    tag = "deliveries",
    security(("key" = ["deliveries:retry"])),
    params(TenantPath, ObjectPath<DeliveryKind>),
    responses(
        (status = 202, description = "It is queued", body = ChangedDelivery),
        (status = 409, description = "It still waits, or its subscription is inactive or deleted",
         body = ProblemDocument, content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(super) async fn retry_delivery(
    ObjectOf { tenant, id, by, rights, .. }: ObjectOf<DeliveriesRetry, DeliveryKind>,
    State(state): State<ServerState>,
) -> Result<(StatusCode, Json<ChangedDelivery>), Problem> {
    let view = state.engine.history().retry_delivery(&by, &tenant, id).await?;
    Ok((StatusCode::ACCEPTED, Json(ChangedDelivery::of(&view, &rights))))
}
