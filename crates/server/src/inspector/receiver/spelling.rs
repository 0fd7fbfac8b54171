//! The spelling in which header names came. hyper keeps it among a request's extensions in a type of its own, which only
//! its client side reads: so the client writes the head once more, into memory, and it is parsed there.
//!
//! Nothing waits and nothing is sent: the client is polled until the head is written.

use std::{
    convert::Infallible,
    future::Future,
    io,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{Extensions, HeaderMap, Request};
use hyper::{
    body::{Body, Frame},
    client::conn::http1,
    rt::{Read, ReadBufCursor, Write},
};

/// Headers that the client may add behind the others.
const ADDED_MAX: usize = 2;
/// More than the client needs: it writes in its first turn.
const TURNS_MAX: usize = 4;

/// Names as they were spelt and values, in their order. Names are in lower case where the spelling was not kept.
pub(super) fn as_received(headers: &HeaderMap, extensions: &Extensions) -> Vec<(String, String)> {
    let head = written(headers, extensions).unwrap_or_default();
    let mut room = vec![httparse::EMPTY_HEADER; headers.len() + ADDED_MAX];
    let mut spelt = httparse::Request::new(&mut room);
    // What cannot be parsed leaves the names empty.
    let _ = spelt.parse(&head);
    let spelt = spelt.headers.iter().map(|header| header.name).chain(std::iter::repeat(""));
    let named = headers.iter().zip(spelt).map(|((name, value), spelt)| {
        let name = if spelt.eq_ignore_ascii_case(name.as_str()) { spelt } else { name.as_str() };
        (name.to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    named.collect()
}

/// The head as hyper writes it.
fn written(headers: &HeaderMap, extensions: &Extensions) -> Option<Vec<u8>> {
    let mut request = Request::new(Unsent);
    *request.headers_mut() = headers.clone();
    *request.extensions_mut() = extensions.clone();
    let mut context = Context::from_waker(Waker::noop());
    let mut client = http1::Builder::new();
    let handshake = pin!(client.preserve_header_case(true).handshake(Paper::default()));
    let Poll::Ready(Ok((mut sender, mut connection))) = handshake.poll(&mut context) else { return None };
    let mut sending = pin!(sender.send_request(request));
    for _ in 0..TURNS_MAX {
        let _ = sending.as_mut().poll(&mut context);
        let _ = connection.poll_without_shutdown(&mut context);
    }
    Some(connection.into_parts().io.0)
}

/// A body that stays away: with one that is there, or none, the client would take its framing out of the head.
struct Unsent;

impl Body for Unsent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

/// A connection that is only written on.
#[derive(Default)]
struct Paper(Vec<u8>);

impl Read for Paper {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl Write for Paper {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
