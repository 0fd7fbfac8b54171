//! Secrets at rest: AES-256-GCM-SIV with a key that the operator holds.
//!
//! The first key of the list encrypts, all of them decrypt, so that keys can be changed without a stop. Whose it is is
//! bound into the ciphertext: a row copied to another subscription does not open.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rand::Rng;
use thiserror::Error;
use zeroize::Zeroizing;

const FORMAT: u8 = 1;
const KEY_BYTES: usize = 32;
/// What the store's check value says once it is opened.
const CHECK_TEXT: &[u8] = b"postroad secret key check";

/// Why a secret key or a ciphertext was not usable.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SecretError {
    /// The list of keys is not one.
    #[error(
        "--secret-key must be ID:BASE64[,ID:BASE64…] with 32 bytes behind each base64; entry {entry} {problem}"
    )]
    BadKey {
        /// Position in the list, from 1.
        entry: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The ciphertext names a key that is not in the list.
    #[error("a secret was encrypted with the key {id}, which --secret-key does not list")]
    UnknownKey {
        /// The missing key's name.
        id: String,
    },
    /// The ciphertext does not open: a wrong key under a right name, or damage.
    #[error("a secret does not open with its key: wrong --secret-key, or a damaged store")]
    DoesNotOpen,
}

/// The operator's keys.
pub struct SecretBox {
    keys: Vec<(String, LessSafeKey)>,
}

impl SecretBox {
    /// Reads `ID:BASE64[,ID:BASE64…]`.
    pub fn parse(list: &str) -> Result<Self, SecretError> {
        let keys = list.split(',').zip(1..).map(|(text, entry)| parse_key(text.trim(), entry));
        Ok(Self { keys: keys.collect::<Result<_, _>>()? })
    }

    /// A fresh key as `--secret-key` takes it.
    pub fn generate(rng: &mut impl Rng) -> Zeroizing<String> {
        let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
        rng.fill_bytes(&mut *key);
        Zeroizing::new(format!("k1:{}", STANDARD.encode(*key)))
    }

    /// Encrypts with the first key.
    pub fn seal(&self, plain: &[u8], bound_to: &[u8], rng: &mut impl Rng) -> Vec<u8> {
        let (id, key) = &self.keys[0];
        let mut nonce = [0_u8; NONCE_LEN];
        rng.fill_bytes(&mut nonce);
        let mut text = plain.to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound_to), &mut text)
            .expect("a secret is shorter than the cipher's limit of 64 GiB");
        let mut sealed = vec![FORMAT, id.len() as u8];
        sealed.extend_from_slice(id.as_bytes());
        sealed.extend_from_slice(&nonce);
        sealed.append(&mut text);
        sealed
    }

    /// Decrypts with the key that the ciphertext names.
    pub fn open(&self, sealed: &[u8], bound_to: &[u8]) -> Result<Zeroizing<Vec<u8>>, SecretError> {
        let (id, nonce, text) = split(sealed).ok_or(SecretError::DoesNotOpen)?;
        let known = self.keys.iter().find(|(name, _)| name.as_bytes() == id);
        let (_, key) =
            known.ok_or_else(|| SecretError::UnknownKey { id: String::from_utf8_lossy(id).into_owned() })?;
        let mut text = Zeroizing::new(text.to_vec());
        let length = key
            .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(bound_to), &mut text)
            .map_err(|_| SecretError::DoesNotOpen)?
            .len();
        text.truncate(length);
        Ok(text)
    }

    /// As [`seal`](Self::seal), as text.
    pub fn seal_text(&self, plain: &[u8], bound_to: &[u8], rng: &mut impl Rng) -> String {
        STANDARD.encode(self.seal(plain, bound_to, rng))
    }

    /// As [`open`](Self::open), what [`seal_text`](Self::seal_text) has made.
    pub fn open_text(&self, sealed: &str, bound_to: &[u8]) -> Result<Zeroizing<Vec<u8>>, SecretError> {
        let sealed = STANDARD.decode(sealed).map_err(|_| SecretError::DoesNotOpen)?;
        self.open(&sealed, bound_to)
    }

    /// The value the store keeps, with which a later start proves that it has the right key.
    pub fn check_value(&self, rng: &mut impl Rng) -> Vec<u8> {
        self.seal(CHECK_TEXT, b"check", rng)
    }

    /// Refuses to go on with a wrong or missing key: nothing is ever sent unsigned.
    pub fn verify(&self, check_value: &[u8]) -> Result<(), SecretError> {
        let text = self.open(check_value, b"check")?;
        if text.as_slice() == CHECK_TEXT { Ok(()) } else { Err(SecretError::DoesNotOpen) }
    }
}

