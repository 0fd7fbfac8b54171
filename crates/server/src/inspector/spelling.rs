//! The spelling in which header names came. hyper keeps it among a request's extensions in a type of its own, which only
//! its client side reads: so the head is written once more, into memory, and read there.
//!
//! Nothing waits and nothing is sent: the client is polled until the head is written.

use std::{
    convert::Infallible,
    future::Future,
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{Extensions, HeaderMap, Request, header::TRANSFER_ENCODING};
use hyper::{
    body::{Body, Frame},
    client::conn::http1,
    rt::{Read, ReadBufCursor, Write},
};
use parking_lot::Mutex;

const END_OF_LINE: &str = "\r\n";
const END_OF_HEAD: &str = "\r\n\r\n";
/// More than the client needs: it writes in its first turn.
const TURNS_MAX: usize = 4;

/// Names as they were spelt and values, in their order. Names are in lower case where the spelling was not kept.
pub(super) fn as_received(headers: &HeaderMap, extensions: &Extensions) -> Vec<(String, String)> {
    let head = written(headers, extensions).unwrap_or_default();
    let head = String::from_utf8_lossy(&head);
    let lines = head.split(END_OF_HEAD).next().unwrap_or_default().split(END_OF_LINE).skip(1);
    let spelt: Vec<_> = lines.filter_map(|line| line.split_once(':').map(|(name, _)| name)).collect();
    let value = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers
        .iter()
        .enumerate()
        .map(|(index, (name, given))| {
            let spelling = spelt.get(index).filter(|spelt| spelt.eq_ignore_ascii_case(name.as_str()));
            (spelling.map_or_else(|| name.to_string(), ToString::to_string), value(given))
        })
        .collect()
}

/// The head as hyper writes it.
fn written(headers: &HeaderMap, extensions: &Extensions) -> Option<Vec<u8>> {
    let mut request = Request::new(Unsent { is_chunked: headers.contains_key(TRANSFER_ENCODING) });
    *request.headers_mut() = headers.clone();
    *request.extensions_mut() = extensions.clone();
    let out = Arc::new(Mutex::new(Vec::new()));
    let mut context = Context::from_waker(Waker::noop());
    let mut client = http1::Builder::new();
    let handshake = pin!(client.preserve_header_case(true).handshake(Paper(Arc::clone(&out))));
    let Poll::Ready(Ok((mut sender, connection))) = handshake.poll(&mut context) else { return None };
    let (mut sending, mut connection) = (pin!(sender.send_request(request)), pin!(connection));
    for _ in 0..TURNS_MAX {
        let _ = sending.as_mut().poll(&mut context);
        let _ = connection.as_mut().poll(&mut context);
        if !out.lock().is_empty() {
            break;
        }
    }
    let head = std::mem::take(&mut *out.lock());
    Some(head)
}

/// A body that stays away: one of unknown length keeps `Transfer-Encoding` in the head.
struct Unsent {
    is_chunked: bool,
}

impl Body for Unsent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.is_chunked { Poll::Pending } else { Poll::Ready(None) }
    }

    fn is_end_stream(&self) -> bool {
        !self.is_chunked
    }
}

/// A connection that is only written on.
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Read for Paper {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl Write for Paper {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.lock().extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
