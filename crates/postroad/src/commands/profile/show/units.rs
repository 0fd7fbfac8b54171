//! Spans of time and sizes as people write them.

use std::time::Duration;

/// Each unit with its milliseconds, longest first.
const UNITS: [(&str, u128); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// `1h30m`; what is below a millisecond is cut off. A day reads as 24h: that is how schedules are spoken of.
pub(super) fn duration(span: Duration) -> String {
    let mut rest = span.as_millis();
    let mut text = String::new();
    for (unit, unit_millis) in UNITS {
        let count = if unit == "d" && rest < 2 * unit_millis { 0 } else { rest / unit_millis };
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
            rest -= count * unit_millis;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// `1 MiB`, or the number of bytes where it is no whole number of a larger unit.
pub(super) fn bytes(count: u64) -> String {
    const KIB: u64 = 1024;
    const MIB: u64 = 1024 * KIB;
    match count {
        0 => "0 bytes".to_owned(),
        _ if count.is_multiple_of(MIB) => format!("{} MiB", count / MIB),
        _ if count.is_multiple_of(KIB) => format!("{} KiB", count / KIB),
        _ => format!("{count} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_written_as_short_as_they_are_exact() {
        for (millis, expected) in [
            (0, "0s"),
            (500, "500ms"),
            (90_000, "1m30s"),
            (86_400_000, "24h"),
            (172_800_000, "2d"),
            (5_400_000, "1h30m"),
        ] {
            assert_eq!(duration(Duration::from_millis(millis)), expected);
        }
        for (count, expected) in
            [(0, "0 bytes"), (1_000, "1000 bytes"), (2_048, "2 KiB"), (20 * 1024 * 1024, "20 MiB")]
        {
            assert_eq!(bytes(count), expected);
        }
    }
}
