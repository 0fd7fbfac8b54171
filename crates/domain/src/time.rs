//! Moments and the clock that tells them. Time is an argument: nothing in Postroad asks the machine for it except
//! the clock that the binary passes in.

use std::{
    fmt::{self, Write},
    future::Future,
    pin::Pin,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{invalid::Invalid, limits::Bounds};

/// A moment in UTC, in microseconds since 1970. Microseconds keep the order of what one node commits; they fit the
/// 64 bits of both stores until the year 294,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since 1970.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From milliseconds since 1970; saturates.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// Microseconds since 1970.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since 1970, rounded down.
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Whole seconds since 1970, rounded down.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The moment `span` later; saturates, so that no number from outside can overflow it.
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }

    /// The moment `span` earlier; saturates.
    pub fn before(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }

    /// How long ago `earlier` was; zero when it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Reads an RFC 3339 time with an offset, `2026-11-21T20:50:00Z`. Nothing else is a time.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|moment| Self(moment.as_microsecond()))
    }
}

/// RFC 3339 in UTC with as many digits as there are, at most six.
impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::MAX);
        fmt::Display::fmt(&moment, out)
    }
}

/// A future that ends when its moment has come.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The one source of time. The binary passes the machine's, tests pass one they turn by hand.
pub trait Clock: Send + Sync + 'static {
    /// The wall clock: what is written down. It may jump.
    fn now(&self) -> Timestamp;

    /// Time since some start that never jumps: what durations are measured with.
    fn monotonic(&self) -> Duration;

    /// Ends when `span` has passed.
    fn sleep(&self, span: Duration) -> Sleep;
}

/// Each unit of a span as people write it, with its milliseconds, longest first.
pub const DURATION_UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// A span as people write it: `10s`, `1h30m`; what is below a millisecond is cut off.
pub fn duration_text(span: Duration) -> String {
    let mut rest = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (unit, unit_millis) in DURATION_UNITS {
        // A day reads as 24h: that is how schedules are spoken of.
        let count = if unit == "d" && rest < 7 * unit_millis { 0 } else { rest / unit_millis };
        if count > 0 {
            let _ = write!(text, "{count}{unit}");
            rest -= count * unit_millis;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// Reads a span as people write it: whole numbers with units, the longest unit first and each at most once.
///
/// # Errors
///
/// It is not such a text, or not within the bounds; the sentence says what to write.
pub fn parse_duration(text: &str, bounds: Bounds<Duration>) -> Result<Duration, Invalid> {
    let span = span_of(text)
        .ok_or_else(|| Invalid::new("must be a duration such as 500ms, 10s, 5m, 24h or 1h30m".to_owned()))?;
    if span < bounds.min || span > bounds.max {
        let (min, max) = (duration_text(bounds.min), duration_text(bounds.max));
        return Err(Invalid::new(format!("must be from {min} to {max}")));
    }
    Ok(span)
}

fn span_of(text: &str) -> Option<Duration> {
    let (mut rest, mut millis, mut units) = (text, 0_u64, DURATION_UNITS.iter());
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (_, unit_millis) = units.find(|(unit, _)| *unit == &rest[..letters])?;
        millis = millis.checked_add(number.checked_mul(*unit_millis)?)?;
        rest = &rest[letters..];
    }
    (!text.is_empty()).then(|| Duration::from_millis(millis))
}

/// Reads a moment as people write it: RFC 3339 with an offset.
///
/// # Errors
///
/// It is no such text.
pub fn parse_time(text: &str) -> Result<Timestamp, Invalid> {
    Timestamp::parse(text)
        .ok_or_else(|| Invalid::new("must be an RFC 3339 time such as 2026-11-21T20:50:00Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: Bounds<Duration> =
        Bounds { min: Duration::ZERO, max: Duration::from_secs(30 * 86_400), default: Duration::ZERO };

    #[test]
    fn a_duration_is_read_and_written_in_the_same_words() {
        for (text, millis) in [
            ("0s", 0),
            ("500ms", 500),
            ("10s", 10_000),
            ("5m", 300_000),
            ("24h", 86_400_000),
            ("1h30m", 5_400_000),
            ("1m500ms", 60_500),
            ("7d", 604_800_000),
            ("7d12h", 648_000_000),
        ] {
            let span = Duration::from_millis(millis);
            assert_eq!(parse_duration(text, ANY), Ok(span), "{text}");
            assert_eq!(duration_text(span), text);
        }
    }

    #[test]
    fn what_is_not_a_duration_is_refused_with_examples() {
        for text in [
            "",
            "10",
            "s",
            "10 s",
            "-5s",
            "1.5h",
            "5m1h",
            "1s1s",
            "5S",
            "5w",
            "é",
            "1é",
            "99999999999999999999s",
            "999999999999999999d",
        ] {
            let refused = parse_duration(text, ANY).unwrap_err().to_string();
            assert!(refused.contains("such as 500ms, 10s"), "{text}: {refused}");
        }
        let bounds =
            Bounds { min: Duration::from_secs(1), max: Duration::from_secs(60), default: Duration::ZERO };
        let refused = parse_duration("2m", bounds).unwrap_err().to_string();
        assert_eq!(refused, "must be from 1s to 1m");
    }

    #[test]
    fn a_time_is_read_and_written_as_rfc_3339_in_utc() {
        let moment = Timestamp::parse("2026-11-21T21:50:00.25+01:00").unwrap();
        assert_eq!(moment.to_string(), "2026-11-21T20:50:00.25Z");
        for text in ["", "2026-11-21", "2026-11-21T20:50:00", "tomorrow", "1700000000"] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_span_is_written_as_short_as_it_is_exact() {
        for (millis, expected) in [
            (0, "0s"),
            (500, "500ms"),
            (90_000, "1m30s"),
            (86_400_000, "24h"),
            (172_800_000, "48h"),
            (604_800_000, "7d"),
            (5_400_000, "1h30m"),
        ] {
            assert_eq!(duration_text(Duration::from_millis(millis)), expected);
        }
    }

    #[test]
    fn no_span_overflows_a_moment() {
        let now = Timestamp::from_millis(1_700_000_000_000);
        assert_eq!(now.after(Duration::MAX).as_micros(), i64::MAX);
        assert_eq!(Timestamp::from_micros(i64::MIN).before(Duration::MAX).as_micros(), i64::MIN);
        assert_eq!(now.since(now.after(Duration::from_secs(1))), Duration::ZERO);
        assert_eq!(now.after(Duration::from_secs(1)).since(now), Duration::from_secs(1));
    }
}
