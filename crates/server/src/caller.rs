//! Who calls: the one place that reads keys.
//!
//! **Invariant:** a handler that takes a [`Caller`] runs only for a caller with a valid key, and it is taken before the
//! body, so that nobody without a key makes the server read one.

use axum::extract::FromRequestParts;
use http::{header, request::Parts};

use crate::{
    problem::{Code, Problem},
    state::ServerState,
};

/// A caller with a valid key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Caller {
    /// May do everything.
    Admin,
}

impl FromRequestParts<ServerState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ServerState) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::AUTHORIZATION) else {
            return Err(refused("The header `Authorization: Bearer <key>` is missing."));
        };
        let key = value.to_str().ok().and_then(bearer);
        match key {
            Some(key) if state.admin_key.matches(key) => Ok(Self::Admin),
            Some(_) => Err(refused("The key is not valid.")),
            None => Err(refused("The header `Authorization` must be `Bearer <key>`.")),
        }
    }
}

/// The key behind the scheme, whose letters may be of any case (RFC 9110, section 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim_matches(' '))
}

fn refused(detail: &str) -> Problem {
    Problem::new(Code::Unauthorized, detail)
}