fn parse_key(text: &str, entry: usize) -> Result<(String, LessSafeKey), SecretError> {
    let bad = |problem| SecretError::BadKey { entry, problem };
    let (id, encoded) = text.split_once(':').ok_or(bad("has no ':' between id and key"))?;
    let id_fits = (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    if !id_fits {
        return Err(bad("has an id that is empty, longer than 64 characters, or not plain ASCII"));
    }
    let bytes = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| bad("is not base64"))?);
    let key = UnboundKey::new(&AES_256_GCM_SIV, &bytes).map_err(|_| bad("is not 32 bytes long"))?;
    Ok((id.to_owned(), LessSafeKey::new(key)))
}

/// Format byte, length of the key's id, the id, the nonce, the ciphertext with its tag.
fn split(sealed: &[u8]) -> Option<(&[u8], [u8; NONCE_LEN], &[u8])> {
    let (&[format, id_length], rest) = sealed.split_first_chunk::<2>()?;
    let (id, rest) = rest.split_at_checked(usize::from(id_length))?;
    let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>()?;
    (format == FORMAT).then_some((id, *nonce, text))
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    fn key(id: &str, seed: u64) -> String {
        SecretBox::generate(&mut StdRng::seed_from_u64(seed)).replace("k1", id)
    }

    #[test]
    fn the_first_key_seals_and_every_key_opens() {
        let mut rng = StdRng::seed_from_u64(3);
        let old = SecretBox::parse(&key("old", 1)).unwrap();
        let sealed = old.seal(b"whsec_x", b"sub", &mut rng);
        let both = SecretBox::parse(&format!("{},{}", key("new", 2), key("old", 1))).unwrap();
        assert_eq!(both.open(&sealed, b"sub").unwrap().as_slice(), b"whsec_x");
        let renewed = both.seal(b"whsec_x", b"sub", &mut rng);
        assert_eq!(old.open(&renewed, b"sub"), Err(SecretError::UnknownKey { id: "new".to_owned() }));
    }

    #[test]
    fn a_ciphertext_opens_only_for_the_subscription_it_was_made_for_and_with_its_own_key() {
        let mut rng = StdRng::seed_from_u64(4);
        let right = SecretBox::parse(&key("k1", 1)).unwrap();
        let wrong = SecretBox::parse(&key("k1", 2)).unwrap();
        let sealed = right.seal(b"whsec_x", b"sub_a", &mut rng);
        assert_eq!(right.open(&sealed, b"sub_b"), Err(SecretError::DoesNotOpen));
        assert_eq!(wrong.open(&sealed, b"sub_a"), Err(SecretError::DoesNotOpen));
        for length in 0..sealed.len() {
            right.open(&sealed[..length], b"sub_a").unwrap_err();
        }
        let check = right.check_value(&mut rng);
        right.verify(&check).unwrap();
        assert_eq!(wrong.verify(&check), Err(SecretError::DoesNotOpen));
    }

    #[test]
    fn a_key_that_cannot_be_used_is_refused_by_its_place_in_the_list() {
        let good = key("k1", 1);
        for (list, hint) in [
            (String::new(), "entry 1 has no ':'"),
            ("k1:####".to_owned(), "entry 1 is not base64"),
            ("k1:AAAA".to_owned(), "entry 1 is not 32 bytes"),
            (format!("{good},:AAAA"), "entry 2 has an id that is empty"),
        ] {
            let refused = SecretBox::parse(&list).err().unwrap().to_string();
            assert!(refused.contains(hint), "{list}: {refused}");
        }
    }
}
