//! The search for the end of a head that comes in pieces.
//!
//! **Invariant:** each byte is looked at once, however small the pieces are: a head that comes two bytes at a time would
//! otherwise be read from its beginning thousands of times.

use super::{error::Http1Error, status::read_status};

/// How far the end of a head was looked for in some bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Search {
    /// Bytes that were looked at.
    seen: usize,
    /// Where the line under way begins.
    line: usize,
    /// A line that is not empty has come.
    has_status: bool,
}

impl Search {
    /// Whether nothing was looked at.
    pub(super) const fn is_new(&self) -> bool {
        self.seen == 0
    }

    /// Where the head ends that begins the bytes, which are those of before with more behind them; `None` while its end has not
    /// come. Empty lines before it are part of it.
    ///
    /// Errors: it does not begin with a status line.
    pub(super) fn end(&mut self, bytes: &[u8]) -> Result<Option<usize>, Http1Error> {
        while let Some(length) = bytes[self.seen..].iter().position(|byte| *byte == b'\n') {
            let (start, next) = (self.line, self.seen + length + 1);
            (self.seen, self.line) = (next, next);
            let is_empty = matches!(bytes[start..next - 1], [] | [b'\r']);
            if is_empty && self.has_status {
                return Ok(Some(next));
            }
            if !is_empty && !self.has_status {
                read_status(&bytes[start..next])?;
                self.has_status = true;
            }
        }
        self.seen = bytes.len();
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the end is found when the bytes come one by one.
    fn found(text: &str) -> Option<usize> {
        let mut search = Search::default();
        let ends = (0..=text.len()).map(|end| search.end(&text.as_bytes()[..end]).unwrap());
        ends.flatten().next()
    }

    #[test]
    fn the_end_is_the_first_empty_line_behind_a_status_line() {
        for (head, rest) in [
            ("HTTP/1.1 200 OK\r\na: b\r\n\r\n", "more\r\n\r\n"),
            ("HTTP/1.1 200\n\n", "\n"),
            ("\r\n\nHTTP/1.1 200 OK\r\n\n", ""),
            ("HTTP/1.1 200 OK\r\na\0\r: \r \r\n\r\n", "x"),
        ] {
            assert_eq!(found(&format!("{head}{rest}")), Some(head.len()), "{head:?}");
        }
        assert_eq!(found("HTTP/1.1 200 OK\r\na: b\r\n"), None);
    }

    #[test]
    fn what_was_looked_at_is_not_looked_at_again() {
        let mut bytes = b"HTTP/1.1 200 OK\r\nx: ".to_vec();
        let mut search = Search::default();
        for _ in 0..30_000 {
            assert_eq!(search.end(&bytes).unwrap(), None);
            // Whoever read this once more would find the end.
            bytes.fill(b'\n');
            bytes.extend(b"vv");
        }
        bytes.extend(b"\r\n\r\n");
        assert_eq!(search.end(&bytes).unwrap(), Some(bytes.len()));
    }

    #[test]
    fn what_is_no_status_line_is_a_fault_as_soon_as_it_ends() {
        for text in ["SSH-2.0\r\n", "\r\nHTTP/1.1 OK\n", "HTTP/1.1 200 O\0K\r\n"] {
            assert!(Search::default().end(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
