//! HTTP/1.1 as bytes: just enough to read one message exactly as it was sent. Deliberately no library: what a library
//! hands out has been normalised (names in lower case, lines regrouped), and a recorder must show what was on the wire.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes of a head that are read before the peer is taken for broken.
const HEAD_BYTES_MAX: usize = 1024 * 1024;

/// One message: its first line, its header lines and its body.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) first_line: String,
    pub(crate) header_lines: Vec<String>,
    pub(crate) body: Vec<u8>,
}

/// Reads messages from one connection and keeps what came too early for the next one.
#[derive(Debug)]
pub(crate) struct Reader<R> {
    source: R,
    buffer: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    pub(crate) const fn new(source: R) -> Self {
        Self { source, buffer: Vec::new() }
    }

    /// The next request, or `None` when the connection ends before one begins.
    pub(crate) async fn request(&mut self) -> io::Result<Option<Message>> {
        self.message(Missing::IsEmpty).await
    }

    /// The next response, or `None` when the connection ends before one begins. Without a length its body lasts until
    /// the connection ends.
    pub(crate) async fn response(&mut self) -> io::Result<Option<Message>> {
        self.message(Missing::UntilEnd).await
    }

    /// Reads and forgets until the peer closes: how a hanging receiver notices that nobody waits any more.
    pub(crate) async fn until_closed(&mut self) -> io::Result<()> {
        while self.fill().await? {
            self.buffer.clear();
        }
        Ok(())
    }

    async fn message(&mut self, missing: Missing) -> io::Result<Option<Message>> {
        let Some(head) = self.head().await? else { return Ok(None) };
        let mut lines = head.split("\r\n").map(str::to_owned);
        let first_line = lines.next().unwrap_or_default();
        let mut message = Message { first_line, header_lines: lines.collect(), body: Vec::new() };
        let chunked =
            message.value("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
        message.body = match message.value("content-length").map(str::parse::<usize>) {
            _ if chunked => self.chunks().await?,
            Some(length) => {
                self.take(length.map_err(|_| malformed("content-length is not a number"))?).await?
            }
            None if missing == Missing::UntilEnd && !message.has_no_body() => self.rest().await?,
            None => Vec::new(),
        };
        Ok(Some(message))
    }

    async fn head(&mut self) -> io::Result<Option<String>> {
        loop {
            if let Some(end) = position(&self.buffer, b"\r\n\r\n") {
                let head = self.buffer.drain(..end + 4).take(end).collect::<Vec<u8>>();
                return Ok(Some(String::from_utf8_lossy(&head).into_owned()));
            }
            if self.buffer.len() > HEAD_BYTES_MAX {
                return Err(malformed("the head does not end"));
            }
            if !self.fill().await? {
                return if self.buffer.is_empty() { Ok(None) } else { Err(malformed("the head is cut off")) };
            }
        }
    }

    async fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.line().await?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size =
                usize::from_str_radix(size, 16).map_err(|_| malformed("a chunk's size is not a number"))?;
            if size == 0 {
                while !self.line().await?.is_empty() {}
                return Ok(body);
            }
            body.extend(self.take(size).await?);
            self.line().await?;
        }
    }

    async fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = position(&self.buffer, b"\r\n") {
                let line = self.take(end + 2).await?;
                return Ok(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            if !self.fill().await? {
                return Err(malformed("a line is cut off"));
            }
        }
    }

    async fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < length {
            if !self.fill().await? {
                return Err(malformed("the body is cut off"));
            }
        }
        Ok(self.buffer.drain(..length).collect())
    }

    async fn rest(&mut self) -> io::Result<Vec<u8>> {
        while self.fill().await? {}
        Ok(std::mem::take(&mut self.buffer))
    }

    /// Reads more; `false` at the end of the connection.
    async fn fill(&mut self) -> io::Result<bool> {
        Ok(self.source.read_buf(&mut self.buffer).await? > 0)
    }
}

impl Message {
    /// The first value of the header `name`, whatever the case of its letters.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.header_lines.iter().find_map(|line| value_of(line, name))
    }

    /// Responses that end with their head (RFC 9112, section 6.3).
    fn has_no_body(&self) -> bool {
        let status = self.first_line.split(' ').nth(1).unwrap_or_default();
        status.starts_with('1') || status == "204" || status == "304"
    }
}

/// The value of `line` if it is a line of the header `name`.
pub(crate) fn value_of<'line>(line: &'line str, name: &str) -> Option<&'line str> {
    let (found, value) = line.split_once(':')?;
    found.eq_ignore_ascii_case(name).then(|| value.trim())
}

/// What a message without a length means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// No body: a request.
    IsEmpty,
    /// A body that lasts until the connection ends: a response.
    UntilEnd,
}

fn position(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn malformed(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pipelined_requests_come_one_by_one_with_their_lines_as_sent() {
        let bytes: &[u8] = b"POST /a?b=%20 HTTP/1.1\r\nX-Key:  one\r\ncontent-LENGTH: 3\r\n\r\nabc\
            PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nde\r\n1\r\nf\r\n0\r\n\r\n";
        let mut reader = Reader::new(bytes);
        let first = reader.request().await.unwrap().unwrap();
        assert_eq!(first.first_line, "POST /a?b=%20 HTTP/1.1");
        assert_eq!(first.header_lines, ["X-Key:  one", "content-LENGTH: 3"]);
        assert_eq!((first.value("x-key"), first.body.as_slice()), (Some("one"), &b"abc"[..]));
        assert_eq!(reader.request().await.unwrap().unwrap().body, b"def");
        assert!(reader.request().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_response_without_a_length_lasts_until_the_end() {
        let mut reader = Reader::new(&b"HTTP/1.1 400 Bad Request\r\n\r\nwhat?"[..]);
        assert_eq!(reader.response().await.unwrap().unwrap().body, b"what?");
    }

    #[tokio::test]
    async fn a_message_that_is_cut_off_is_an_error() {
        for bytes in [&b"GET / HT"[..], b"POST / HTTP/1.1\r\ncontent-length: 9\r\n\r\nabc"] {
            assert!(Reader::new(bytes).request().await.is_err());
        }
    }
}
