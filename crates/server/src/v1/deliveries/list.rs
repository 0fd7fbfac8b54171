//! `GET /v1/tenants/{tenant}/deliveries`

use axum::{Json, extract::State};
use http::Uri;
use postroad_domain::{EventType, Invalid, Status};
use postroad_engine::DeliveryFilter;

use super::DeliveryJson;
use crate::{
    caller::{DeliveriesRead, InTenant},
    check::{Faults, Object, Shape},
    problem::{Problem, Refusals},
    query::{self, List},
    state::ServerState,
};

const SHAPE: Shape =
    Shape::of(&["subscription", "event", "type", "status", "since", "until", "limit", "cursor"]);

/// Deliveries, newest first
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}/deliveries",
    tag = "deliveries",
    security(("key" = ["deliveries:read"])),
    params(
        ("tenant" = String, Path, description = "The tenant's id"),
        ("subscription" = Option<String>, Query, description = "Only to this subscription"),
        ("event" = Option<String>, Query, description = "Only of this event"),
        ("type" = Option<String>, Query, description = "Only of events of this type"),
        ("status" = Option<String>, Query, description = "Only in this status; `delivering` means `queued` here"),
        ("since" = Option<String>, Query, description = "Only created at this time (RFC 3339) or later"),
        ("until" = Option<String>, Query, description = "Only created before this time (RFC 3339)"),
        ("limit" = Option<u32>, Query, description = "1 to 250, by default 50"),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "A page", body = List<DeliveryJson>), Refusals),
)]
pub(super) async fn list_deliveries(
    InTenant { tenant, .. }: InTenant<DeliveriesRead>,
    State(state): State<ServerState>,
    uri: Uri,
) -> Result<Json<List<DeliveryJson>>, Problem> {
    let (filter, after, limit) = read(&uri)?;
    let page = state.engine.history().list_deliveries(&tenant, filter, after, limit).await;
    let page = page.map_err(|error| Problem::of_lookup(error, "delivery"))?;
    let data = page.items.iter().map(DeliveryJson::of).collect();
    Ok(Json(List { data, next: query::next(&uri, page.next) }))
}

fn read(uri: &Uri) -> Result<(DeliveryFilter, Option<String>, usize), Problem> {
    let faults = Faults::default();
    let mut query = query::read(uri, &SHAPE, &faults);
    let filter = read_filter(&mut query);
    let limit = query::limit(&mut query);
    // What is inside the store knows.
    let after = query::after(&mut query, uri, |text| Some(text.to_owned()))?;
    faults.finish(Some((filter, after, limit)))
}

/// The filters of every list of deliveries.
pub(super) fn read_filter(query: &mut Object<'_>) -> DeliveryFilter {
    DeliveryFilter {
        subscription: query.field("subscription").and_then(|field| field.parsed(str::parse)),
        event: query.field("event").and_then(|field| field.parsed(str::parse)),
        event_type: query.field("type").and_then(|field| field.parsed(EventType::parse)),
        status: query.field("status").and_then(|field| field.parsed(parse_status)),
        since: query::time(query, "since"),
        until: query::time(query, "until"),
    }
}

fn parse_status(text: &str) -> Result<Status, Invalid> {
    let known = Status::ALL.into_iter().find(|status| status.as_str() == text);
    known
        .ok_or_else(|| Invalid::new(format!("must be one of {}", Status::ALL.map(Status::as_str).join(", "))))
}
