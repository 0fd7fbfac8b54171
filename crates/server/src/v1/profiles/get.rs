//! `GET /v1/profiles/{profile}`

use axum::{Json, extract::RawPathParams};

use super::{
    ProfileJson,
    standard::{NAME, standard},
};
use crate::{
    caller::Caller,
    problem::{Problem, Refusals},
};

/// One profile
#[utoipa::path(
    get,
    path = "/v1/profiles/{profile}",
    tag = "profiles",
    params(("profile" = String, Path, description = "The profile's name")),
    responses((status = 200, description = "The profile", body = ProfileJson), Refusals),
)]
pub(super) async fn get_profile(_: Caller, path: RawPathParams) -> Result<Json<ProfileJson>, Problem> {
    let is_known = path.iter().any(|(_, name)| name == NAME);
    if is_known { Ok(Json(standard())) } else { Err(Problem::not_found("profile")) }
}
