//! HTTP/2 for the channels that ask for it, by hyper's client: with HTTP/1.1 where the receiver does not offer it.
//!
//! The pool of the client knows connections by scheme, host and port only, so each channel has a pool of its own.
//!
//! **Invariants:** a connection made for one channel never carries a request of another; there are at most so many pools, and
//! the connections of HTTP/1.1 that rest are counted over all of them; a connection lives no longer than its time, so that
//! no balancer is held for ever.

mod link;
mod resting;
mod spelling;

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, Uri, header::CONTENT_LENGTH};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper_util::{
    client::legacy::{
        self, Client,
        connect::{CaptureConnection, capture_connection},
    },
    rt::{TokioExecutor, TokioTimer},
};
use postroad_domain::limits::{RESPONSE_BODY_BYTES_MAX, RESPONSE_BODY_TIME_MAX};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tower::Service;

use self::{
    link::{Known, Link},
    resting::Resting,
    spelling::Speller,
};
use crate::{
    channel::Channel,
    channels::Channels,
    connector::{ConnectError, Route},
    exchange::{OutboundRequest, OutboundResponse, SendError},
    failure,
    http_1::Keeping,
    response::headers_as_text,
    target::{Place, Target},
    tls::Tls,
};

/// Bytes of a response's head, and of the body that wait to be read.
const READ_BUFFER_BYTES_MAX: usize = 64 * 1024;
/// Bytes of one HTTP/2 response that wait to be read, and of all on one connection.
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;
/// An HTTP/2 connection that is silent while exchanges wait on it is asked for a sign of life: otherwise all of them, and
/// all that follow, would wait for one that is lost.
const ALIVE_ASKED_AFTER: Duration = Duration::from_secs(10);
const ALIVE_ANSWER_TIME_MAX: Duration = Duration::from_secs(10);

/// A client with its pool.
type Pool = Client<Connector, Full<Bytes>>;

/// Makes the exchanges of channels that ask for HTTP/2.
pub(crate) struct Http2 {
    route: Arc<Route>,
    resting: Arc<Resting>,
    keeping: Keeping,
    pools: Mutex<Channels<Pool>>,
    speller: Speller,
    /// An older connection does not wait for another exchange.
    reused_until_age: Duration,
}

impl Http2 {
    /// Over `route`, with pools for so many channels.
    pub(crate) fn new(
        route: Arc<Route>,
        keeping: Keeping,
        channels_max: usize,
        reused_until_age: Duration,
    ) -> Self {
        let (resting, pools) = (Resting::new(keeping.all_max), Mutex::new(Channels::new(channels_max)));
        Self { route, resting, keeping, pools, speller: Speller::new(), reused_until_age }
    }

    /// One exchange. Errors: as [`Egress::exchange`](crate::Egress::exchange).
    pub(crate) async fn exchange(
        &self,
        (channel, tls): (&Channel, &Tls),
        target: &Target,
        request: OutboundRequest,
        (deadline, time_max): (Instant, Duration),
    ) -> Result<OutboundResponse, SendError> {
        let pool = self.pool_of(channel, tls)?;
        let outgoing = self.outgoing(target, request)?;
        let (response, connection) = timeout_at(deadline, send_twice(&pool, outgoing))
            .await
            .map_err(|_elapsed| failure::timed_out(time_max))?
            .map_err(|error| failure::from_client(&error))?;
        let answered = Instant::now();
        let (head, body) = response.into_parts();
        let known = head.extensions.get::<Known>();
        if known.is_some_and(|known| answered - known.born > self.reused_until_age) {
            retire(&connection);
        }
        let (body, truncated) = read_body(body, deadline.min(answered + RESPONSE_BODY_TIME_MAX)).await;
        match known {
            // The end of one stream says nothing of the connection.
            Some(known) if known.is_http_2 => {}
            _ if truncated => retire(&connection),
            Some(known) => known.rests(),
            None => {}
        }
        let headers = head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let headers = headers_as_text(headers);
        Ok(OutboundResponse { status: head.status.as_u16(), headers, body, truncated })
    }

