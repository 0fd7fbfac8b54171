//! The mark that every benchmark event carries in its data: its number and when it was sent. It has a fixed width, so it
//! is written and read by position.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The member of the data that holds the mark, with all that stands before its digits.
pub(super) const LABEL: &str = r#""bench":""#;
const NUMBER_DIGITS: usize = 12;
const TIME_DIGITS: usize = 16;
/// Bytes of a mark: number, colon, time.
pub(super) const MARK_BYTES: usize = NUMBER_DIGITS + 1 + TIME_DIGITS;

/// A number and a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Counts the events of a run from 0.
    pub(super) number: u64,
    /// Microseconds since 1970.
    pub(super) sent_micros: u64,
}

impl Mark {
    /// Writes the mark over the first bytes of `place`, which has at least [`MARK_BYTES`].
    pub(super) fn write(self, place: &mut [u8]) {
        write_digits(&mut place[..NUMBER_DIGITS], self.number);
        place[NUMBER_DIGITS] = b':';
        write_digits(&mut place[NUMBER_DIGITS + 1..MARK_BYTES], self.sent_micros);
    }

    /// Reads the mark at the beginning of `bytes`; `None` when there is none.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let number = read_digits(bytes.get(..NUMBER_DIGITS)?)?;
        let colon = *bytes.get(NUMBER_DIGITS)?;
        let sent_micros = read_digits(bytes.get(NUMBER_DIGITS + 1..MARK_BYTES)?)?;
        (colon == b':').then_some(Self { number, sent_micros })
    }
}

/// Writes `value` right-aligned over the whole of `place`, with leading zeros.
pub(super) fn write_digits(place: &mut [u8], mut value: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

fn read_digits(bytes: &[u8]) -> Option<u64> {
    bytes.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + u64::from(byte - b'0')))
}

/// Microseconds since 1970. Both ends of a benchmark run on one machine, so they read the same clock.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
pub(super) fn now_micros() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    since_1970.as_micros() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nothing_else_is() {
        let mark = Mark { number: 42, sent_micros: 1_795_219_200_000_001 };
        let mut place = vec![b'x'; MARK_BYTES];
        mark.write(&mut place);
        assert_eq!(place, b"000000000042:1795219200000001");
        assert_eq!(Mark::read(&place), Some(mark));
        for wrong in [&b"000000000042:179521920000000"[..], b"000000000042 1795219200000001", b""] {
            assert_eq!(Mark::read(wrong), None);
        }
    }
}
