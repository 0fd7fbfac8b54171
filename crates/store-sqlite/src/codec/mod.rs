//! A compact form for small structured values: a version byte, then numbers of variable length and texts behind their
//! length. JSON would take twice the bytes and, on the commit path, several times the time.
//!
//! **Invariant:** what one version wrote every later one reads; what was cut off or changed is a fault, never a panic.

mod attempt;
mod lists;

use std::ops::ControlFlow;

pub(crate) use attempt::{decode_answer, decode_request, encode_answer, encode_request};
pub(crate) use lists::{
    decode_deliveries, decode_secrets, decode_tags, decode_targets, encode_deliveries, encode_secrets,
    encode_tags, encode_targets,
};

use postroad_domain::Headers;

use crate::error::Fault;

/// The form that is written.
const VERSION: u8 = 1;

/// Writes a value.
struct Encoder(Vec<u8>);

impl Encoder {
    fn with_capacity(bytes: usize) -> Self {
        let mut out = Vec::with_capacity(bytes + 1);
        out.push(VERSION);
        Self(out)
    }

    /// Seven bits a byte, the low ones first; the top bit says that more follow.
    fn number(&mut self, mut number: u64) {
        while number > 0x7f {
            self.0.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    /// Eight bytes: for moments, which are large anyway.
    fn moment(&mut self, micros: i64) {
        self.0.extend_from_slice(&micros.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn headers(&mut self, headers: &Headers) {
        self.number(headers.len() as u64);
        for (name, value) in headers.iter() {
            self.bytes(name.as_bytes());
            self.bytes(value.as_bytes());
        }
    }

    fn done(self) -> Vec<u8> {
        self.0
    }
}

/// Reads a value.
struct Decoder<'a>(&'a [u8]);

impl<'a> Decoder<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self, Fault> {
        match bytes.split_first() {
            Some((&VERSION, rest)) => Ok(Self(rest)),
            Some(_) => Err(Fault::Corrupt("a stored value has an unknown form")),
            None => Err(CUT_OFF),
        }
    }

    fn number(&mut self) -> Result<u64, Fault> {
        let mut used = 0;
        let read = self.0.iter().take(10).try_fold(0_u64, |sum, byte| {
            let sum = sum | u64::from(byte & 0x7f) << (7 * used);
            used += 1;
            if byte & 0x80 == 0 { ControlFlow::Break(sum) } else { ControlFlow::Continue(sum) }
        });
        let ControlFlow::Break(number) = read else { return Err(CUT_OFF) };
        self.0 = &self.0[used..];
        Ok(number)
    }

    /// Whether all of it was read.
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A count of things that take at least a byte each, so that a damaged one cannot ask for all the memory.
    fn count(&mut self) -> Result<usize, Fault> {
        let count = usize::try_from(self.number()?).map_err(|_| CUT_OFF)?;
        if count > self.0.len() { Err(CUT_OFF) } else { Ok(count) }
    }

    fn moment(&mut self) -> Result<i64, Fault> {
        let (micros, rest) = self.0.split_first_chunk().ok_or(CUT_OFF)?;
        self.0 = rest;
        Ok(i64::from_le_bytes(*micros))
    }

    fn bytes(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.count()?;
        let (bytes, rest) = self.0.split_at(length);
        self.0 = rest;
        Ok(bytes)
    }

    fn str(&mut self) -> Result<&'a str, Fault> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Fault::Corrupt("a stored text is not UTF-8"))
    }

    fn text(&mut self) -> Result<String, Fault> {
        Ok(self.str()?.to_owned())
    }

    fn headers(&mut self) -> Result<Headers, Fault> {
        let count = self.count()?;
        (0..count).map(|_| Ok((self.str()?, self.str()?))).collect()
    }
}

const CUT_OFF: Fault = Fault::Corrupt("a stored value ends too early");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_width_come_back() {
        for number in [0, 1, 127, 128, 16_383, 16_384, u64::from(u32::MAX), u64::MAX] {
            let mut out = Encoder::with_capacity(0);
            out.number(number);
            out.moment(-5);
            let bytes = out.done();
            let mut rest = Decoder::new(&bytes).unwrap();
            assert_eq!(rest.number().unwrap(), number);
            assert_eq!(rest.moment().unwrap(), -5);
        }
    }

    #[test]
    fn a_damaged_length_is_a_fault_and_not_a_panic() {
        for bytes in
            [&[][..], &[9], &[VERSION], &[VERSION, 0x80], &[VERSION, 0xff, 0xff, 0xff, 0x7f], &[1, 5, b'a']]
        {
            assert!(Decoder::new(bytes).and_then(|mut rest| rest.text()).is_err(), "{bytes:?}");
        }
    }
}
