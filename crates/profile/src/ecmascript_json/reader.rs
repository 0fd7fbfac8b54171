//! A place in the text and the small steps that move it.

use super::error::{Fault, Refusal};

/// Reads a text from its beginning to its end.
///
/// **Invariant:** it only ever stands between two characters, since every step passes ASCII or a whole run up to ASCII.
pub(super) struct Reader<'t> {
    text: &'t str,
    offset: usize,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, offset: 0 }
    }

    /// Bytes that were read.
    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    /// The next byte, which stays where it is. `None` at the end.
    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    /// Everything that was not read yet.
    #[inline]
    pub(super) fn rest(&self) -> &'t [u8] {
        &self.text.as_bytes()[self.offset..]
    }

    /// What was read since an earlier [`Self::offset`].
    pub(super) fn since(&self, start: usize) -> &'t str {
        &self.text[start..self.offset]
    }

    /// Steps over bytes that were seen with [`Self::peek`] or [`Self::rest`].
    #[inline]
    pub(super) fn advance(&mut self, bytes: usize) {
        self.offset += bytes;
    }

    /// Steps over `byte` if it is the next one, and says whether it was.
    #[inline]
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.offset += usize::from(found);
        found
    }

    /// Steps over bytes as long as they satisfy `wanted`, and answers them.
    #[inline]
    pub(super) fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'t [u8] {
        let rest = self.rest();
        let length = rest.iter().position(|byte| !wanted(*byte)).unwrap_or(rest.len());
        self.offset += length;
        &rest[..length]
    }

    /// Steps over what JSON takes for white space: four characters, fewer than Unicode does.
    #[inline]
    pub(super) fn skip_white_space(&mut self) {
        self.take_while(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t'));
    }

    /// The fault that something else stands here than the grammar wants.
    pub(super) fn expected(&self, expected: &'static str) -> Fault {
        self.fault(Refusal::NotJson { expected })
    }

    /// A fault at the next byte.
    pub(super) fn fault(&self, refusal: Refusal) -> Fault {
        Fault { refusal, offset: self.offset }
    }
}
