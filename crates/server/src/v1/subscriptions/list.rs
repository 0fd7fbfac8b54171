//! `GET /v1/tenants/{tenant}/subscriptions`

use axum::{Json, extract::State};
use http::Uri;
use postroad_domain::{Subscription, SubscriptionId};

use super::SubscriptionJson;
use crate::{
    caller::Caller,
    check::{Faults, Shape},
    path::TenantPath,
    problem::{Problem, Refusals},
    query::{self, List},
    state::ServerState,
};

const SHAPE: Shape = Shape::of(&["limit", "cursor"]);

/// The tenant's subscriptions, oldest first
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}/subscriptions",
    tag = "subscriptions",
    params(
        ("tenant" = String, Path, description = "The tenant's id"),
        ("limit" = Option<u32>, Query, description = "1 to 250, by default 50"),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "A page", body = List<SubscriptionJson>), Refusals),
)]
pub(super) async fn list_subscriptions(
    _: Caller,
    State(state): State<ServerState>,
    TenantPath(tenant): TenantPath,
    uri: Uri,
) -> Result<Json<List<SubscriptionJson>>, Problem> {
    let (after, limit) = read(&uri)?;
    let lookup = |error| Problem::of_lookup(error, "subscription");
    let all = state.engine.subscriptions(&tenant).await.map_err(lookup)?;
    let loaded = state.engine.profile_of(&tenant).await.map_err(lookup)?;
    let (page, next) = page_of(all, after, limit);
    let data = page.iter().map(|subscription| SubscriptionJson::of(&tenant, subscription, &loaded.profile));
    Ok(Json(List { data: data.collect(), next: next.map(|id| id.to_string()) }))
}

/// By id: ids sort by time, and a subscription that was deleted between two pages leaves no gap to fall into.
fn page_of(
    mut all: Vec<Subscription>,
    after: Option<SubscriptionId>,
    limit: usize,
) -> (Vec<Subscription>, Option<SubscriptionId>) {
    all.retain(|subscription| after.is_none_or(|after| subscription.id > after));
    all.sort_unstable_by_key(|subscription| subscription.id);
    let is_last = all.len() <= limit;
    all.truncate(limit);
    let next = all.last().filter(|_| !is_last).map(|last| last.id);
    (all, next)
}

fn read(uri: &Uri) -> Result<(Option<SubscriptionId>, usize), Problem> {
    let faults = Faults::default();
    let mut query = query::read(uri, &SHAPE, &faults);
    let limit = query::limit(&mut query);
    let after = query::cursor(&mut query, |text| text.parse().ok())?;
    faults.finish(Some((after, limit)))
}
