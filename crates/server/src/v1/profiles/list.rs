//! `GET /v1/profiles`

use axum::Json;

use super::{ProfileJson, standard::standard};
use crate::{
    caller::Caller,
    problem::{Problem, Refusals},
    query::List,
};

/// All profiles
#[utoipa::path(
    get,
    path = "/v1/profiles",
    tag = "profiles",
    responses((status = 200, description = "All of them", body = List<ProfileJson>), Refusals),
)]
pub(super) async fn list_profiles(_: Caller) -> Result<Json<List<ProfileJson>>, Problem> {
    Ok(Json(List { data: vec![standard()], next: None }))
}
