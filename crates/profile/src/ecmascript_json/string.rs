//! Strings: sequences of UTF-16 units in ECMAScript, so also ones that no UTF-8 text can hold.
//!
//! The text itself is UTF-8, hence every surrogate comes from an escape `\ud83d`. Two that pair become one character;
//! one that stands alone stays an escape (well-formed `JSON.stringify`, ES2019) and is never replaced.

use super::{error::Fault, reader::Reader};

/// Reads a string, which begins with a double quote, and writes its canonical form.
pub(super) fn copy(reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    reader.advance(1);
    out.push(b'"');
    loop {
        out.extend_from_slice(reader.take_while(|byte| IS_PLAIN[usize::from(byte)]));
        match reader.peek() {
            Some(b'"') => break,
            Some(b'\\') => copy_escape(reader, out)?,
            Some(_) => return Err(reader.expected("an escape such as \\n for this control character")),
            None => return Err(reader.expected("a closing double quote")),
        }
    }
    reader.advance(1);
    out.push(b'"');
    Ok(())
}

/// Whether a byte stands for itself inside a string, here as well as there.
const IS_PLAIN: [bool; 256] = {
    let mut plain = [true; 256];
    let mut control = 0;
    while control < 0x20 {
        plain[control] = false;
        control += 1;
    }
    plain[b'"' as usize] = false;
    plain[b'\\' as usize] = false;
    plain
};

/// Reads an escape, which begins with a backslash.
fn copy_escape(reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    reader.advance(1);
    match reader.peek() {
        Some(letter @ (b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't')) => {
            out.extend_from_slice(&[b'\\', letter]);
            reader.advance(1);
        }
        Some(b'/') => {
            out.push(b'/');
            reader.advance(1);
        }
        Some(b'u') => {
            let unit = leading_unit(&reader.rest()[1..])
                .ok_or_else(|| reader.expected("`u` with four hexadecimal digits"))?;
            reader.advance(ESCAPE_CHARS - 1);
            push_unit(unit, reader, out);
        }
        _ => return Err(reader.expected("one of \" \\ / b f n r t u after the backslash")),
    }
    Ok(())
}

/// Characters of an escape `\u0041`.
const ESCAPE_CHARS: usize = 6;

/// Writes a UTF-16 unit that was escaped, together with the low surrogate behind it if the two pair.
fn push_unit(unit: u16, reader: &mut Reader<'_>, out: &mut Vec<u8>) {
    match unit {
        HIGH_FIRST..LOW_FIRST => match low_surrogate_ahead(reader) {
            Some(low) => {
                reader.advance(ESCAPE_CHARS);
                push_pair(unit, low, out);
            }
            None => push_escape(unit, out),
        },
        LOW_FIRST..=LOW_LAST => push_escape(unit, out),
        0x08 => out.extend_from_slice(b"\\b"),
        0x09 => out.extend_from_slice(b"\\t"),
        0x0a => out.extend_from_slice(b"\\n"),
        0x0c => out.extend_from_slice(b"\\f"),
        0x0d => out.extend_from_slice(b"\\r"),
        0x00..0x20 => push_escape(unit, out),
        0x22 => out.extend_from_slice(b"\\\""),
        0x5c => out.extend_from_slice(b"\\\\"),
        _ => push_code_point(u32::from(unit), out),
    }
}

/// The first high surrogate; they reach to the first low one.
const HIGH_FIRST: u16 = 0xd800;
/// The first low surrogate.
const LOW_FIRST: u16 = 0xdc00;
/// The last low surrogate.
const LOW_LAST: u16 = 0xdfff;

/// The escaped low surrogate that follows at once, if one does. It stays where it is.
fn low_surrogate_ahead(reader: &Reader<'_>) -> Option<u16> {
    let unit = leading_unit(reader.rest().strip_prefix(b"\\u")?)?;
    (LOW_FIRST..=LOW_LAST).contains(&unit).then_some(unit)
}

/// The value of the first four bytes if they are hexadecimal digits.
fn leading_unit(rest: &[u8]) -> Option<u16> {
    let digits = rest.first_chunk::<4>()?;
    digits.iter().try_fold(0, |unit, digit| {
        let value = char::from(*digit).to_digit(16)?;
        Some(unit << 4 | value as u16)
    })
}

fn push_pair(high: u16, low: u16, out: &mut Vec<u8>) {
    let code_point = 0x1_0000 + (u32::from(high - HIGH_FIRST) << 10 | u32::from(low - LOW_FIRST));
    push_code_point(code_point, out);
}

fn push_code_point(code_point: u32, out: &mut Vec<u8>) {
    let character = char::from_u32(code_point).expect("surrogates were sorted out before");
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Writes a unit as an escape with lower-case digits.
fn push_escape(unit: u16, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |shift: u32| DIGITS[usize::from(unit >> shift & 0xf)];
    out.extend_from_slice(&[b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]);
}
