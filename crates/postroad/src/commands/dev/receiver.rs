//! The demo's receiver: takes every delivery, tells of it, answers 200. It checks no signature, on purpose: it shows that
//! deliveries arrive, not how a receiver is written.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use postroad_domain::{Clock, Timestamp, limits::EVENT_BODY_BYTES_MAX};
use serde::Deserialize;
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
    /// What happened.
    pub(super) event_type: String,
    /// The event's id, the same in each attempt.
    pub(super) event_id: String,
    /// What the receiver answered.
    pub(super) status: StatusCode,
    /// From the event's acceptance, or the moment its publisher gave it, to here.
    pub(super) taken: Duration,
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

    /// Where deliveries are to go.
    pub(super) fn url(&self) -> String {
        format!("http://{}/webhooks", self.address)
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

/// The part of a delivery's body that is shown.
#[derive(Deserialize)]
struct Envelope {
    r#type: String,
    timestamp: String,
}

async fn read(request: Request<Incoming>, clock: &dyn Clock) -> Option<Arrival> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_BYTES_MAX).collect().await.ok()?.to_bytes();
    let at = clock.now();
    let envelope: Envelope = serde_json::from_slice(&body).ok()?;
    let happened = Timestamp::parse(&envelope.timestamp).unwrap_or(at);
    Some(Arrival {
        at,
        event_type: envelope.r#type,
        event_id: event_id(&head.headers),
        status: StatusCode::OK,
        taken: at.since(happened),
    })
}

fn event_id(headers: &HeaderMap) -> String {
    let id = headers.get("webhook-id").and_then(|value| value.to_str().ok());
    id.unwrap_or("(no webhook-id)").to_owned()
}
