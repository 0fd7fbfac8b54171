//! What stands in a path: the tenant, the id or the name of an object.
//!
//! An id or name that cannot be one names nothing, so it answers 404 like one that is not known: a caller learns nothing from
//! the difference.

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use postroad_domain::{
    TenantId,
    ids::{Id, Kind},
};
use utoipa::{
    IntoParams,
    openapi::{
        Required,
        path::{Parameter, ParameterBuilder, ParameterIn},
    },
};

use crate::problem::Problem;

/// The `{tenant}` of the path.
pub(crate) struct TenantPath(pub(crate) TenantId);

/// The `{id}` of the path.
pub(crate) struct ObjectPath<K>(pub(crate) Id<K>);

/// The text of the `{tenant}` of the path, where its faults are named.
pub(crate) struct TenantText(pub(crate) String);

/// The text of the `{profile}` of the path.
pub(crate) struct ProfileText(pub(crate) String);

/// The text of the `{name}` of an event type of the path.
pub(crate) struct EventTypeText(pub(crate) String);

impl IntoParams for TenantPath {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![described("tenant", "The tenant's id")]
    }
}

impl<K: Kind> IntoParams for ObjectPath<K> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![described("id", &format!("The {}'s id", K::NOUN))]
    }
}

/// A parameter of a path for the document.
fn described(name: &str, description: &str) -> Parameter {
    let made = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path);
    made.required(Required::True).description(Some(description)).build()
}

impl<S: Send + Sync> FromRequestParts<S> for TenantPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = parameter(parts, state, "tenant").await;
        let id = text.and_then(|text| TenantId::parse(&text).ok());
        id.map(Self).ok_or_else(|| Problem::not_found("tenant"))
    }
}

impl<S: Send + Sync, K: Kind> FromRequestParts<S> for ObjectPath<K> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = parameter(parts, state, "id").await;
        let id = text.and_then(|text| text.parse().ok());
        id.map(Self).ok_or_else(|| Problem::not_found(K::NOUN))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for TenantText {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = parameter(parts, state, "tenant").await;
        text.map(Self).ok_or_else(|| Problem::not_found("tenant"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ProfileText {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = parameter(parts, state, "profile").await;
        text.map(Self).ok_or_else(|| Problem::not_found("profile"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for EventTypeText {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = parameter(parts, state, "name").await;
        text.map(Self).ok_or_else(|| Problem::not_found("event type"))
    }
}

/// `None` when the path does not decode to UTF-8.
async fn parameter<S: Send + Sync>(parts: &mut Parts, state: &S, name: &str) -> Option<String> {
    let parameters = RawPathParams::from_request_parts(parts, state).await.ok()?;
    parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}
