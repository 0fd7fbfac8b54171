//! The demo's receiver: takes every delivery, tells of it, answers 200. It checks no signature, on purpose: it shows that
//! deliveries arrive, not how a receiver is written.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use postroad_domain::{Clock, Timestamp, limits::EVENT_BODY_BYTES_MAX};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::AbortHandle,
};

/// The largest body that a delivery can have, with room for what stands around the event's data.
const BODY_BYTES_MAX: usize = EVENT_BODY_BYTES_MAX + 64 * 1024;

/// One delivery that arrived.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    /// When.
    pub(super) at: Timestamp,
    /// The tenant, from the path that its subscription was given.
    pub(super) tenant: String,
    /// What the receiver answered.
    pub(super) status: StatusCode,
    /// The body, in the product's own format.
    pub(super) body: String,
}

/// A running receiver; it ends when it is dropped.
pub(super) struct Receiver {
    address: SocketAddr,
    task: AbortHandle,
}

impl Receiver {
    /// Listens on a free port of this machine. Each delivery comes out of the channel.
    pub(super) async fn start(clock: Arc<dyn Clock>) -> io::Result<(Self, mpsc::UnboundedReceiver<Arrival>)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (sender, arrivals) = mpsc::unbounded_channel();
        let task = tokio::spawn(accept(listener, clock, sender)).abort_handle();
        Ok((Self { address, task }, arrivals))
    }

    /// Where a tenant's deliveries are to go.
    pub(super) fn url(&self, tenant: &str) -> String {
        format!("http://{}/{tenant}", self.address)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, clock: Arc<dyn Clock>, arrivals: mpsc::UnboundedSender<Arrival>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer(stream, Arc::clone(&clock), arrivals.clone()));
    }
}

async fn answer(stream: TcpStream, clock: Arc<dyn Clock>, arrivals: mpsc::UnboundedSender<Arrival>) {
    let service = service_fn(|request: Request<Incoming>| {
        let (clock, arrivals) = (Arc::clone(&clock), arrivals.clone());
        async move {
            let arrival = read(request, &*clock).await;
            let status = arrival.as_ref().map_or(StatusCode::BAD_REQUEST, |arrival| arrival.status);
            if let Some(arrival) = arrival {
                // Nobody listens any more when the demo is about to end.
                let _ = arrivals.send(arrival);
            }
            let mut response = Response::new(Empty::<Bytes>::new());
            *response.status_mut() = status;
            Ok::<_, Infallible>(response)
        }
    });
    if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "a connection to the demo's receiver ended early");
    }
}

async fn read(request: Request<Incoming>, clock: &dyn Clock) -> Option<Arrival> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_BYTES_MAX).collect().await.ok()?.to_bytes();
    Some(Arrival {
        at: clock.now(),
        tenant: head.uri.path().trim_start_matches('/').to_owned(),
        status: StatusCode::OK,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}
