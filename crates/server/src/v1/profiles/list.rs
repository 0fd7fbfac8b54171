//! `GET /v1/profiles`

use axum::{Json, extract::State};

use super::ProfileJson;
use crate::{
    caller::AnyCaller,
    problem::{Problem, Refusals},
    query::List,
    state::ServerState,
};

/// All profiles, by name
#[utoipa::path(
    get,
    path = "/v1/profiles",
    tag = "profiles",
    responses((status = 200, description = "All of them", body = List<ProfileJson>), Refusals),
)]
pub(super) async fn list_profiles(
    _: AnyCaller,
    State(state): State<ServerState>,
) -> Result<Json<List<ProfileJson>>, Problem> {
    let profiles = state.engine.profiles();
    let data = profiles.iter().map(|profile| ProfileJson::of(profile));
    Ok(Json(List { data: data.collect::<Result<_, _>>()?, next: None }))
}
