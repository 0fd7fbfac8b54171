//! One connection of HTTP/2, which carries many exchanges at a time.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::{Body, Incoming},
    client::conn::http2,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use postroad_domain::limits::RESPONSE_BODY_BYTES_MAX;
use tokio::time::{Instant, timeout_at};

use super::error::Http2Error;
use crate::{connector::Opened, exchange::OutboundResponse, response::headers_as_text};

/// Bytes of a response's head.
const HEAD_BYTES_MAX: u32 = 64 * 1024;
/// Bytes of one response that wait to be read, and of all on one connection.
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;
/// A connection that is silent while exchanges wait on it is asked for a sign of life: otherwise all of them, and all that
/// follow, would wait for one that is lost.
const ALIVE_ASKED_AFTER: Duration = Duration::from_secs(10);
const ALIVE_ANSWER_TIME_MAX: Duration = Duration::from_secs(10);

/// A connection to a receiver. It closes when its last clone is gone and the exchanges on it are over.
#[derive(Clone, Debug)]
pub(crate) struct Connection(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    sender: http2::SendRequest<Full<Bytes>>,
    born: Instant,
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
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_header_list_size(HEAD_BYTES_MAX)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .keep_alive_interval(ALIVE_ASKED_AFTER)
            .keep_alive_timeout(ALIVE_ANSWER_TIME_MAX)
            .handshake(TokioIo::new(opened.stream))
            .await?;
        // Why it ended, each exchange on it is told.
        tokio::spawn(connection);
        Ok(Self(Arc::new(Parts { sender, born: opened.born })))
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
    pub(crate) async fn ask(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Unanswered> {
        let mut sender = self.0.sender.clone();
        sender.try_send_request(request).await.map_err(|mut failed| Unanswered {
            is_unsent: failed.take_message().is_some(),
            error: failed.into_error().into(),
        })
    }
}

/// Reads the body of an answer to its limit or until `deadline`. What is left of it is the end of one stream and says nothing
/// of the connection.
pub(crate) async fn finish(answer: Response<Incoming>, deadline: Instant) -> OutboundResponse {
    let (head, body) = answer.into_parts();
    let (body, truncated) = read_body(body, deadline).await;
    let headers = head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    OutboundResponse { status: head.status.as_u16(), headers: headers_as_text(headers), body, truncated }
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
