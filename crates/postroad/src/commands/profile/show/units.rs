//! Sizes and patterns as people write them.

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

/// A pattern as the profile has it: the anchors are not the profile's, since a text must always match as a whole.
pub(super) fn unanchored(pattern: &str) -> &str {
    let own = pattern.strip_prefix("^(?:").and_then(|text| text.strip_suffix(")$"));
    own.unwrap_or(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_as_short_as_they_are_exact() {
        for (count, expected) in
            [(0, "0 bytes"), (1_000, "1000 bytes"), (2_048, "2 KiB"), (20 * 1024 * 1024, "20 MiB")]
        {
            assert_eq!(bytes(count), expected);
        }
    }
}
