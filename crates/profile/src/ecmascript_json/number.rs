//! Numbers: the nearest double, printed as ECMAScript's Number-to-String prints it.

use super::{
    error::{Fault, Refusal},
    reader::Reader,
};

/// Integers of at most this many characters are their own canonical form: a double holds fifteen digits exactly and
/// prints them plainly. So most numbers are copied.
const PLAIN_INTEGER_CHARS_MAX: usize = 15;

/// Reads a number, which begins with `-` or a digit, and writes its canonical form.
pub(super) fn copy(reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let start = reader.offset();
    let is_integer = skip(reader)?;
    let text = reader.since(start);
    if is_integer && text.len() <= PLAIN_INTEGER_CHARS_MAX && text != "-0" {
        out.extend_from_slice(text.as_bytes());
        return Ok(());
    }
    // The grammar of JSON is a part of the grammar that `parse` reads, and `parse` rounds correctly for any number of
    // digits. What it cannot hold becomes infinite there and would become `null` in JavaScript.
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => {
            out.extend_from_slice(ryu_js::Buffer::new().format_finite(value).as_bytes());
            Ok(())
        }
        _ => Err(Fault { refusal: Refusal::NumberOutOfRange, offset: start }),
    }
}

/// Steps over a number and says whether it has neither fraction nor exponent.
fn skip(reader: &mut Reader<'_>) -> Result<bool, Fault> {
    reader.take(b'-');
    // After a leading zero the number is over: the caller refuses `01`, as it refuses `1 1`.
    if !reader.take(b'0') {
        skip_digits(reader)?;
    }
    let mut is_integer = true;
    if reader.take(b'.') {
        is_integer = false;
        skip_digits(reader)?;
    }
    if reader.take(b'e') || reader.take(b'E') {
        is_integer = false;
        let _signed = reader.take(b'+') || reader.take(b'-');
        skip_digits(reader)?;
    }
    Ok(is_integer)
}

fn skip_digits(reader: &mut Reader<'_>) -> Result<(), Fault> {
    if reader.take_while(|byte| byte.is_ascii_digit()).is_empty() {
        return Err(reader.expected("a digit"));
    }
    Ok(())
}
