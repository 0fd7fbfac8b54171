//! The whole server as a service: all routes with what holds for every request, measuring and refusals of paths and methods.

use tracing::Instrument;

use crate::{
    compat,
    observe::observe,
    problem::{Code, Problem},
    routes,
    state::ServerState,
    v1,
};
use axum::{
    Router,
    extract::{MatchedPath, Request},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
};

/// The service.
pub fn router(state: ServerState) -> Router {
    let (usual, _) = routes::usual().split_for_parts();
    let (publishing, _) = v1::publishing().split_for_parts();
    // An event is the commit's once it is handed over, whoever still waits for the answer: no task of its own for each.
    let routes = usual.layer(from_fn(run_to_its_end)).merge(publishing);
    let mut routes = routes.merge(compat::routes()).fallback(no_route).method_not_allowed_fallback(no_method);
    // A receiver changes nothing that must come to an end, and its answers may wait long: they go with their client.
    if let Some(inspector) = &state.inspector {
        routes = routes.merge(inspector.receiver());
    }
    routes.layer(from_fn_with_state(state.clone(), observe)).with_state(state)
}

/// Lets a change run to its end, also when the client hangs up in the middle of it: what was written is then followed
/// by what memory must know of it. Reading may stop where it is.
async fn run_to_its_end(request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    match tokio::spawn(next.run(request).in_current_span()).await {
        Ok(response) => response,
        Err(error) => Problem::of_panic(&error).into_response(),
    }
}

async fn no_route() -> Problem {
    Problem::new(Code::NotFound, "There is no such path. GET /openapi.json lists all of them.")
}

async fn no_method(path: MatchedPath) -> Problem {
    let detail = match routes::methods_of(path.as_str()) {
        Some(methods) => format!("This path takes {methods}. GET /openapi.json lists what each path takes."),
        None => "This path has other methods: see the header `Allow`.".to_owned(),
    };
    Problem::new(Code::MethodNotAllowed, detail)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::{body::Body, routing::post};
    use tokio::sync::Notify;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_change_whose_client_hangs_up_runs_to_its_end() {
        let (begun, go_on, ended) =
            (Arc::new(Notify::new()), Arc::new(Notify::new()), Arc::new(Notify::new()));
        let seen = (Arc::clone(&begun), Arc::clone(&go_on), Arc::clone(&ended));
        let change = move || async move {
            seen.0.notify_one();
            seen.1.notified().await;
            seen.2.notify_one();
        };
        let app: Router = Router::new().route("/", post(change)).layer(from_fn(run_to_its_end));
        let request = Request::post("/").body(Body::empty()).unwrap();
        tokio::select! {
            _ = app.oneshot(request) => panic!("it cannot end yet"),
            () = begun.notified() => {}
        }
        // The client is gone: the future that waited for the answer is dropped.
        go_on.notify_one();
        ended.notified().await;
    }
}
