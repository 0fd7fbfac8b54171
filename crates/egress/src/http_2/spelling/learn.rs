//! hyper's own parser reads a head with exactly the names that are wanted. Nothing waits and nothing is answered: the
//! head is in memory and the parser is polled once.

use std::{
    cell::Cell,
    future::{Future, pending},
    io,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{Extensions, Request, Response};
use http_body_util::Full;
use hyper::{
    body::Incoming,
    rt::{Read, ReadBufCursor, Write},
    server::conn::http1,
    service::service_fn,
};

/// HTTP/1.0, because no name can ask its server to upgrade.
const REQUEST_LINE: &str = "GET / HTTP/1.0\r\n";
/// The names that hyper adds to some requests, as most clients spell them.
const ADDED: &str = "Host:\r\nContent-Length: 0\r\nConnection:\r\n\r\n";
const ADDED_COUNT: usize = 3;

/// The extensions that make hyper spell its headers as `names` and its own ones are. `None` when the parser refuses them;
/// names that HTTP allows it refuses for their length only.
pub(super) fn extensions_for<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> Option<Extensions> {
    let headers_max = names.len() + ADDED_COUNT;
    let lines: String = names.flat_map(|name| [name, ":\r\n"]).collect();
    let head = [REQUEST_LINE, &lines, ADDED].concat();
    let read = Cell::new(None);
    let service = service_fn(|request: Request<Incoming>| {
        read.set(Some(request.into_parts().0.extensions));
        pending::<Result<Response<Full<Bytes>>, io::Error>>()
    });
    let mut parser = http1::Builder::new();
    parser.preserve_header_case(true).max_headers(headers_max).header_read_timeout(None);
    let connection = pin!(parser.serve_connection(Written(head.as_bytes()), service));
    // Whether it waits for the service now or has failed: the head is read or never will be.
    let _ = connection.poll(&mut Context::from_waker(Waker::noop()));
    read.take()
}

/// A connection on which a head has arrived.
struct Written<'a>(&'a [u8]);

impl Read for Written<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let (now, later) = self.0.split_at(self.0.len().min(buffer.remaining()));
        buffer.put_slice(now);
        self.0 = later;
        Poll::Ready(Ok(()))
    }
}

impl Write for Written<'_> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
