//! `GET /v1/tenants/{tenant}/subscriptions`

use axum::{Json, extract::State};
use http::Uri;
use postroad_domain::{EventType, Invalid, Subscription, SubscriptionId};
use postroad_engine::SubscriptionFilter;

use super::SubscriptionJson;
use crate::{
    caller::{InTenant, SubscriptionsRead},
    check::{Faults, Object, Shape},
    problem::{Problem, Refusals},
    query::{self, List},
    state::ServerState,
};

const SHAPE: Shape = Shape::of(&["active", "type", "limit", "cursor"]);

/// The tenant's subscriptions, oldest first
///
/// With masks as one alone is shown.
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}/subscriptions",
    tag = "subscriptions",
    security(("key" = ["subscriptions:read"])),
    params(
        ("tenant" = String, Path, description = "The tenant's id"),
        ("active" = Option<bool>, Query, description = "Only active ones, or only inactive ones"),
        ("type" = Option<String>, Query, description = "Only those that select events of this type"),
        ("limit" = Option<u32>, Query, description = "1 to 250, by default 50"),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "A page", body = List<SubscriptionJson>), Refusals),
)]
pub(super) async fn list_subscriptions(
    InTenant { tenant, rights, .. }: InTenant<SubscriptionsRead>,
    State(state): State<ServerState>,
    uri: Uri,
) -> Result<Json<List<SubscriptionJson>>, Problem> {
    let (filter, after, limit) = read(&uri)?;
    let lookup = |error| Problem::of_lookup(error, "subscription");
    let all = state.engine.configuration().subscriptions(&tenant).await.map_err(lookup)?;
    let loaded = state.engine.configuration().profile_of(&tenant).await.map_err(lookup)?;
    let (page, next) = page_of(all, &filter, after, limit);
    let of = |subscription| SubscriptionJson::of(&tenant, subscription, &loaded.profile, &rights);
    Ok(Json(List { data: page.iter().map(of).collect(), next: query::next(&uri, next) }))
}

/// By id: ids sort by time, and a subscription that was deleted between two pages leaves no gap to fall into.
pub(super) fn page_of(
    mut all: Vec<Subscription>,
    filter: &SubscriptionFilter,
    after: Option<SubscriptionId>,
    limit: usize,
) -> (Vec<Subscription>, Option<SubscriptionId>) {
    all.retain(|one| after.is_none_or(|after| one.id > after) && filter.lets_through(one));
    all.sort_unstable_by_key(|subscription| subscription.id);
    let is_last = all.len() <= limit;
    all.truncate(limit);
    let next = all.last().filter(|_| !is_last).map(|last| last.id);
    (all, next)
}

fn read(uri: &Uri) -> Result<(SubscriptionFilter, Option<SubscriptionId>, usize), Problem> {
    let faults = Faults::default();
    let mut query = query::read(uri, &SHAPE, &faults);
    let filter = read_filter(&mut query);
    let limit = query::limit(&mut query);
    let after = query::after(&mut query, uri, |text| text.parse().ok())?;
    faults.finish(Some((filter, after, limit)))
}

/// The filters of every list of subscriptions.
pub(super) fn read_filter(query: &mut Object<'_>) -> SubscriptionFilter {
    SubscriptionFilter {
        active: query.field("active").and_then(|field| field.parsed(parse_flag)),
        event_type: query.field("type").and_then(|field| field.parsed(EventType::parse)),
    }
}

fn parse_flag(text: &str) -> Result<bool, Invalid> {
    text.parse().map_err(|_| Invalid::new("must be true or false"))
}
