//! `GET /v1/subscriptions`

use axum::{Json, extract::State};
use postroad_domain::{SubscriptionNo, TenantId};
use postroad_engine::{ListedSubscription, LookupError};

use super::{
    SubscriptionJson,
    list::{SubscriptionFilters, page_of},
};
use crate::{
    caller::{Operator, Rights},
    problem::{Problem, Refusals, bad_cursor},
    query::{Asked, List, OfAny, PageParams},
    state::ServerState,
};

/// A page begins, within one tenant, behind a subscription's id; over all of them, behind its place among all.
type AskedOfAny = Asked<OfAny<SubscriptionFilters>, String>;

/// Subscriptions of all tenants
///
/// Newest first; with `tenant` as in that tenant's own list. A page looks at a bounded number of subscriptions and
/// bytes: with large ones or a rare filter it may be short, or empty, and still have a `next`.
#[utoipa::path(
    get,
    path = "/v1/subscriptions",
    tag = "subscriptions",
    security(("key" = ["admin"])),
    params(OfAny<SubscriptionFilters>, PageParams),
    responses((status = 200, description = "A page", body = List<SubscriptionJson>), Refusals),
)]
pub(super) async fn list_all_subscriptions(
    _: Operator,
    State(state): State<ServerState>,
    asked: AskedOfAny,
) -> Result<Json<List<SubscriptionJson>>, Problem> {
    match asked.filter.tenant.clone() {
        Some(tenant) => of_one(&state, &tenant, asked).await,
        None => of_all(&state, asked).await,
    }
}

async fn of_one(
    state: &ServerState,
    tenant: &TenantId,
    asked: AskedOfAny,
) -> Result<Json<List<SubscriptionJson>>, Problem> {
    let after = asked.after.as_deref().map(str::parse).transpose().map_err(|_| bad_cursor())?;
    let found = state.engine.configuration().subscriptions(tenant).await;
    let loaded = state.engine.configuration().profile_of(tenant).await;
    let (all, loaded) = match found.and_then(|all| Ok((all, loaded?))) {
        Ok(found) => found,
        Err(LookupError::NoTenant | LookupError::NotFound) => {
            return Ok(asked.of.page(Vec::new(), None::<String>));
        }
        Err(LookupError::Store(error)) => return Err(error.into()),
    };
    let (page, next) = page_of(all, &asked.filter.filter.into(), after, asked.limit);
    let of = |subscription| SubscriptionJson::of(tenant, subscription, &loaded.profile, &Rights::Admin);
    Ok(asked.of.page(page.iter().map(of).collect(), next))
}

async fn of_all(state: &ServerState, asked: AskedOfAny) -> Result<Json<List<SubscriptionJson>>, Problem> {
    let after = asked.after.as_deref().map(str::parse).transpose().map_err(|_| bad_cursor())?;
    let filter = asked.filter.filter.into();
    let page =
        state.engine.history().list_all_subscriptions(filter, after.map(SubscriptionNo), asked.limit).await?;
    let of = |of: &ListedSubscription| {
        SubscriptionJson::of(&of.tenant, &of.subscription, &of.profile.profile, &Rights::Admin)
    };
    Ok(asked.of.page(page.items.iter().map(of).collect(), page.next.map(|no| no.0)))
}
