//! `/v2/Webhook.svc`: LeadSquared's API of webhooks, for tenants whose profile names it (`compat = "leadsquared"`).
//! docs/leadsquared.md tells its callers what it takes.
//!
//! **Invariants**
//! * Every answer has the product's form, also a refusal of what no handler saw.
//! * The pair of keys stands in the query, so nothing of a query is logged, measured or said in an answer.
//! * A change runs to its end, also that of `GET Delete`, which no other path of ours would take for one.
//!
//! It lacks on purpose what the product's API lacks: what only `/v1` can say of a subscription (`delay`, `retry`, …) stays as it is
//! there when it is changed here.

mod account;
mod asked;
mod create;
mod delete;
mod names;
mod refusal;
mod retrieve;
mod settings;
mod shown;
mod success;
mod update;
mod words;

use axum::{
    Router,
    extract::{MatchedPath, Request},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use http::header;
use tracing::Instrument;

use self::refusal::Refusal;
use crate::{
    problem::{Code, Problem},
    state::ServerState,
};

/// The routes of this API.
pub(crate) fn routes() -> Router<ServerState> {
    Router::new()
        .route("/v2/Webhook.svc/Create", post(create::create))
        .route("/v2/Webhook.svc/Update", post(update::update))
        .route("/v2/Webhook.svc/Retrieve", post(retrieve::retrieve))
        // HEAD is not one of the methods of a call that deletes.
        .route("/v2/Webhook.svc/Delete", get(delete::delete).head(no_method))
        .method_not_allowed_fallback(no_method)
        .route("/v2/Webhook.svc", any(no_call))
        .route("/v2/Webhook.svc/", any(no_call))
        .route("/v2/Webhook.svc/{*call}", any(no_call))
        .layer(from_fn(run_to_its_end))
}

/// Whatever the method: what changes something must not stop where its client hangs up.
async fn run_to_its_end(request: Request, next: Next) -> Response {
    match tokio::spawn(next.run(request).in_current_span()).await {
        Ok(response) => response,
        Err(error) => Refusal::from(Problem::of_panic(&error)).into_response(),
    }
}

async fn no_call() -> Refusal {
    let detail = "There is no such call. There are POST Create, POST Update, POST Retrieve and GET Delete.";
    Problem::new(Code::NotFound, detail).into()
}

async fn no_method(path: MatchedPath) -> Response {
    let method = if path.as_str().ends_with("/Delete") { "GET" } else { "POST" };
    let problem =
        Problem::new(Code::MethodNotAllowed, format!("This call takes {method} and no other method."));
    ([(header::ALLOW, method)], Refusal::from(problem)).into_response()
}
