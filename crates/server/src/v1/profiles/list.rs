//! `GET /v1/profiles`

use axum::{Json, extract::State};
use http::Uri;

use super::ProfileJson;
use crate::{
    caller::AnyCaller,
    check::{Faults, Shape},
    problem::{Problem, Refusals},
    query::{self, List},
    state::ServerState,
};

const SHAPE: Shape = Shape::of(&["limit", "cursor"]);

/// All profiles, by name
#[utoipa::path(
    get,
    path = "/v1/profiles",
    tag = "profiles",
    params(
        ("limit" = Option<u32>, Query, description = "1 to 250, by default 50"),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "A page", body = List<ProfileJson>), Refusals),
)]
pub(super) async fn list_profiles(
    _: AnyCaller,
    State(state): State<ServerState>,
    uri: Uri,
) -> Result<Json<List<ProfileJson>>, Problem> {
    let (after, limit) = read(&uri)?;
    let mut page = state.engine.configuration().profiles();
    page.retain(|known| after.as_ref().is_none_or(|after| known.profile.name > *after));
    let is_last = page.len() <= limit;
    page.truncate(limit);
    let next = page.last().filter(|_| !is_last).map(|last| last.profile.name.clone());
    let data = page.iter().map(|profile| ProfileJson::of(profile));
    Ok(Json(List { data: data.collect::<Result<_, _>>()?, next: query::next(&uri, next) }))
}

fn read(uri: &Uri) -> Result<(Option<String>, usize), Problem> {
    let faults = Faults::default();
    let mut query = query::read(uri, &SHAPE, &faults);
    let limit = query::limit(&mut query);
    let after = query::after(&mut query, uri, |name| Some(name.to_owned()))?;
    faults.finish(Some((after, limit)))
}
