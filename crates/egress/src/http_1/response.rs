//! The head of an answer: its status, its headers as text, and how its body ends (RFC 9112, section 6.3).
//!
//! **Invariant:** the status decides. A head is a fault only where its status line or the end of its body is not clear; whatever
//! else is odd is left out or replaced, is marked, and ends the connection behind the answer.

use std::{mem::MaybeUninit, time::Duration};

use httparse::{Header, ParserConfig, Status};
use postroad_domain::{Headers, headers};

use super::{
    error::Http1Error,
    said::{Framing, Said},
    search::Search,
    status::{StatusLine, not_http, read_status},
};
use crate::response::headers_as_text;

/// Headers for which there is room without asking for memory. A head with more is read line by line.
const HEADERS_QUICK_MAX: usize = 100;
/// Three digits, the first of which says what kind it is of (RFC 9110, section 15).
const STATUS_MIN: u16 = 100;

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
    /// The receiver keeps the connection for another request, and where this answer ends is beyond doubt.
    pub(super) keeps_connection: bool,
    /// For how long it does so, where it says (`Keep-Alive: timeout=5`).
    pub(super) keeps_for: Option<Duration>,
    /// Headers were left out, or are not as they came.
    pub(super) is_cut: bool,
}

impl Head {
    /// Whether the answer itself is still to come.
    pub(super) fn is_interim(&self) -> bool {
        // 101 ends HTTP on this connection: nothing else will come.
        (100..200).contains(&self.status) && self.status != 101
    }
}

/// The head at the beginning of `bytes`; `None` when more of it must come. `search` remembers what was looked at.
///
/// Errors: it is none, or does not say clearly where its body ends.
pub(super) fn parse(bytes: &[u8], is_head: bool, search: &mut Search) -> Result<Option<Parsed>, Http1Error> {
    if bytes.is_empty() {
        return Ok(None);
    }
    // Nearly every head comes whole and in order.
    if search.is_new()
        && let Some(parsed) = quickly(bytes, is_head)?
    {
        return Ok(Some(parsed));
    }
    let Some(end) = search.end(bytes)? else { return Ok(None) };
    match quickly(&bytes[..end], is_head)? {
        Some(parsed) => Ok(Some(parsed)),
        None => line_by_line(&bytes[..end], is_head).map(Some),
    }
}

/// A head that is whole and has nothing odd; `None` where it is not whole or has.
fn quickly(bytes: &[u8], is_head: bool) -> Result<Option<Parsed>, Http1Error> {
    use httparse::Error::{HeaderName, HeaderValue, NewLine, TooManyHeaders};
    let mut room = [const { MaybeUninit::<Header<'_>>::uninit() }; HEADERS_QUICK_MAX];
    let mut response = httparse::Response::new(&mut []);
    let parser = ParserConfig::default();
    let length = match parser.parse_response_with_uninit_headers(&mut response, bytes, &mut room) {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) | Err(HeaderName | HeaderValue | NewLine | TooManyHeaders) => return Ok(None),
        Err(error) => return Err(not_http(error)),
    };
    let line = StatusLine { status: response.code.unwrap_or_default(), is_1_1: response.version == Some(1) };
    understood(line, response.headers, false, is_head, length).map(Some)
}

/// A whole head that has more headers than usual, or something that no header may have: each line that can be read is read.
fn line_by_line(bytes: &[u8], is_head: bool) -> Result<Parsed, Http1Error> {
    let mut clean = bytes.to_vec();
    let mut is_odd = without_controls(&mut clean);
    let lines = clean.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut lines = lines.skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty());
    let line = read_status(&[lines.next().unwrap_or_default(), b"\r\n"].concat())?;
    let mut found = Vec::new();
    for line in lines {
        let header = header(line);
        is_odd |= header.is_none_or(|(_, is_odd)| is_odd);
        found.extend(header.map(|(header, _)| header));
    }
    understood(line, &found, is_odd, is_head, bytes.len())
}

/// Puts a space in the place of each character that no header may hold (RFC 9110, section 5.5), line ends aside. Whether there
/// was one.
fn without_controls(head: &mut [u8]) -> bool {
    let mut is_odd = false;
    for index in 0..head.len() {
        let is_allowed = match head[index] {
            b'\r' => head.get(index + 1) == Some(&b'\n'),
            byte => matches!(byte, b'\n' | b'\t') || !byte.is_ascii_control(),
        };
        if !is_allowed {
            (head[index], is_odd) = (b' ', true);
        }
    }
    is_odd
}

/// The header of a line, and whether it is written as it should be; `None` where it is none.
fn header(line: &[u8]) -> Option<(Header<'_>, bool)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (written, value) = (&line[..colon], &line[colon + 1..]);
    let name = str::from_utf8(written.trim_ascii_end()).ok().filter(|name| headers::is_name(name))?;
    Some((Header { name, value: value.trim_ascii() }, name.len() < written.len()))
}

