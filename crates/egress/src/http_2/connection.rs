//! One connection of HTTP/2, which carries many exchanges at a time.

use std::{convert::Infallible, pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::{Body, Incoming},
    client::conn::http2,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use postroad_domain::limits::RESPONSE_BODY_BYTES_MAX;
use tokio::{
    sync::oneshot,
    time::{Instant, timeout, timeout_at},
};

use super::{
    allowance::{Allowance, CONNECTION_WINDOW_BYTES, Grant, Metered, STREAM_WINDOW_BYTES},
    error::Http2Error,
};
use crate::{connector::Opened, exchange::OutboundResponse, response::headers_as_text};

/// Bytes of a response's head.
const HEAD_BYTES_MAX: u32 = 64 * 1024;
/// A connection that is silent while exchanges wait on it is asked for a sign of life: otherwise all of them, and all that
/// follow, would wait for one that is lost.
const ALIVE_ASKED_AFTER: Duration = Duration::from_secs(10);
const ALIVE_ANSWER_TIME_MAX: Duration = Duration::from_secs(10);

/// How long a connection that nobody uses any more is given to say so.
const CLOSE_TIME_MAX: Duration = Duration::from_secs(1);

/// A connection to a receiver. It closes when its last clone is gone, and with it the last exchange on it.
#[derive(Clone, Debug)]
pub(crate) struct Connection(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    sender: http2::SendRequest<Full<Bytes>>,
    born: Instant,
    allowance: Arc<Allowance>,
    /// Its end tells the task of the connection that nobody uses it any more.
    _in_use: oneshot::Sender<Infallible>,
}

/// An answer whose body is still to be read.
#[derive(Debug)]
pub(crate) struct Answer {
    response: Response<Incoming>,
    _under_way: UnderWay,
}

/// One exchange on a connection, which is kept open for it.
#[derive(Debug)]
struct UnderWay {
    _connection: Connection,
    _grant: Grant,
}

/// A request that has no answer.
#[derive(Debug)]
pub(crate) struct Unanswered {
    pub(crate) error: Http2Error,
    /// The connection closed before anything of the request was written.
    pub(crate) is_unsent: bool,
}

impl Connection {
    /// Begins HTTP/2 on a stream whose receiver chose it. Errors: the stream is broken.
    pub(super) async fn over(opened: Opened) -> Result<Self, Http2Error> {
        let allowance = Arc::new(Allowance::new());
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_header_list_size(HEAD_BYTES_MAX)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .keep_alive_interval(ALIVE_ASKED_AFTER)
            .keep_alive_timeout(ALIVE_ANSWER_TIME_MAX)
            .handshake(TokioIo::new(Metered::new(opened.stream, Arc::clone(&allowance))))
            .await?;
        let (in_use, out_of_use) = oneshot::channel();
        tokio::spawn(drive(connection, out_of_use));
        Ok(Self(Arc::new(Parts { sender, born: opened.born, allowance, _in_use: in_use })))
    }

    /// Whether it can carry another exchange at an age of at most `age_max`.
    pub(super) fn is_good(&self, age_max: Duration) -> bool {
        !self.0.sender.is_closed() && self.age() <= age_max
    }

    /// Since its dial began.
    pub(super) fn age(&self) -> Duration {
        self.0.born.elapsed()
    }

    /// Whether both are one connection.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Sends a request and reads the head of its answer. Errors: [`Unanswered`].
    pub(crate) async fn ask(&self, request: Request<Full<Bytes>>) -> Result<Answer, Unanswered> {
        let grant = self.0.allowance.grant(request.body().size_hint().lower());
        let under_way = UnderWay { _connection: self.clone(), _grant: grant };
        let mut sender = self.0.sender.clone();
        let answered = sender.try_send_request(request).await;
        let response = answered.map_err(|mut failed| Unanswered {
            is_unsent: failed.take_message().is_some(),
            error: if self.0.allowance.is_exceeded() {
                Http2Error::Flooded
            } else {
                failed.into_error().into()
            },
        })?;
        Ok(Answer { response, _under_way: under_way })
    }
}

/// Drives a connection until it ends, of which each exchange on it is told, or until nobody uses it any more. Then it has a
/// moment to say so: its receiver may be one that takes nothing.
async fn drive(connection: impl Future, out_of_use: oneshot::Receiver<Infallible>) {
    let mut connection = pin!(connection);
    tokio::select! {
        _ = &mut connection => return,
        _ = out_of_use => {}
    }
    let _ = timeout(CLOSE_TIME_MAX, connection).await;
}

/// Reads the body of an answer to its limit or until `deadline`. What is left of it is the end of one stream and says nothing
/// of the connection.
pub(crate) async fn finish(answer: Answer, deadline: Instant) -> OutboundResponse {
    let Answer { response, _under_way } = answer;
    let (head, body) = response.into_parts();
    let (body, is_body_cut) = read_body(body, deadline).await;
    let headers = head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let (headers, is_whole) = headers_as_text(headers);
    let truncated = is_body_cut || !is_whole;
    OutboundResponse { status: head.status.as_u16(), headers, body, truncated, repeated: false }
}

/// The first bytes of a body, and whether it was cut.
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
