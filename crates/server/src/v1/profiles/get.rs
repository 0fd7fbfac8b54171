//! `GET /v1/profiles/{profile}`

use axum::{Json, extract::State};

use super::ProfileJson;
use crate::{
    caller::AnyCaller,
    path::ProfileText,
    problem::{Problem, Refusals},
    state::ServerState,
};

/// One profile
#[utoipa::path(
    get,
    path = "/v1/profiles/{profile}",
    tag = "profiles",
    params(("profile" = String, Path, description = "The profile's name")),
    responses((status = 200, description = "The profile", body = ProfileJson), Refusals),
)]
pub(super) async fn get_profile(
    _: AnyCaller,
    State(state): State<ServerState>,
    ProfileText(name): ProfileText,
) -> Result<Json<ProfileJson>, Problem> {
    let profile = state.engine.configuration().profile(&name).ok_or_else(|| Problem::not_found("profile"))?;
    Ok(Json(ProfileJson::of(&profile)?))
}
