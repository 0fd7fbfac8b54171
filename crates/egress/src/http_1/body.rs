//! Reading the body of an answer to its end or to its limit. Nothing here can fail: the status decides, and a body that is
//! too long, too slow or broken is noted as cut.

use httparse::Status;
use postroad_domain::limits::RESPONSE_BODY_BYTES_MAX;

use super::{connection::Connection, said::Framing};

/// Bytes of a line that says how long a chunk is, and of all trailers.
const LINES_BYTES_MAX: usize = 16 * 1024;

/// Fills `kept` and says whether that is the whole body.
pub(super) async fn read(connection: &mut Connection, framing: Framing, kept: &mut Vec<u8>) -> bool {
    match framing {
        Framing::Length(bytes) => read_bytes(connection, bytes, kept).await,
        Framing::Chunked => read_chunks(connection, kept).await,
        Framing::UntilClose => read_rest(connection, kept).await,
    }
}

/// Exactly so many bytes.
async fn read_bytes(connection: &mut Connection, mut bytes: u64, kept: &mut Vec<u8>) -> bool {
    while bytes > 0 {
        if connection.unread().is_empty() && !more(connection).await {
            return false;
        }
        let come = connection.unread();
        let come = &come[..usize::try_from(bytes).unwrap_or(usize::MAX).min(come.len())];
        let taken = come.len();
        if !keep(come, kept) {
            return false;
        }
        connection.take(taken);
        bytes -= taken as u64;
    }
    true
}

/// Everything until the connection ends.
async fn read_rest(connection: &mut Connection, kept: &mut Vec<u8>) -> bool {
    loop {
        let come = connection.unread();
        let taken = come.len();
        if !keep(come, kept) {
            return false;
        }
        connection.take(taken);
        match connection.fill().await {
            Ok(0) => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

/// Chunk by chunk (RFC 9112, section 7.1).
async fn read_chunks(connection: &mut Connection, kept: &mut Vec<u8>) -> bool {
    while let Some(bytes) = chunk_size(connection).await {
        if bytes == 0 {
            return skip_trailers(connection).await;
        }
        if !read_bytes(connection, bytes, kept).await || !ends_line(connection).await {
            return false;
        }
    }
    false
}

/// The length of the next chunk; `None` where it says none.
async fn chunk_size(connection: &mut Connection) -> Option<u64> {
    let line = line(connection, LINES_BYTES_MAX).await?;
    match httparse::parse_chunk_size(&connection.unread()[..line]) {
        Ok(Status::Complete((end, bytes))) if end == line => {
            connection.take(line);
            Some(bytes)
        }
        _ => None,
    }
}

/// How long the next line is with its end, once it has come; `None` where it is longer than `bytes_max` or does not come. Each
/// byte is looked at once, however small the pieces are.
async fn line(connection: &mut Connection, bytes_max: usize) -> Option<usize> {
    let mut seen = 0;
    loop {
        let unread = connection.unread();
        if let Some(end) = unread[seen..].iter().position(|byte| *byte == b'\n') {
            return Some(seen + end + 1).filter(|length| *length <= bytes_max);
        }
        seen = unread.len();
        if seen >= bytes_max || !more(connection).await {
            return None;
        }
    }
}

/// Whether a chunk is followed by the end of its line.
async fn ends_line(connection: &mut Connection) -> bool {
    while connection.unread().len() < 2 {
        if !more(connection).await {
            return false;
        }
    }
    let is_end = connection.unread().starts_with(b"\r\n");
    connection.take(2);
    is_end
}

/// Nobody wants trailers, but the next answer comes behind them.
async fn skip_trailers(connection: &mut Connection) -> bool {
    let mut room = LINES_BYTES_MAX;
    while let Some(length) = line(connection, room).await {
        let is_last = matches!(connection.unread()[..length], [b'\n'] | [b'\r', b'\n']);
        connection.take(length);
        if is_last {
            return true;
        }
        room -= length;
    }
    false
}

/// Adds what fits to what is kept; whether all did.
fn keep(come: &[u8], kept: &mut Vec<u8>) -> bool {
    let fitting = come.len().min(RESPONSE_BODY_BYTES_MAX - kept.len());
    kept.extend_from_slice(&come[..fitting]);
    fitting == come.len()
}

/// Whether more has come.
async fn more(connection: &mut Connection) -> bool {
    matches!(connection.fill().await, Ok(1..))
}
