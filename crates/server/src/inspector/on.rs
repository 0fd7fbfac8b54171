//! The inspector in a handler's arguments.

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::Inspector;
use crate::{
    problem::{Code, Problem},
    state::ServerState,
};

/// The inspector, where it is on.
pub(super) struct On(pub(super) Inspector);

impl FromRequestParts<ServerState> for On {
    type Rejection = Problem;

    async fn from_request_parts(_: &mut Parts, state: &ServerState) -> Result<Self, Problem> {
        let off = "The inspector is off: start the server with --inspector, or try `postroad dev`.";
        state.inspector.clone().map(Self).ok_or_else(|| Problem::new(Code::NotFound, off))
    }
}
