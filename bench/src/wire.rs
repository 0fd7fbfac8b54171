//! HTTP/1.1 for both ends of a benchmark, as little of it as there can be: every message has a content-length and every
//! connection stays open. A measuring tool must not cost more than what it measures.

use std::{io, ops::Range};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A connection with a buffer of what came and was not asked for yet.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Bytes at the beginning of the buffer that belong to the message read last.
    used: usize,
}

/// Where a message lies in its connection's buffer.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) head: Range<usize>,
    pub(super) body: Range<usize>,
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 * 1024), used: 0 })
    }

    /// Sends a whole message.
    pub(super) async fn send(&mut self, message: &[u8]) -> io::Result<()> {
        self.stream.write_all(message).await
    }

    /// Reads the next message; `None` when the connection ends before it begins.
    pub(super) async fn receive(&mut self) -> io::Result<Option<Place>> {
        self.buffer.drain(..self.used);
        self.used = 0;
        loop {
            if let Some(place) = find(&self.buffer)? {
                self.used = place.body.end;
                return Ok(Some(place));
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                let cut_off = !self.buffer.is_empty();
                return if cut_off { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(None) };
            }
        }
    }

    /// Sends a request and reads its response.
    pub(super) async fn exchange(&mut self, request: &[u8]) -> io::Result<Place> {
        self.send(request).await?;
        self.receive().await?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// The bytes of a place that was received last.
    pub(super) fn bytes(&self, range: &Range<usize>) -> &[u8] {
        &self.buffer[range.clone()]
    }
}

/// The status of a response's head; 0 when it has none.
pub(super) fn status(head: &[u8]) -> u16 {
    let digits = head.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// The message at the beginning of `buffer`; `None` while it is not complete.
fn find(buffer: &[u8]) -> io::Result<Option<Place>> {
    let Some(head_end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let body_start = head_end + 4;
    let body_end = body_start + content_length(&buffer[..head_end])?;
    let complete = buffer.len() >= body_end;
    Ok(complete.then_some(Place { head: 0..head_end, body: body_start..body_end }))
}

fn content_length(head: &[u8]) -> io::Result<usize> {
    const NAME: &[u8] = b"content-length:";
    let is_length = |line: &&[u8]| line.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME));
    let line = head.split(|byte| *byte == b'\n').find(is_length);
    let value = line.and_then(|line| std::str::from_utf8(&line[NAME.len()..]).ok());
    value.and_then(|value| value.trim().parse().ok()).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "a message without content-length: this tool reads no others",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_found_when_it_is_complete() {
        let bytes = b"HTTP/1.1 202 Accepted\r\nContent-Length: 3\r\n\r\nabcHTTP";
        for length in 0..bytes.len() - 4 {
            assert!(find(&bytes[..length]).unwrap().is_none());
        }
        let place = find(bytes).unwrap().unwrap();
        assert_eq!((&bytes[place.body], status(&bytes[place.head])), (&b"abc"[..], 202));
    }

    #[test]
    fn a_message_without_a_length_is_refused() {
        assert!(find(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
    }
}
