//! Reading one request of HTTP/1.1, as a simple receiver does.

use std::io;

use tokio::io::{AsyncReadExt, DuplexStream};

/// A request that was read whole.
pub(super) struct Request {
    /// The target.
    pub(super) target: String,
    /// The body.
    pub(super) body: Vec<u8>,
}

/// The next request on a connection, behind what was read before; `None` when it ends.
///
/// # Errors
///
/// What comes is no request that this reads.
pub(super) async fn read(stream: &mut DuplexStream, buffer: &mut Vec<u8>) -> io::Result<Option<Request>> {
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let invalid = || io::Error::from(io::ErrorKind::InvalidData);
    let head = str::from_utf8(&buffer[..head_end]).map_err(|_| invalid())?;
    let mut lines = head.lines();
    let target = lines.next().and_then(|line| line.split(' ').nth(1)).ok_or_else(invalid)?.to_owned();
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let end = head_end + length.unwrap_or(0);
    buffer.reserve(end.saturating_sub(buffer.len()));
    while buffer.len() < end {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
    let rest = buffer.split_off(end);
    let mut body = std::mem::replace(buffer, rest);
    body.drain(..head_end);
    Ok(Some(Request { target, body }))
}
