//! The routes that record: they play a receiver, on the network and within the process.

mod record;
mod spelling;

use axum::{Router, routing::any};
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::io::{AsyncRead, AsyncWrite};

use super::Inspector;

impl Inspector {
    /// Plays the receiver at the other end of `stream`, a connection that was never on a network, until its client
    /// closes it. Nothing but bins can be reached by it.
    pub async fn serve_in_process<S: AsyncRead + AsyncWrite + Send + Unpin>(&self, stream: S) {
        let served = http1::Builder::new()
            .preserve_header_case(true)
            .header_read_timeout(None)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(self.receiver()))
            .await;
        if let Err(error) = served {
            tracing::debug!(%error, "a connection within the process ended early");
        }
    }

    /// The routes that record. They are no part of the API: they play a receiver, and take whatever comes.
    pub(crate) fn receiver<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        Router::new()
            .route("/inspect/{bin}", any(record::record))
            .route("/inspect/{bin}/", any(record::record))
            .route("/inspect/{bin}/{*path}", any(record::record))
            .with_state(self.clone())
    }
}
