//! The routes that show what was recorded and set what is answered; those that record are in [`super::receiver`].

mod answer;
mod bin_path;
mod hints;
mod new_bin;
mod page;
mod pretty;
mod requests;

use std::sync::Arc;

use axum::extract::FromRef;
use postroad_domain::Clock;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Inspector;

/// The routes of this module, for a server that has a clock and may have an inspector.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> OpenApiRouter<S>
where
    Option<Inspector>: FromRef<S>,
    Arc<dyn Clock>: FromRef<S>,
{
    OpenApiRouter::new()
        .routes(routes!(new_bin::new_bin))
        .routes(routes!(requests::list_requests, requests::delete_requests))
        .routes(routes!(answer::get_answer, answer::put_answer))
}
