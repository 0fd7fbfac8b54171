//! `GET /v1/tenants/{tenant}/subscriptions`

use axum::{Json, extract::State};
use postroad_domain::{EventType, Subscription, SubscriptionId, limits::PAGE_BYTES_MAX};
use postroad_engine::SubscriptionFilter;

use super::SubscriptionJson;
use crate::{
    caller::{InTenant, SubscriptionsRead},
    path::TenantPath,
    problem::{Problem, Refusals},
    query::{Asked, List, PageParams, cut, filters},
    state::ServerState,
};

filters! {
    /// The filters of every list of subscriptions.
    pub(super) struct SubscriptionFilters {
        /// Only active ones, or only inactive ones
        active: bool,
        /// Only those that select events of this type
        r#type: EventType,
    }
}

impl From<SubscriptionFilters> for SubscriptionFilter {
    fn from(SubscriptionFilters { active, r#type }: SubscriptionFilters) -> Self {
        Self { active, event_type: r#type }
    }
}

/// The tenant's subscriptions, oldest first
///
/// With masks as one alone is shown.
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}/subscriptions",
    tag = "subscriptions",
    security(("key" = ["subscriptions:read"])),
    params(TenantPath, SubscriptionFilters, PageParams),
    responses((status = 200, description = "A page", body = List<SubscriptionJson>), Refusals),
)]
pub(super) async fn list_subscriptions(
    InTenant { tenant, rights, .. }: InTenant<SubscriptionsRead>,
    State(state): State<ServerState>,
    asked: Asked<SubscriptionFilters, SubscriptionId>,
) -> Result<Json<List<SubscriptionJson>>, Problem> {
    let lookup = |error| Problem::of_lookup(error, "subscription");
    let all = state.engine.configuration().subscriptions(&tenant).await.map_err(lookup)?;
    let loaded = state.engine.configuration().profile_of(&tenant).await.map_err(lookup)?;
    let (page, next) = page_of(all, &asked.filter.into(), asked.after, asked.limit);
    let of = |subscription| SubscriptionJson::of(&tenant, subscription, &loaded.profile, &rights);
    Ok(asked.of.page(page.iter().map(of).collect(), next))
}

/// By id: ids sort by time, and a subscription that was deleted between two pages leaves no gap to fall into.
pub(super) fn page_of(
    mut all: Vec<Subscription>,
    filter: &SubscriptionFilter,
    after: Option<SubscriptionId>,
    limit: usize,
) -> (Vec<Subscription>, Option<SubscriptionId>) {
    all.retain(|one| filter.lets_through(one));
    all.sort_unstable_by_key(|subscription| subscription.id);
    let (mut page, next) = cut(all, (after.as_ref(), limit), |one| one.id);
    let mut bytes = 0;
    let fitting = page.iter().take_while(|one| {
        let fits = bytes < PAGE_BYTES_MAX;
        bytes += serde_json::to_vec(&one.spec).map_or(0, |spec| spec.len());
        fits
    });
    let fitting = fitting.count();
    if fitting == page.len() {
        return (page, next);
    }
    page.truncate(fitting);
    let next = page.last().map(|last| last.id);
    (page, next)
}
