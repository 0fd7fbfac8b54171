//! A moment as people write it: as a time, or as how long ago.

use postroad_domain::{Invalid, Timestamp};

use crate::config::duration;

/// Reads `2026-11-22T08:00:00Z`, or `2h` for two hours before `now`.
pub(super) fn read(text: &str, now: Timestamp) -> Result<Timestamp, Invalid> {
    let ago = || duration(text).map(|span| now.before(span));
    Timestamp::parse(text).or_else(ago).ok_or_else(|| {
        Invalid::new("must be a time such as 2026-11-22T08:00:00Z, or how long ago, such as 30m, 2h or 7d")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_or_how_long_ago() {
        let now = Timestamp::parse("2026-11-22T08:00:00Z").unwrap();
        for (text, moment) in [
            ("2026-11-22T09:00:00+02:00", "2026-11-22T07:00:00Z"),
            ("30m", "2026-11-22T07:30:00Z"),
            ("7d", "2026-11-15T08:00:00Z"),
        ] {
            assert_eq!(read(text, now).unwrap().to_string(), moment, "{text}");
        }
        for text in ["", "yesterday", "2026-11-22", "2", "-2h"] {
            read(text, now).unwrap_err();
        }
    }
}
