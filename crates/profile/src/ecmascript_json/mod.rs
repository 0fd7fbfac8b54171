//! JSON as ECMAScript writes it: [`canonical`] answers what `JSON.stringify(JSON.parse(text))` answers, byte for byte.
//!
//! Leanbe signs exactly these bytes, and its receivers compute them again with those two calls (spec 1.4). So one pass
//! over the text reads a token and writes it at once; no tree of values is built, since every tree that is at hand loses
//! something: order, lone surrogates or the digits of a number.
//!
//! **Invariant:** the answer is a fixed point: its own canonical form is itself. It is UTF-8 and holds no white space
//! outside strings.
//!
//! **Invariant:** a text is refused exactly where `JSON.parse` refuses it, and in three cases more: what is not UTF-8,
//! numbers that a double cannot hold (JavaScript would turn them into `null`, spec LB-f), and nesting beyond
//! [`NESTING_MAX`].
//!
//! What it lacks on purpose: a tree of values, options, and every other canonical form (RFC 8785 sorts all keys; this
//! one does not).

mod array_index;
mod error;
mod members;
mod number;
mod reader;
mod string;
mod writer;

pub use error::{CanonicalError, Position, Refusal};

/// Arrays and objects inside each other. The grammar has no bound and V8 reads on until its stack ends; this one is
/// close to that of most readers, serde_json among them. It bounds the stack, and the work on a text whose every object
/// has to be put in order.
pub const NESTING_MAX: usize = 128;

/// The text that `JSON.stringify(JSON.parse(text))` yields.
///
/// No white space; keys that are array indices first and ascending, all others in the order of their first appearance;
/// of equal keys the last value at the first one's place; numbers as the shortest decimal of their double; in strings
/// only what must be escaped is, and lone surrogates as `\ud83d`.
///
/// # Errors
///
/// [`Refusal`] says which kind of fault it is, [`Position`] where it is. Nothing is written then.
pub fn canonical(text: &[u8]) -> Result<Vec<u8>, CanonicalError> {
    let checked = std::str::from_utf8(text)
        .map_err(|error| CanonicalError::new(Refusal::NotUtf8, text, error.valid_up_to()))?;
    writer::write(checked).map_err(|fault| CanonicalError::new(fault.refusal, text, fault.offset))
}
