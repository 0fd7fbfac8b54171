//! The inspector and a bin of it in a handler's arguments.

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;

use crate::{
    inspector::{Inspector, name::BinName},
    problem::{Code, Problem},
};

/// The inspector, where it is on.
pub(super) struct On(pub(super) Inspector);

/// A bin of the inspector, where the inspector is on.
pub(super) struct BinPath(pub(super) Inspector, pub(super) BinName);

impl<S: Send + Sync> FromRequestParts<S> for On
where
    Option<Inspector>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(_: &mut Parts, state: &S) -> Result<Self, Problem> {
        let off = "The inspector is off: start the server with --inspector, or try `postroad dev`.";
        Option::from_ref(state).map(Self).ok_or_else(|| Problem::new(Code::NotFound, off))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for BinPath
where
    Option<Inspector>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let On(inspector) = On::from_request_parts(parts, state).await?;
        let name = BinName::of_path(parts, inspector.0.name_chars_min).await?;
        Ok(Self(inspector, name))
    }
}