/// What a head means. `is_odd`: something in it is not as HTTP has it.
fn understood(
    line: StatusLine,
    headers: &[Header<'_>],
    is_odd: bool,
    is_head: bool,
    bytes: usize,
) -> Result<Parsed, Http1Error> {
    let StatusLine { status, is_1_1 } = line;
    if status < STATUS_MIN {
        return Err(not_http(httparse::Error::Status));
    }
    let said = Said::by(headers);
    let (framing, is_clear) = said.framing(status, is_head)?;
    let texts = headers.iter().map(|header| (header.name, header.value));
    let (headers, is_whole) = headers_as_text(texts);
    let stays = is_1_1 && !said.closes && said.keeps_for != Some(Duration::ZERO) && status != 101;
    let head = Head {
        status,
        framing,
        keeps_connection: stays && is_clear && !is_odd && framing != Framing::UntilClose,
        keeps_for: said.keeps_for,
        is_cut: is_odd || !is_whole,
    };
    Ok(Parsed { head, headers, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Parsed, String> {
        let bytes = format!("{}\r\n\r\n", text.replace('\n', "\r\n"));
        match parse(bytes.as_bytes(), false, &mut Search::default()) {
            Ok(parsed) => Ok(parsed.unwrap()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn head(text: &str) -> Result<(Framing, bool), String> {
        parsed(text).map(|parsed| (parsed.head.framing, parsed.head.keeps_connection))
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
            ("HTTP/1.1 204 No Content\nContent-Length: 0", (Length(0), true)),
            ("HTTP/1.1 101 Switching Protocols", (Length(0), false)),
        ] {
            assert_eq!(head(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn an_answer_whose_end_two_readers_could_see_in_two_places_keeps_no_connection() {
        use Framing::{Chunked, Length};
        for (text, framing) in [
            ("HTTP/1.1 204 No Content\nContent-Length: 5", Length(0)),
            ("HTTP/1.1 204 No Content\nContent-Length: ten", Length(0)),
            ("HTTP/1.1 304 Not Modified\nContent-Length: 9", Length(0)),
            ("HTTP/1.1 304 Not Modified\nTransfer-Encoding: chunked", Length(0)),
            ("HTTP/1.1 200 OK\nTransfer-Encoding: chunked, chunked", Chunked),
            ("HTTP/1.1 200 OK\nTransfer-Encoding: chunked, gzip, chunked", Chunked),
            ("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked", Chunked),
            ("HTTP/1.1 200 OK\nTransfer-Encoding: gzip\nTransfer-Encoding: chunked", Chunked),
            ("HTTP/1.1 200 OK\nContent-Length : 5", Length(5)),
            ("HTTP/1.1 200 OK\nContent-Length: 5\n folded", Length(5)),
            ("HTTP/1.1 200 OK\nContent-Length: 5\0", Length(5)),
            ("HTTP/1.1 200 OK\nContent-Length: 5\nX: a\rContent-Length: 7", Length(5)),
        ] {
            assert_eq!(head(text), Ok((framing, false)), "{text:?}");
        }
    }

    #[test]
    fn a_length_that_is_not_clear_is_a_fault() {
        for value in ["ten", "", "+5", "-1", "5, 6", "5,", "99999999999999999999", "5\r6"] {
            let refused = head(&format!("HTTP/1.1 200 OK\nContent-Length: {value}"));
            assert_eq!(refused, Err("its answer has no clear length".to_owned()), "{value}");
        }
        assert!(head("HTTP/1.1 200 OK\nContent-Length: 1\nContent-Length: 2").is_err());
    }

    #[test]
    fn what_no_header_may_hold_becomes_a_space_and_what_is_no_header_is_left_out() {
        let odd = "HTTP/1.1 200 OK\nA: 1\0\x012\nb ad: x\nno colon\nB: 3\r4\nContent-Length: 0\n folded";
        let Parsed { head, headers, .. } = parsed(odd).unwrap();
        assert_eq!(headers, [("a", "1  2"), ("b", "3 4"), ("content-length", "0")]);
        assert!(head.is_cut && !head.keeps_connection && head.framing == Framing::Length(0));
        let Parsed { head, .. } = parsed("HTTP/1.1 200 OK\nA: \u{fc}\t1\nContent-Length: 0").unwrap();
        assert!(!head.is_cut && head.keeps_connection);
    }

    /// A receiver that answered `000` broke the schema of the API.
    #[test]
    fn a_status_has_three_digits_and_begins_with_one_at_least() {
        assert_eq!(parsed("HTTP/1.1 999\nContent-Length: 0").unwrap().head.status, 999);
        for status in ["000", "099", "20", "2000", "2\u{0}0"] {
            assert!(parsed(&format!("HTTP/1.1 {status} OK\nContent-Length: 0")).is_err(), "{status}");
        }
    }

    #[test]
    fn any_number_of_headers_is_read_for_where_the_body_ends() {
        let many = "X: 1\n".repeat(2 * HEADERS_QUICK_MAX);
        let Parsed { head, .. } = parsed(&format!("HTTP/1.1 200 OK\n{many}Content-Length: 5")).unwrap();
        assert_eq!((head.framing, head.keeps_connection, head.is_cut), (Framing::Length(5), true, true));
    }

    #[test]
    fn for_how_long_a_connection_is_kept_is_read_where_it_is_said() {
        for (value, secs) in [
            ("timeout=5", Some(5)),
            ("Timeout = 5, max=100", Some(5)),
            ("max=3,timeout=60", Some(60)),
            ("timeout=soon", None),
            ("max=3", None),
            ("5", None),
        ] {
            let head =
                parsed(&format!("HTTP/1.1 200 OK\nKeep-Alive: {value}\nContent-Length: 0")).unwrap().head;
            assert_eq!(head.keeps_for, secs.map(Duration::from_secs), "{value}");
            assert!(head.keeps_connection);
        }
        assert_eq!(
            head("HTTP/1.1 200 OK\nKeep-Alive: timeout=0\nContent-Length: 0"),
            Ok((Framing::Length(0), false))
        );
    }

    #[test]
    fn a_head_that_is_not_whole_is_no_fault_yet() {
        for text in ["HTTP/1.1 200 OK\r\nx: ", "HTTP/1.1 200 OK\r\nx: \0", "HTTP/1.1 20"] {
            assert!(parse(text.as_bytes(), false, &mut Search::default()).unwrap().is_none(), "{text:?}");
        }
    }
}
