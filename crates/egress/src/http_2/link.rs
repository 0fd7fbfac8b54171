//! One connection as hyper wants it: bytes both ways, its age and its rests.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::{
    client::legacy::connect::{Connected, Connection},
    rt::TokioIo,
};
use tokio::time::Instant;

use super::resting::Rest;
use crate::dial::Stream;

/// What is known of a connection: comes with each response.
pub(crate) struct Known {
    /// When it was begun, so that an old connection can be retired.
    pub(crate) born: Instant,
    /// It carries several exchanges at a time.
    pub(crate) is_http_2: bool,
    rest: Arc<Rest>,
    writes: u64,
}

impl Known {
    pub(crate) fn new(born: Instant, rest: Arc<Rest>, is_http_2: bool) -> Self {
        Self { born, is_http_2, rest, writes: 0 }
    }

    /// The exchange of this response is over. Whether a connection of HTTP/2 rests is not known: others may use it.
    pub(crate) fn rests(&self) {
        if !self.is_http_2 {
            self.rest.begin(self.writes);
        }
    }
}

impl Clone for Known {
    /// The client clones it into each response while no other exchange can have the connection: whatever is written
    /// later belongs to another exchange.
    fn clone(&self) -> Self {
        let (born, is_http_2) = (self.born, self.is_http_2);
        Self { born, is_http_2, rest: Arc::clone(&self.rest), writes: self.rest.writes() }
    }
}

/// A connection in the words of hyper.
pub(crate) struct Link {
    io: TokioIo<Box<dyn Stream>>,
    known: Known,
}

impl Link {
    pub(crate) fn new(stream: Box<dyn Stream>, known: Known) -> Self {
        Self { io: TokioIo::new(stream), known }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.known.rest.end();
    }
}

impl Connection for Link {
    fn connected(&self) -> Connected {
        let connected = Connected::new().extra(self.known.clone());
        if self.known.is_http_2 { connected.negotiated_h2() } else { connected }
    }
}

impl Read for Link {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.io).poll_read(context, buffer);
        // An end of the stream is how a receiver says that it closes: hyper then does the same.
        if read.is_pending() && self.known.rest.should_close(context) { Poll::Ready(Ok(())) } else { read }
    }
}

impl Write for Link {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.known.rest.end();
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.known.rest.end();
        Pin::new(&mut self.io).poll_write_vectored(context, slices)
    }
}
