//! Which keys ECMAScript takes for indices of an array; objects list those first and ascending.

/// The largest index: an array has at most 2^32 - 1 elements.
const INDEX_MAX: u64 = 4_294_967_294;
/// Digits of [`INDEX_MAX`].
const INDEX_DIGITS_MAX: usize = 10;

/// Whether a key is a canonical decimal integer from 0 to [`INDEX_MAX`]: no sign, no leading zero.
///
/// Among such keys, shorter ones are smaller and equally long ones compare as their bytes do.
#[inline]
pub(super) fn is_array_index(key: &[u8]) -> bool {
    match key {
        b"0" => true,
        [b'1'..=b'9', ..] if key.len() <= INDEX_DIGITS_MAX => {
            value(key).is_some_and(|value| value <= INDEX_MAX)
        }
        _ => false,
    }
}

/// The number that at most ten digits write; `None` if one of them is none.
fn value(digits: &[u8]) -> Option<u64> {
    digits
        .iter()
        .try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_integers_below_the_length_of_the_longest_array_are_indices() {
        for key in ["0", "1", "9", "10", "1234567890", "4294967294"] {
            assert!(is_array_index(key.as_bytes()), "{key}");
        }
        for key in
            ["", "00", "01", "-1", "-0", "+1", "1.5", "1e3", "a", "1a", " 1", "4294967295", "10000000000"]
        {
            assert!(!is_array_index(key.as_bytes()), "{key}");
        }
    }
}
