//! The APIs of products, beside our own: one folder for each, which is the only code that knows the product.
//!
//! **Invariant:** such an API makes the same drafts as `/v1` and calls the same operations of the engine. It translates names of fields
//! and forms of answers; the rules of what a subscription may be are not here.

mod leadsquared;

use axum::Router;

use crate::state::ServerState;

/// The routes of all of them.
pub(crate) fn routes() -> Router<ServerState> {
    leadsquared::routes()
}
