//! The one pass: reads a value and writes its canonical form at once.

use super::{
    NESTING_MAX,
    error::{Fault, Refusal},
    members::Members,
    number,
    reader::Reader,
    string,
};

/// Writes the canonical form of a whole text.
pub(super) fn write(text: &str) -> Result<Vec<u8>, Fault> {
    let mut writer = Writer {
        reader: Reader::new(text),
        out: Vec::with_capacity(text.len()),
        members: Members::default(),
        depth: 0,
    };
    writer.spaced_value()?;
    match writer.reader.peek() {
        None => Ok(writer.out),
        Some(_) => Err(writer.reader.expected("the end of the text")),
    }
}

struct Writer<'t> {
    reader: Reader<'t>,
    out: Vec<u8>,
    members: Members,
    /// Arrays and objects that are open.
    depth: usize,
}

impl Writer<'_> {
    /// A value and the white space around it.
    fn spaced_value(&mut self) -> Result<(), Fault> {
        self.reader.skip_white_space();
        self.value()?;
        self.reader.skip_white_space();
        Ok(())
    }

    fn value(&mut self) -> Result<(), Fault> {
        match self.reader.peek() {
            Some(b'"') => string::copy(&mut self.reader, &mut self.out),
            Some(b'-' | b'0'..=b'9') => number::copy(&mut self.reader, &mut self.out),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            _ => Err(self.reader.expected("a value")),
        }
    }

    fn word(&mut self, word: &'static [u8]) -> Result<(), Fault> {
        if !self.reader.rest().starts_with(word) {
            return Err(self.reader.expected("a value"));
        }
        self.reader.advance(word.len());
        self.out.extend_from_slice(word);
        Ok(())
    }

    /// Bounds the recursion, and with it the stack.
    fn nested(&mut self, container: fn(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        if self.depth == NESTING_MAX {
            return Err(self.reader.fault(Refusal::NestedTooDeep));
        }
        self.depth += 1;
        container(self)?;
        self.depth -= 1;
        Ok(())
    }

    fn array(&mut self) -> Result<(), Fault> {
        self.opening(b'[');
        if !self.reader.take(b']') {
            self.spaced_value()?;
            while self.reader.take(b',') {
                self.out.push(b',');
                self.spaced_value()?;
            }
            self.require(b']', "`,` or `]`")?;
        }
        self.out.push(b']');
        Ok(())
    }

    fn object(&mut self) -> Result<(), Fault> {
        self.opening(b'{');
        let first = self.members.begin();
        if !self.reader.take(b'}') {
            self.member()?;
            while self.reader.take(b',') {
                self.out.push(b',');
                self.member()?;
            }
            self.require(b'}', "`,` or `}`")?;
        }
        self.members.finish(first, &mut self.out);
        self.out.push(b'}');
        Ok(())
    }

    fn member(&mut self) -> Result<(), Fault> {
        self.reader.skip_white_space();
        if self.reader.peek() != Some(b'"') {
            return Err(self.reader.expected("a key in double quotes"));
        }
        let start = self.out.len();
        string::copy(&mut self.reader, &mut self.out)?;
        let key_end = self.out.len();
        self.reader.skip_white_space();
        self.require(b':', "`:`")?;
        self.out.push(b':');
        self.spaced_value()?;
        self.members.push(start, key_end, &self.out);
        Ok(())
    }

    fn opening(&mut self, bracket: u8) {
        self.reader.advance(1);
        self.out.push(bracket);
        self.reader.skip_white_space();
    }

    fn require(&mut self, mark: u8, expected: &'static str) -> Result<(), Fault> {
        if self.reader.take(mark) { Ok(()) } else { Err(self.reader.expected(expected)) }
    }
}
