//! The status line of an answer.

use super::error::Http1Error;

/// The status line as it came.
#[derive(Clone, Copy)]
pub(super) struct StatusLine {
    pub(super) status: u16,
    /// Of HTTP/1.1, whose connections are kept.
    pub(super) is_1_1: bool,
}

/// The status line that the bytes are. Errors: they are none.
pub(super) fn read_status(line: &[u8]) -> Result<StatusLine, Http1Error> {
    let mut response = httparse::Response::new(&mut []);
    response.parse(line).map_err(not_http)?;
    match (response.code, response.version) {
        (Some(status), Some(version)) => Ok(StatusLine { status, is_1_1: version == 1 }),
        _ => Err(not_http(httparse::Error::Status)),
    }
}

/// Why some bytes are no head.
pub(super) fn not_http(error: httparse::Error) -> Http1Error {
    Http1Error::NotHttp(error.to_string())
}
