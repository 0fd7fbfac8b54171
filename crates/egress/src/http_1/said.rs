//! What the headers of an answer say of its body and of its connection (RFC 9112, section 6.3).

use std::time::Duration;

use httparse::Header;

use super::error::Http1Error;

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

/// What the headers of an answer say of its body and of its connection.
#[derive(Default)]
pub(super) struct Said {
    /// The receiver closes the connection behind the answer.
    pub(super) closes: bool,
    /// It keeps it so long.
    pub(super) keeps_for: Option<Duration>,
    length: Length,
    codings: Option<Codings>,
}

#[derive(Clone, Copy, Default)]
enum Length {
    #[default]
    None,
    Bytes(u64),
    /// None that is one, or two that differ.
    Unclear,
}

/// What is said of how the body is encoded on its way.
#[derive(Clone, Copy)]
struct Codings {
    /// `chunked` is the last one, which is the only place where it says where the body ends.
    ends_chunked: bool,
    /// It stands there alone, in the only header of its name: no two readers differ on it.
    is_plain: bool,
}

impl Said {
    /// By the few headers that matter, found by the lengths of their names.
    pub(super) fn by(headers: &[Header<'_>]) -> Self {
        let mut said = Self::default();
        for Header { name, value } in headers {
            match name.len() {
                10 if name.eq_ignore_ascii_case("connection") => said.closes |= has_word(value, b"close"),
                10 if name.eq_ignore_ascii_case("keep-alive") => said.keeps_for = time_of(value),
                14 if name.eq_ignore_ascii_case("content-length") => said.add_length(value),
                17 if name.eq_ignore_ascii_case("transfer-encoding") => said.add_codings(value),
                _ => {}
            }
        }
        said
    }

    /// The same length said again is one length.
    fn add_length(&mut self, value: &[u8]) {
        for text in words(value) {
            self.length = match (self.length, number(text)) {
                (Length::None, Some(bytes)) => Length::Bytes(bytes),
                (Length::Bytes(known), Some(bytes)) if known == bytes => self.length,
                _ => Length::Unclear,
            };
        }
    }

    fn add_codings(&mut self, value: &[u8]) {
        let is_chunked = |coding: &[u8]| coding.eq_ignore_ascii_case(b"chunked");
        let chunked = words(value).filter(|coding| is_chunked(coding)).count();
        let ends_chunked = words(value).last().is_some_and(is_chunked);
        let is_plain = chunked == 1 && ends_chunked && self.codings.is_none();
        self.codings = Some(Codings { ends_chunked, is_plain });
    }

    /// Where the body ends, and whether that is beyond doubt. What a header says of a body that does not come, or whose end is
    /// told otherwise, is no fault: it must not turn a delivered event into one that is sent again. Errors: the length of a
    /// body that comes is not clear.
    pub(super) fn framing(&self, status: u16, is_head: bool) -> Result<(Framing, bool), Http1Error> {
        if is_head {
            return Ok((Framing::Length(0), true));
        }
        if matches!(status, 100..=199 | 204 | 304) {
            // Some receivers send the body that they announce, which is then taken for the beginning of the next answer.
            let announces_none =
                matches!(self.length, Length::None | Length::Bytes(0)) && self.codings.is_none();
            return Ok((Framing::Length(0), announces_none));
        }
        if let Some(Codings { ends_chunked, is_plain }) = self.codings {
            let framing = if ends_chunked { Framing::Chunked } else { Framing::UntilClose };
            return Ok((framing, is_plain && matches!(self.length, Length::None)));
        }
        match self.length {
            Length::None => Ok((Framing::UntilClose, true)),
            Length::Bytes(bytes) => Ok((Framing::Length(bytes), true)),
            Length::Unclear => Err(Http1Error::NotHttp("its answer has no clear length".to_owned())),
        }
    }
}

/// The time of `Keep-Alive: timeout=5, max=100`.
fn time_of(value: &[u8]) -> Option<Duration> {
    let timeout = words(value).find_map(|word| {
        let (name, rest) = word.split_at_checked(b"timeout".len())?;
        let secs = rest.trim_ascii_start().strip_prefix(b"=")?;
        name.eq_ignore_ascii_case(b"timeout").then_some(secs.trim_ascii())
    });
    number(timeout?).map(Duration::from_secs)
}

/// Digits and nothing else: `+7` is a number for Rust and none for HTTP.
fn number(text: &[u8]) -> Option<u64> {
    let is_digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    is_digits.then(|| str::from_utf8(text).ok()?.parse().ok())?
}

/// Whether one of the words of a header is this one.
fn has_word(value: &[u8], wanted: &[u8]) -> bool {
    words(value).any(|word| word.eq_ignore_ascii_case(wanted))
}

fn words(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}
