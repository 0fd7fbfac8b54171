//! Which headers a request may carry, whichever version of HTTP carries it.

use postroad_domain::{ErrorClass, Headers, headers};

use crate::exchange::SendError;

/// More headers in one request are a mistake.
pub(crate) const HEADERS_MAX: usize = 1_000;
/// Bytes of a head: far beyond what any receiver takes.
const HEAD_BYTES_MAX: usize = 256 * 1024;
/// What frames the request. A second word on it would let the receiver see another request than the one sent, also in the
/// spelling that gateways fold into it (`content_length`).
const FRAMING: [&str; 3] = ["host", "content-length", "transfer-encoding"];

/// Errors: `Protocol` for more headers than a request may have.
pub(crate) fn check_number(headers: &Headers) -> Result<(), SendError> {
    if headers.len() > HEADERS_MAX {
        return Err(unsendable(format!("it has more than {HEADERS_MAX} headers")));
    }
    Ok(())
}

/// Errors: `Protocol` for a name or value that HTTP cannot carry, or for a header that is not the caller's to write. The
/// value is not repeated.
pub(crate) fn check_header(name: &str, value: &str) -> Result<(), SendError> {
    if !headers::is_name(name) {
        return Err(unsendable(format!("{name:?} is not a name that HTTP allows for a header")));
    }
    if FRAMING.iter().any(|framing| headers::is_same_name(name, framing)) {
        return Err(unsendable(format!("{name} follows from its URL and body")));
    }
    if !headers::is_value(value) {
        return Err(unsendable(format!("the value of {name} holds a control character")));
    }
    Ok(())
}

/// Errors: `Protocol` for a head of more bytes than a request may have.
pub(crate) fn check_length(head_bytes: usize) -> Result<(), SendError> {
    if head_bytes > HEAD_BYTES_MAX {
        return Err(unsendable("its headers are too long".to_owned()));
    }
    Ok(())
}

/// Why a request cannot be sent.
pub(crate) fn unsendable(why: String) -> SendError {
    SendError::new(ErrorClass::Protocol, format!("the request cannot be sent: {why}"))
}
