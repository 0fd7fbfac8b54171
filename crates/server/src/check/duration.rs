//! Spans of time as people write them: `10s`, `1h30m`, `500ms`.

use std::time::Duration;

pub(crate) use postroad_domain::time::duration_text;
use postroad_domain::{Invalid, limits::Bounds, time::DURATION_UNITS};

/// Reads whole numbers with units, the longest unit first and each at most once, within bounds.
pub(crate) fn parse_duration(text: &str, bounds: Bounds<Duration>) -> Result<Duration, Invalid> {
    let span = parts(text)
        .ok_or_else(|| Invalid::new("must be a duration such as 500ms, 10s, 5m, 24h or 1h30m".to_owned()))?;
    if span < bounds.min || span > bounds.max {
        let (min, max) = (duration_text(bounds.min), duration_text(bounds.max));
        return Err(Invalid::new(format!("must be from {min} to {max}")));
    }
    Ok(span)
}

fn parts(text: &str) -> Option<Duration> {
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
}
