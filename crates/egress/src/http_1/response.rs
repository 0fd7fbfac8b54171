//! The head of an answer: its status, its headers as text, and how its body ends (RFC 9112, section 6.3).

use std::mem::MaybeUninit;

use httparse::{Header, ParserConfig, Status};
use postroad_domain::Headers;

use super::error::Http1Error;
use crate::response::headers_as_text;

/// Headers of one answer.
const HEADERS_MAX: usize = 100;

/// What was understood at the beginning of some bytes.
pub(super) struct Parsed {
    pub(super) head: Head,
    /// Names in lower case.
    pub(super) headers: Headers,
    /// How many of the bytes it was.
    pub(super) bytes: usize,
}

/// What the connection must know of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(super) status: u16,
    pub(super) framing: Framing,
    /// The receiver keeps the connection for another request.
    pub(super) keeps_connection: bool,
}

/// Where a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// After so many bytes.
    Length(u64),
    /// Where its chunks say.
    Chunked,
    /// With the connection.
    UntilClose,
}

impl Head {
    /// Whether the answer itself is still to come.
    pub(super) fn is_interim(&self) -> bool {
        // 101 ends HTTP on this connection: nothing else will come.
        (100..200).contains(&self.status) && self.status != 101
    }
}

/// The head at the beginning of `bytes`; `None` when more of it must come.
///
/// Errors: it is none, has too many headers, or does not say clearly where its body ends.
pub(super) fn parse(bytes: &[u8], is_head: bool) -> Result<Option<Parsed>, Http1Error> {
    let mut room = [const { MaybeUninit::<Header<'_>>::uninit() }; HEADERS_MAX];
    let mut response = httparse::Response::new(&mut []);
    let parsed = config().parse_response_with_uninit_headers(&mut response, bytes, &mut room);
    let parsed = parsed.map_err(|error| Http1Error::NotHttp(error.to_string()))?;
    let Status::Complete(length) = parsed else { return Ok(None) };
    let status = response.code.unwrap_or_default();
    let is_1_1 = response.version == Some(1);
    let (framing, is_clear) = framing_of(status, is_head, response.headers)?;
    let says_close = says(response.headers, "connection", "close");
    let head = Head {
        status,
        framing,
        keeps_connection: is_1_1
            && is_clear
            && !says_close
            && framing != Framing::UntilClose
            && status != 101,
    };
    let headers = headers_as_text(response.headers.iter().map(|header| (header.name, header.value)));
    Ok(Some(Parsed { head, headers, bytes: length }))
}

/// Whether the bytes begin with the head of an answer, interim ones aside.
pub(super) fn holds_final_head(mut bytes: &[u8]) -> bool {
    while let Ok(Some(parsed)) = parse(bytes, false) {
        if !parsed.head.is_interim() {
            return true;
        }
        bytes = &bytes[parsed.bytes..];
    }
    false
}

fn config() -> ParserConfig {
    let mut config = ParserConfig::default();
    // The status decides: one malformed header must not turn a delivered event into one that is sent again.
    config.ignore_invalid_headers_in_responses(true);
    config
}

/// Where the body ends, and whether only one reading of that is possible. What a header says of a body that does not come,
/// or whose end is told otherwise, is not looked at: it must not turn a delivered event into one that is sent again.
fn framing_of(status: u16, is_head: bool, headers: &[Header<'_>]) -> Result<(Framing, bool), Http1Error> {
    if is_head || matches!(status, 100..=199 | 204 | 304) {
        return Ok((Framing::Length(0), true));
    }
    let has = |name| headers.iter().any(|header| is_named(header, name));
    if has("transfer-encoding") {
        let is_chunked = ends_chunked(headers);
        let framing = if is_chunked { Framing::Chunked } else { Framing::UntilClose };
        return Ok((framing, is_chunked && !has("content-length")));
    }
    Ok((length_of(headers)?.map_or(Framing::UntilClose, Framing::Length), true))
}

/// Errors: lengths that are none, or that differ.
fn length_of(headers: &[Header<'_>]) -> Result<Option<u64>, Http1Error> {
    let unclear = || Http1Error::NotHttp("its answer has no clear length".to_owned());
    let mut known = None;
    for header in headers.iter().filter(|header| is_named(header, "content-length")) {
        for text in header.value.split(|byte| *byte == b',') {
            let length = parse_length(text.trim_ascii()).ok_or_else(unclear)?;
            if known.is_some_and(|known| known != length) {
                return Err(unclear());
            }
            known = Some(length);
        }
    }
    Ok(known)
}

/// Digits and nothing else: `+7` is a number for Rust and none for HTTP.
fn parse_length(text: &[u8]) -> Option<u64> {
    let is_digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    is_digits.then(|| str::from_utf8(text).ok()?.parse().ok())?
}

/// Whether `chunked` is the last of the encodings, which is the only place where it says where the body ends.
fn ends_chunked(headers: &[Header<'_>]) -> bool {
    let last = headers.iter().rfind(|header| is_named(header, "transfer-encoding"));
    let last = last.and_then(|header| header.value.rsplit(|byte| *byte == b',').next());
    last.is_some_and(|coding| coding.trim_ascii().eq_ignore_ascii_case(b"chunked"))
}

/// Whether one of the words of a header is this one.
fn says(headers: &[Header<'_>], name: &str, word: &str) -> bool {
    headers
        .iter()
        .filter(|header| is_named(header, name))
        .flat_map(|header| header.value.split(|byte| *byte == b','))
        .any(|part| part.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
}

fn is_named(header: &Header<'_>, name: &str) -> bool {
    header.name.eq_ignore_ascii_case(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Result<(Framing, bool), String> {
        let bytes = format!("{}\r\n\r\n", text.replace('\n', "\r\n"));
        match parse(bytes.as_bytes(), false) {
            Ok(parsed) => {
                let head = parsed.unwrap().head;
                Ok((head.framing, head.keeps_connection))
            }
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn where_a_body_ends_and_whether_another_request_may_follow() {
        use Framing::{Chunked, Length, UntilClose};
        for (text, expected) in [
            ("HTTP/1.1 200 OK\nContent-Length: 5", (Length(5), true)),
            ("HTTP/1.1 200 OK\nContent-Length: 5, 5\ncontent-length: 5", (Length(5), true)),
            ("HTTP/1.1 200 OK\nContent-Length: 5\nConnection: x, Close", (Length(5), false)),
            ("HTTP/1.0 200 OK\nContent-Length: 5\nConnection: keep-alive", (Length(5), false)),
            ("HTTP/1.1 200", (UntilClose, false)),
            ("HTTP/1.1 200 OK\nTransfer-Encoding: gzip, Chunked", (Chunked, true)),
            ("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nContent-Length: 5", (Chunked, false)),
            ("HTTP/1.1 200 OK\nTransfer-Encoding: chunked, gzip", (UntilClose, false)),
            ("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nContent-Length: ten", (Chunked, false)),
            ("HTTP/1.1 204 No Content\nContent-Length: 5", (Length(0), true)),
            ("HTTP/1.1 204 No Content\nContent-Length: ten", (Length(0), true)),
            ("HTTP/1.1 304 Not Modified\nTransfer-Encoding: chunked", (Length(0), true)),
            ("HTTP/1.1 101 Switching Protocols", (Length(0), false)),
        ] {
            assert_eq!(head(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_length_that_is_not_clear_is_a_fault() {
        for value in ["ten", "", "+5", "-1", "5, 6", "5,", "99999999999999999999"] {
            let refused = head(&format!("HTTP/1.1 200 OK\nContent-Length: {value}"));
            assert_eq!(refused, Err("its answer has no clear length".to_owned()), "{value}");
        }
        assert!(head("HTTP/1.1 200 OK\nContent-Length: 1\nContent-Length: 2").is_err());
    }

    #[test]
    fn a_head_that_is_not_whole_is_no_fault_yet() {
        assert!(parse(b"HTTP/1.1 200 OK\r\nx: ", false).unwrap().is_none());
        assert!(!holds_final_head(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200"));
        assert!(holds_final_head(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 413 Too Large\r\n\r\n"));
    }
}