    fn outgoing(&self, target: &Target, request: OutboundRequest) -> Result<Request<Full<Bytes>>, SendError> {
        let (headers, extensions) = self.speller.spell(&request.headers)?;
        let lacks_length = request.body.is_empty() && !matches!(request.method, Method::GET | Method::HEAD);
        let mut outgoing = Request::new(Full::new(request.body));
        *outgoing.method_mut() = request.method;
        *outgoing.uri_mut() = target.uri.clone();
        *outgoing.headers_mut() = headers;
        *outgoing.extensions_mut() = extensions;
        if lacks_length {
            // The client leaves the header out for an empty body, which some receivers answer with 411.
            outgoing.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        Ok(outgoing)
    }

    /// The pool of a channel, a new one where it has none. Errors: its settings cannot be used.
    fn pool_of(&self, channel: &Channel, tls: &Tls) -> Result<Pool, SendError> {
        let pools = || self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools().known(&channel.identity) {
            return Ok(pool);
        }
        let (route, resting) = (Arc::clone(&self.route), Arc::clone(&self.resting));
        let connector = Connector(Arc::new(Parts { route, resting, tls: tls.of(channel)? }));
        // The connections of one that goes close when the exchanges on them are over.
        Ok(pools().keep(channel.identity, pool(connector, self.keeping)).0)
    }
}

/// What the receiver says it has not looked at, because it closes its connection just now, is sent once more over another.
async fn send_twice(
    pool: &Pool,
    outgoing: Request<Full<Bytes>>,
) -> Result<(Response<Incoming>, CaptureConnection), legacy::Error> {
    match send(pool, outgoing.clone()).await {
        Err(error) if failure::was_not_looked_at(&error) => send(pool, outgoing).await,
        sent => sent,
    }
}

async fn send(
    pool: &Pool,
    mut outgoing: Request<Full<Bytes>>,
) -> Result<(Response<Incoming>, CaptureConnection), legacy::Error> {
    let connection = capture_connection(&mut outgoing);
    Ok((pool.request(outgoing).await?, connection))
}

/// Keeps the connection from being used again.
fn retire(connection: &CaptureConnection) {
    if let Some(connected) = connection.connection_metadata().as_ref() {
        connected.poison();
    }
}

/// The first bytes of a body, and whether it was cut. Reads no further than the limit or the deadline.
async fn read_body(mut body: Incoming, deadline: Instant) -> (Bytes, bool) {
    if body.is_end_stream() {
        return (Bytes::new(), false);
    }
    let mut kept = Vec::new();
    let is_whole = timeout_at(deadline, read_frames(&mut body, &mut kept)).await.unwrap_or(false);
    (Bytes::from(kept), !is_whole)
}

/// Fills `kept` and says whether that is the whole body.
async fn read_frames(body: &mut Incoming, kept: &mut Vec<u8>) -> bool {
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return false;
        };
        let Ok(data) = frame.into_data() else {
            continue;
        };
        let fitting = data.len().min(RESPONSE_BODY_BYTES_MAX - kept.len());
        // A copy: the frame itself would hold on to the whole read buffer for as long as somebody holds the body.
        kept.extend_from_slice(&data[..fitting]);
        if fitting < data.len() {
            return false;
        }
    }
    true
}

/// Makes connections for one pool.
#[derive(Clone)]
struct Connector(
    // The pool clones its connector for each request.
    Arc<Parts>,
);

struct Parts {
    route: Arc<Route>,
    resting: Arc<Resting>,
    tls: TlsConnector,
}

impl Service<Uri> for Connector {
    type Response = Link;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Link, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let parts = Arc::clone(&self.0);
        Box::pin(async move {
            let opened = parts.route.open(&parts.tls, &Place::of(&uri)).await?;
            let known = Known::new(opened.born, parts.resting.connection(), opened.is_http_2);
            Ok(Link::new(opened.stream, known))
        })
    }
}

fn pool(connector: Connector, keeping: Keeping) -> Pool {
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(keeping.time)
        .pool_max_idle_per_host(keeping.place_max)
        // A receiver often closes an idle connection just when we take it. The client repeats only a request of
        // which it has not written a byte, so nothing can arrive twice by it.
        .retry_canceled_requests(true)
        // The status decides: one malformed header must not turn a delivered event into one that is sent again.
        .http1_ignore_invalid_headers_in_responses(true)
        // Headers are limited to 100 by hyper's default; to set the number would only move them to the heap.
        .http1_max_buf_size(READ_BUFFER_BYTES_MAX)
        .timer(TokioTimer::new())
        .http2_max_header_list_size(READ_BUFFER_BYTES_MAX as u32)
        .http2_initial_stream_window_size(STREAM_WINDOW_BYTES)
        .http2_initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .http2_keep_alive_interval(ALIVE_ASKED_AFTER)
        .http2_keep_alive_timeout(ALIVE_ANSWER_TIME_MAX)
        .build(connector)
}
