//! `GET /v1/profiles`

use axum::{Json, extract::State};

use super::ProfileJson;
use crate::{
    caller::AnyCaller,
    problem::{Problem, Refusals},
    query::{Asked, List, NoFilter, PageParams, cut},
    state::ServerState,
};

/// All profiles, by name
#[utoipa::path(
    get,
    path = "/v1/profiles",
    tag = "profiles",
    params(PageParams),
    responses((status = 200, description = "A page", body = List<ProfileJson>), Refusals),
)]
pub(super) async fn list_profiles(
    _: AnyCaller,
    State(state): State<ServerState>,
    asked: Asked<NoFilter, String>,
) -> Result<Json<List<ProfileJson>>, Problem> {
    let (after, limit) = (asked.after.as_ref(), asked.limit);
    let (page, next) =
        cut(state.engine.configuration().profiles(), (after, limit), |known| known.profile.name.clone());
    let data = page.iter().map(|profile| ProfileJson::of(profile)).collect::<Result<_, _>>()?;
    Ok(asked.of.page(data, next))
}
