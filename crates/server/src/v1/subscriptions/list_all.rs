//! `GET /v1/subscriptions`

use axum::{Json, extract::State};
use http::Uri;
use postroad_domain::{SubscriptionId, SubscriptionNo, TenantId};
use postroad_engine::{ListedSubscription, LookupError, SubscriptionFilter};

use super::{
    SubscriptionJson,
    list::{page_of, read_filter},
};
use crate::{
    caller::{Operator, Rights},
    check::{Faults, Shape},
    problem::{Problem, Refusals},
    query::{self, List},
    state::ServerState,
};

const SHAPE: Shape = Shape::of(&["tenant", "active", "type", "limit", "cursor"]);

/// Where a page begins: within one tenant behind a subscription's id, over all of them by its place among all.
enum Within {
    Tenant(TenantId, Option<SubscriptionId>),
    All(Option<SubscriptionNo>),
}

/// Subscriptions of all tenants
///
/// Newest first; with `tenant` as in that tenant's own list. A page looks at a bounded number of subscriptions: with a rare
/// filter it may be short, or empty, and still have a `next`.
#[utoipa::path(
    get,
    path = "/v1/subscriptions",
    tag = "subscriptions",
    security(("key" = ["admin"])),
    params(
        ("tenant" = Option<String>, Query, description = "Only of this tenant"),
        ("active" = Option<bool>, Query, description = "Only active ones, or only inactive ones"),
        ("type" = Option<String>, Query, description = "Only those that select events of this type"),
        ("limit" = Option<u32>, Query, description = "1 to 250, by default 50"),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "A page", body = List<SubscriptionJson>), Refusals),
)]
pub(super) async fn list_all_subscriptions(
    _: Operator,
    State(state): State<ServerState>,
    uri: Uri,
) -> Result<Json<List<SubscriptionJson>>, Problem> {
    let (filter, within, limit) = read(&uri)?;
    match within {
        Within::Tenant(tenant, after) => of_one(&state, &uri, &tenant, (filter, after, limit)).await,
        Within::All(after) => of_all(&state, &uri, (filter, after, limit)).await,
    }
}

fn read(uri: &Uri) -> Result<(SubscriptionFilter, Within, usize), Problem> {
    let faults = Faults::default();
    let mut query = query::read(uri, &SHAPE, &faults);
    let (tenant, filter) = (query::tenant(&mut query), read_filter(&mut query));
    let limit = query::limit(&mut query);
    let within = match tenant {
        Some(tenant) => Within::Tenant(tenant, query::after(&mut query, uri, |text| text.parse().ok())?),
        None => {
            let number = |text: &str| text.parse().ok().map(SubscriptionNo);
            Within::All(query::after(&mut query, uri, number)?)
        }
    };
    faults.finish(Some((filter, within, limit)))
}

async fn of_one(
    state: &ServerState,
    uri: &Uri,
    tenant: &TenantId,
    (filter, after, limit): (SubscriptionFilter, Option<SubscriptionId>, usize),
) -> Result<Json<List<SubscriptionJson>>, Problem> {
    let found = state.engine.configuration().subscriptions(tenant).await;
    let loaded = state.engine.configuration().profile_of(tenant).await;
    let (all, loaded) = match found.and_then(|all| Ok((all, loaded?))) {
        Ok(found) => found,
        Err(LookupError::NoTenant | LookupError::NotFound) => {
            return Ok(Json(List { data: Vec::new(), next: None }));
        }
        Err(LookupError::Store(error)) => return Err(error.into()),
    };
    let (page, next) = page_of(all, &filter, after, limit);
    let of = |subscription| SubscriptionJson::of(tenant, subscription, &loaded.profile, &Rights::Admin);
    Ok(Json(List { data: page.iter().map(of).collect(), next: query::next(uri, next) }))
}

async fn of_all(
    state: &ServerState,
    uri: &Uri,
    (filter, after, limit): (SubscriptionFilter, Option<SubscriptionNo>, usize),
) -> Result<Json<List<SubscriptionJson>>, Problem> {
    let page = state.engine.history().list_all_subscriptions(filter, after, limit).await?;
    let of = |of: &ListedSubscription| {
        SubscriptionJson::of(&of.tenant, &of.subscription, &of.profile.profile, &Rights::Admin)
    };
    Ok(Json(List {
        data: page.items.iter().map(of).collect(),
        next: query::next(uri, page.next.map(|no| no.0)),
    }))
}
