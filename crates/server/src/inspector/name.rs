//! The name of a bin, and how it is read from a path.

use std::fmt;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use postroad_domain::limits::INSPECTOR_BIN_CHARS;
use rand::{Rng, RngExt};

use crate::problem::{Code, Problem};

/// Letters that nobody confuses when they are read aloud; 24 of them hold 120 bits.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// The name of a bin: `[A-Za-z0-9_-]{8,64}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct BinName(String);

impl BinName {
    /// A name that cannot be guessed.
    pub(super) fn unguessable(rng: &mut impl Rng) -> Self {
        let letter = |_| char::from(LETTERS[rng.random_range(0..LETTERS.len())]);
        Self((0..INSPECTOR_BIN_CHARS.default).map(letter).collect())
    }

    /// Checks a name.
    fn parse(text: &str, chars_min: usize) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let fits = (chars_min..=INSPECTOR_BIN_CHARS.max).contains(&text.len());
        (fits && text.bytes().all(allowed)).then(|| Self(text.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The `{bin}` of a path, which has at least so many characters.
    pub(super) async fn of_path(parts: &mut Parts, chars_min: usize) -> Result<Self, Problem> {
        let parameters = RawPathParams::from_request_parts(parts, &()).await.ok();
        let parameters = parameters.iter().flatten();
        let text = parameters.filter(|(name, _)| *name == "bin").map(|(_, value)| value).next();
        text.and_then(|text| Self::parse(text, chars_min)).ok_or_else(|| {
            let max = INSPECTOR_BIN_CHARS.max;
            let sentence = format!("A bin's name has {chars_min} to {max} letters, digits, `_` or `-`.");
            Problem::new(Code::NotFound, sentence)
        })
    }
}

impl fmt::Display for BinName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn a_name_has_8_to_64_letters_digits_and_two_signs() {
        for (text, fits) in [
            ("abcdefgh", true),
            ("Az09_-Az", true),
            (&"a".repeat(64), true),
            ("abcdefg", false),
            (&"a".repeat(65), false),
            ("abcdefg.", false),
            ("abcdefgé", false),
            ("", false),
        ] {
            assert_eq!(BinName::parse(text, INSPECTOR_BIN_CHARS.min).is_some(), fits, "{text}");
        }
    }

    #[test]
    fn no_two_new_names_are_the_same_and_all_are_names() {
        let mut rng = StdRng::seed_from_u64(1);
        let (one, other) = (BinName::unguessable(&mut rng), BinName::unguessable(&mut rng));
        assert_ne!(one, other);
        assert_eq!(BinName::parse(one.as_str(), INSPECTOR_BIN_CHARS.min), Some(one));
    }
}
