//! A request's body as a slow client sends it: in pieces, and perhaps never to its end.

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::sync::Notify;

/// A body in pieces, of unknown length unless it is announced.
pub(crate) struct Coming {
    pieces: VecDeque<Bytes>,
    announced: Option<u64>,
    stalls: Option<Arc<Notify>>,
}

impl Coming {
    /// These pieces and then the end.
    pub(crate) fn of(pieces: impl IntoIterator<Item = Bytes>) -> Self {
        Self { pieces: pieces.into_iter().collect(), announced: None, stalls: None }
    }

    /// Says how long it is, or does not.
    pub(crate) fn announcing(self, bytes: Option<usize>) -> Self {
        Self { announced: bytes.map(|bytes| bytes as u64), ..self }
    }

    /// Never comes to its end: `stalled` is told when all pieces were taken and more is waited for.
    pub(crate) fn stalling(self, stalled: &Arc<Notify>) -> Self {
        Self { stalls: Some(Arc::clone(stalled)), ..self }
    }
}

impl From<Coming> for Body {
    fn from(coming: Coming) -> Self {
        Self::new(coming)
    }
}

impl hyper::body::Body for Coming {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match (self.pieces.pop_front(), &self.stalls) {
            (Some(piece), _) => Poll::Ready(Some(Ok(Frame::data(piece)))),
            (None, None) => Poll::Ready(None),
            (None, Some(stalled)) => {
                stalled.notify_one();
                Poll::Pending
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.announced.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
