//! One connection: bytes out, bytes in, and the head of an answer from them.

use std::{
    future::{Future, poll_fn},
    io,
    pin::{Pin, pin},
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use bytes::{Buf, BytesMut};
use postroad_domain::Headers;
use tokio::{
    io::{AsyncReadExt, AsyncWrite, AsyncWriteExt},
    task::coop::unconstrained,
    time::{Instant, timeout},
};

use super::{
    error::Http1Error,
    response::{self, Head, Parsed},
    search::Search,
};
use crate::{connector::Opened, dial::Stream};

/// Room for the answers that most receivers give: read at once, and small enough to be kept while a connection waits.
const BUFFER_BYTES: usize = 2 * 1024;
/// Bytes of an answer's head.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Interim answers to one request (RFC 9110, section 15.2). Two or three are usual, and whoever sends more than these has
/// nothing to say.
const INTERIM_ANSWERS_MAX: u32 = 100;
/// How long a receiver is given to take the end of a TLS connection.
const CLOSE_TIME_MAX: Duration = Duration::from_secs(1);

/// A connection to a receiver.
pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    /// What was read and nobody has taken yet.
    buffer: BytesMut,
    /// More came at once than most answers have: the memory for it was not given back yet.
    is_large: bool,
    born: Instant,
    is_encrypted: bool,
    /// For the end of the head that comes.
    search: Search,
    /// Interim answers to the request under way.
    interim_answers: u32,
    /// No other request can follow on this connection: the receiver answered before it had the whole of one, or where an
    /// interim answer of its ends was not beyond doubt.
    is_spent: bool,
}

/// A request that was not written whole.
#[derive(Debug)]
pub(super) struct Unsent {
    /// Something of it may have arrived.
    pub(super) is_begun: bool,
    pub(super) error: io::Error,
}

impl Connection {
    pub(super) fn new(opened: Opened) -> Self {
        let Opened { stream, born, is_encrypted, .. } = opened;
        Self {
            stream,
            buffer: BytesMut::new(),
            is_large: false,
            born,
            is_encrypted,
            search: Search::default(),
            interim_answers: 0,
            is_spent: false,
        }
    }

    /// Since the dial.
    pub(super) fn age(&self) -> Duration {
        self.born.elapsed()
    }

    /// What has come and was not taken.
    pub(super) fn unread(&self) -> &[u8] {
        &self.buffer
    }

    /// Takes what has come.
    pub(super) fn take(&mut self, bytes: usize) {
        self.buffer.advance(bytes);
    }

    /// Waits for more bytes and answers how many came: none at the end of the connection.
    pub(super) async fn fill(&mut self) -> io::Result<usize> {
        poll_fn(|context| self.poll_fill(context)).await
    }

    fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.buffer.reserve(BUFFER_BYTES);
        let filled = pin!(self.stream.read_buf(&mut self.buffer)).poll(context);
        self.is_large |= self.buffer.len() > BUFFER_BYTES;
        filled
    }

    /// What came without being waited for; `None` while there is nothing, not even an end.
    fn look(&mut self) -> Option<io::Result<usize>> {
        // Not on the account of the task: one that has used up its turn would find every connection silent.
        let look = pin!(unconstrained(poll_fn(|context| self.poll_fill(context))));
        match look.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => None,
            Poll::Ready(found) => Some(found),
        }
    }

    /// Whether nothing came that nobody asked for, not even an end: then the next request may go this way.
    pub(super) fn is_quiet(&mut self) -> bool {
        self.is_at_rest() && self.look().is_none()
    }

    /// Whether everything that came was taken and everything was written.
    pub(super) fn is_at_rest(&self) -> bool {
        self.buffer.is_empty() && !self.is_spent
    }

    /// Whether not one byte of an answer to the request under way has come.
    pub(super) fn is_unanswered(&self) -> bool {
        self.buffer.is_empty() && self.interim_answers == 0
    }

    /// Errors: the receiver of a new connection spoke first, or closed it.
    pub(super) fn expect_silence(&mut self) -> Result<(), Http1Error> {
        match self.look() {
            None => Ok(()),
            Some(Ok(0)) => Err(Http1Error::Closed),
            Some(Ok(_)) => Err(Http1Error::NotHttp("it spoke before it was asked".to_owned())),
            Some(Err(error)) => Err(error.into()),
        }
    }

    /// Writes a request. A receiver that answers before it has all of it, and takes no more, has what it wanted.
    pub(super) async fn send(&mut self, head: &[u8], body: &[u8]) -> Result<(), Unsent> {
        self.interim_answers = 0;
        let mut written = 0;
        let sent = poll_fn(|context| self.poll_send(context, [head, body], &mut written)).await;
        sent.map_err(|error| Unsent { is_begun: written > 0, error })
    }

    fn poll_send(
        &mut self,
        context: &mut Context<'_>,
        [head, body]: [&[u8]; 2],
        written: &mut usize,
    ) -> Poll<io::Result<()>> {
        while *written < head.len() + body.len() {
            let (head, body) = (rest_of(head, *written), rest_of(body, written.saturating_sub(head.len())));
            let slices = [io::IoSlice::new(head), io::IoSlice::new(body)];
            // A stream that writes one slice only would leave an empty one for ever.
            let slices = if head.is_empty() { &slices[1..] } else { &slices[..] };
            match Pin::new(&mut self.stream).poll_write_vectored(context, slices) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(bytes)) => *written += bytes,
                Poll::Ready(Err(error)) => {
                    return Poll::Ready(if self.has_answer() { Ok(()) } else { Err(error) });
                }
                Poll::Pending => {
                    ready!(self.poll_early_answer(context))?;
                    self.is_spent = true;
                    return Poll::Ready(Ok(()));
                }
            }
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }

    /// Whether an answer has come although the request could not be written whole.
    fn has_answer(&mut self) -> bool {
        self.is_spent = true;
        while matches!(self.look(), Some(Ok(1..))) && self.buffer.len() < HEAD_BYTES_MAX {}
        self.has_final_head()
    }

    /// Ready when an answer has come while the receiver takes no more of the request.
    fn poll_early_answer(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.buffer.len() < HEAD_BYTES_MAX {
            if ready!(self.poll_fill(context))? == 0 {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            if self.has_final_head() {
                return Poll::Ready(Ok(()));
            }
        }
        Poll::Pending
    }

    /// Whether the head of the answer itself has come, or what can be none: then there is something to read.
    fn has_final_head(&mut self) -> bool {
        !matches!(self.final_head(false), Ok(None))
    }

    /// The head of the answer itself, if it has come whole; the interim ones before it are taken. Errors: it is none, or there
    /// are interim ones without end.
    fn final_head(&mut self, is_head: bool) -> Result<Option<Parsed>, Http1Error> {
        loop {
            if self.interim_answers > INTERIM_ANSWERS_MAX {
                let why = format!("it sent more than {INTERIM_ANSWERS_MAX} interim answers");
                return Err(Http1Error::NotHttp(why));
            }
            let mut search = std::mem::take(&mut self.search);
            let Some(parsed) = response::parse(&self.buffer, is_head, &mut search)? else {
                self.search = search;
                return Ok(None);
            };
            if !parsed.head.is_interim() {
                return Ok(Some(parsed));
            }
            self.is_spent |= !parsed.head.keeps_connection;
            self.buffer.advance(parsed.bytes);
            self.interim_answers += 1;
        }
    }

    /// The head of the answer, behind interim ones, with its headers as text.
    pub(super) async fn read_head(&mut self, is_head: bool) -> Result<(Head, Headers), Http1Error> {
        loop {
            if let Some(parsed) = self.final_head(is_head)? {
                self.buffer.advance(parsed.bytes);
                return Ok((parsed.head, parsed.headers));
            }
            if self.buffer.len() >= HEAD_BYTES_MAX {
                return Err(Http1Error::NotHttp("the head of its answer is too long".to_owned()));
            }
            if self.fill().await? == 0 {
                return Err(Http1Error::Closed);
            }
        }
    }

    /// Gives back what a waiting connection does not need.
    pub(super) fn rest(&mut self) {
        if std::mem::take(&mut self.is_large) {
            self.buffer = BytesMut::new();
        }
    }

    /// Closes the connection; one of TLS says so first, as its receiver would otherwise report a broken one.
    pub(super) fn close(self) {
        if self.is_encrypted {
            let mut stream = self.stream;
            tokio::spawn(async move { timeout(CLOSE_TIME_MAX, stream.shutdown()).await });
        }
    }
}

fn rest_of(bytes: &[u8], written: usize) -> &[u8] {
    &bytes[written.min(bytes.len())..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(stream: tokio::io::DuplexStream) -> Connection {
        let (born, stream) = (Instant::now(), Box::new(stream));
        Connection::new(Opened { stream, born, is_encrypted: false, is_http_2: false })
    }

    /// What is left of a buffer behind what was taken says nothing of the memory below it.
    #[tokio::test]
    async fn a_connection_that_had_a_large_answer_waits_without_its_memory() {
        for (bytes, keeps) in [(100, true), (30_000, false)] {
            let (stream, mut receiver) = tokio::io::duplex(64 * 1024);
            let mut connection = over(stream);
            let head = format!("HTTP/1.1 200 OK\r\nx: {}\r\ncontent-length: 0\r\n\r\n", "v".repeat(bytes));
            receiver.write_all(head.as_bytes()).await.unwrap();
            connection.read_head(false).await.unwrap();
            connection.rest();
            assert_eq!((connection.is_at_rest(), connection.buffer.capacity() > 0), (true, keeps), "{bytes}");
        }
    }

    #[tokio::test]
    async fn an_interim_answer_is_not_the_answer_even_while_the_request_is_written() {
        let (stream, mut receiver) = tokio::io::duplex(64 * 1024);
        let mut connection = over(stream);
        receiver.write_all(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 413").await.unwrap();
        connection.fill().await.unwrap();
        assert!(!connection.has_final_head() && !connection.is_unanswered());
        receiver.write_all(b" Too Large\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        connection.fill().await.unwrap();
        assert!(connection.has_final_head());
        assert_eq!(connection.read_head(false).await.unwrap().0.status, 413);
    }
}
