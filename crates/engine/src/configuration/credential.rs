//! The form of every credential that Postroad makes: a prefix that secret scanners recognise, 43 random characters (256
//! bits), and 6 that check the others, so that a scanner knows a credential from a look-alike without asking us.
//!
//! ```text
//! postroad_key_  3vQB7B6MrGQZaxCuFg4oh1EHRNAqVLcTQpLfWZ4rkYJ  0Qk3fA
//! prefix         random, base 62                              checksum: the first 32 bits of SHA-256 over all before it
//! ```
//!
//! At rest there is only a SHA-256: whoever could try 2^256 keys needs no database, so a slow hash would add nothing but a
//! way to keep the server busy.

use aws_lc_rs::digest::{SHA256, digest};
use rand::{Rng, RngExt};
use zeroize::Zeroizing;

/// What a credential is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The key that may do everything.
    Admin,
    /// A key of a tenant.
    Key,
    /// The half of a pair that names it.
    AccessKey,
    /// The half of a pair that proves it.
    SecretKey,
}

const RANDOM_CHARS: usize = 43;
const CHECKSUM_CHARS: usize = 6;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

impl Purpose {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Admin => "postroad_admin_",
            Self::Key => "postroad_key_",
            Self::AccessKey => "postroad_access_",
            Self::SecretKey => "postroad_secret_",
        }
    }
}

/// A fresh credential.
pub(crate) fn generate(purpose: Purpose, rng: &mut impl Rng) -> Zeroizing<String> {
    let prefix = purpose.prefix();
    let mut text = String::with_capacity(prefix.len() + RANDOM_CHARS + CHECKSUM_CHARS);
    text.push_str(prefix);
    for _ in 0..RANDOM_CHARS {
        text.push(char::from(ALPHABET[rng.random_range(0..ALPHABET.len())]));
    }
    let checksum = checksum(&text);
    text.extend(checksum.map(char::from));
    Zeroizing::new(text)
}

/// Whether a text has the form of such a credential and its checksum is right: others need no look into the store.
pub(crate) fn is_whole(purpose: Purpose, text: &str) -> bool {
    let Some(rest) = text.strip_prefix(purpose.prefix()) else { return false };
    if rest.len() != RANDOM_CHARS + CHECKSUM_CHARS || !rest.is_ascii() {
        return false;
    }
    let (before, given) = text.split_at(text.len() - CHECKSUM_CHARS);
    given.as_bytes() == checksum(before)
}

/// SHA-256 of a credential: all that is kept of it.
pub fn hash_key(key: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, key.as_bytes()).as_ref());
    hash
}

/// In base 62, the highest digit first.
fn checksum(text: &str) -> [u8; CHECKSUM_CHARS] {
    let [first, second, third, fourth, ..] = hash_key(text);
    let mut rest = u32::from_be_bytes([first, second, third, fourth]) as usize;
    let mut digits = [0; CHECKSUM_CHARS];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[rest % ALPHABET.len()];
        rest /= ALPHABET.len();
    }
    digits
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn a_credential_has_the_form_that_the_documentation_tells_scanners() {
        let mut rng = StdRng::seed_from_u64(3);
        for purpose in [Purpose::Admin, Purpose::Key, Purpose::AccessKey, Purpose::SecretKey] {
            let text = generate(purpose, &mut rng);
            let rest = text.strip_prefix(purpose.prefix()).unwrap();
            assert!(rest.len() == 49 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{rest}");
            assert!(is_whole(purpose, &text));
        }
    }

    #[test]
    fn a_credential_with_one_wrong_letter_or_of_another_purpose_is_not_whole() {
        let text = generate(Purpose::Key, &mut StdRng::seed_from_u64(4)).to_string();
        let prefix = Purpose::Key.prefix().len();
        for place in prefix..text.len() {
            let mut wrong = text.clone().into_bytes();
            wrong[place] = if wrong[place] == b'a' { b'b' } else { b'a' };
            assert!(!is_whole(Purpose::Key, &String::from_utf8(wrong).unwrap()), "{place}");
        }
        assert!(!is_whole(Purpose::AccessKey, &text) && !is_whole(Purpose::Key, &text[..text.len() - 1]));
        assert!(!is_whole(Purpose::Key, "postroad_key_") && !is_whole(Purpose::Key, ""));
    }

    #[test]
    fn the_example_of_the_documentation_checks() {
        let page = include_str!("../../../../docs/operations.md");
        let example = page.split('`').find(|text| is_whole(Purpose::Key, text));
        assert!(example.is_some(), "docs/operations.md shows no key whose checksum is right");
    }
}
