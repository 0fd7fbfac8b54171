//! The routes that show what was recorded; those that record are [`super::Inspector::receiver`].

use utoipa_axum::{router::OpenApiRouter, routes};

use super::{answer, new_bin, requests};
use crate::state::ServerState;

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<ServerState> {
    OpenApiRouter::new()
        .routes(routes!(new_bin::new_bin))
        .routes(routes!(requests::list_requests, requests::delete_requests))
        .routes(routes!(answer::get_answer, answer::put_answer))
}
