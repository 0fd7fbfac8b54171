//! The secrets of a profile: how they are made, read and shown, and the keys that they become.

use aws_lc_rs::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use data_encoding::HEXLOWER;
use postroad_domain::Invalid;
use rand::Rng;
use zeroize::Zeroizing;

use crate::algorithm::Algorithm;

/// Whether a subscription has a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretUse {
    /// Always: one is made where none is given.
    Generated,
    /// Only where one is given; without one nothing is signed.
    Optional,
    /// Never.
    None,
}

/// When a caller may give a secret of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretSupply {
    /// Not at all.
    Never,
    /// When the secret is rotated, not when the subscription is created.
    AtRotation,
    /// At any time.
    Always,
}

/// What holds for all secrets of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretRules {
    /// Whether there is one.
    pub presence: SecretUse,
    /// When a caller may give one.
    pub supplied: SecretSupply,
    /// Whether an old secret may go on signing beside its successor.
    pub rotation_grace: bool,
}

/// How the text of a secret becomes the bytes of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyForm {
    /// Text in front that is no part of the key: `whsec_`.
    pub prefix: String,
    /// The encoding behind the prefix; `None` where the text itself, prefix included, is the key.
    pub encoding: Option<Encoding>,
    /// The fewest bytes of the key.
    pub min: usize,
    /// The most bytes of the key.
    pub max: usize,
    /// Random bytes of a generated secret.
    pub generate_bytes: usize,
    /// How a generated secret is written behind the prefix.
    pub generate_encoding: Encoding,
    /// Text in front of a public key: `whpk_`.
    pub public_prefix: String,
}

/// How bytes are written as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Lower-case hexadecimal.
    Hex,
    /// Base 64 with padding.
    Base64,
    /// Base 64 of the URL alphabet, without padding.
    Base64Url,
}

/// One secret, ready to sign, with the scheme that it belongs to.
pub struct SecretKey {
    /// The scheme's place in the profile.
    pub(crate) scheme: usize,
    pub(crate) key: Key,
}

/// A key of an algorithm.
pub(crate) enum Key {
    Hmac(Box<hmac::Key>),
    Ed25519(Box<Ed25519KeyPair>),
}

impl SecretUse {
    /// The word of the language; `none` where the profile has no `[secret]`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Generated => "generated",
            Self::Optional => "optional",
            Self::None => "none",
        }
    }
}

impl SecretSupply {
    /// The word of the language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::AtRotation => "at_rotation",
            Self::Always => "always",
        }
    }
}

impl Encoding {
    /// Writes bytes.
    pub fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Hex => HEXLOWER.encode(bytes),
            Self::Base64 => STANDARD.encode(bytes),
            Self::Base64Url => URL_SAFE_NO_PAD.encode(bytes),
        }
    }

    fn decode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Hex => HEXLOWER.decode(text.as_bytes()).ok(),
            Self::Base64 => STANDARD.decode(text).ok(),
            Self::Base64Url => URL_SAFE_NO_PAD.decode(text).ok(),
        }
    }
}

impl KeyForm {
    /// A fresh secret as it is shown.
    pub fn generate(&self, rng: &mut impl Rng) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(vec![0_u8; self.generate_bytes]);
        rng.fill_bytes(&mut bytes);
        self.write(&bytes)
    }

    /// The secret of the given random bytes as it is shown.
    pub(crate) fn write(&self, bytes: &[u8]) -> Zeroizing<String> {
        Zeroizing::new(format!("{}{}", self.prefix, self.generate_encoding.encode(bytes)))
    }

    /// The key of a secret as it is shown.
    ///
    /// # Errors
    ///
    /// The form that is wanted.
    pub(crate) fn parse(&self, secret: &str, algorithm: Algorithm) -> Result<Key, Invalid> {
        let bytes = self.bytes_of(secret).ok_or_else(|| Invalid::new(self.wanted()))?;
        let Some(hmac_algorithm) = algorithm.hmac() else { return self.parse_ed25519(&bytes) };
        Ok(Key::Hmac(Box::new(hmac::Key::new(hmac_algorithm, &bytes))))
    }

    /// The 32 bytes of a private key, or 64 with the public key behind it.
    fn parse_ed25519(&self, bytes: &[u8]) -> Result<Key, Invalid> {
        let seed = bytes.get(..32).ok_or_else(|| Invalid::new(self.wanted()))?;
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| Invalid::new(self.wanted()))?;
        match &bytes[32..] {
            [] => Ok(Key::Ed25519(Box::new(pair))),
            public if public == pair.public_key().as_ref() => Ok(Key::Ed25519(Box::new(pair))),
            _ => Err(Invalid::new("holds a public key that does not belong to its private key")),
        }
    }

    /// The public key that belongs to the secret, as receivers take it; `None` where there is none.
    pub(crate) fn public_key(&self, key: &Key) -> Option<String> {
        match key {
            Key::Hmac(_) => None,
            Key::Ed25519(pair) => {
                let public = self.generate_encoding.encode(pair.public_key().as_ref());
                Some(format!("{}{public}", self.public_prefix))
            }
        }
    }

    fn bytes_of(&self, secret: &str) -> Option<Zeroizing<Vec<u8>>> {
        let behind = secret.strip_prefix(&self.prefix)?;
        let bytes = match self.encoding {
            None => secret.as_bytes().to_vec(),
            Some(encoding) => encoding.decode(behind)?,
        };
        Some(Zeroizing::new(bytes)).filter(|bytes| (self.min..=self.max).contains(&bytes.len()))
    }

    fn wanted(&self) -> String {
        let Self { prefix, min, max, .. } = self;
        let prefix = if prefix.is_empty() { String::new() } else { format!("begin with {prefix} and ") };
        match self.encoding {
            None => format!("must {prefix}have {min} to {max} bytes"),
            Some(Encoding::Hex) => {
                format!("must {prefix}hold {min} to {max} bytes in lower-case hexadecimal")
            }
            Some(Encoding::Base64) => format!("must {prefix}hold {min} to {max} random bytes in base 64"),
            Some(Encoding::Base64Url) => {
                format!("must {prefix}hold {min} to {max} random bytes in base 64 for URLs")
            }
        }
    }
}

impl Key {
    /// The signature's bytes in their encoding.
    pub(crate) fn sign(&self, message: &[u8], encoding: Encoding) -> String {
        match self {
            Self::Hmac(key) => encoding.encode(hmac::sign(key, message).as_ref()),
            Self::Ed25519(pair) => encoding.encode(pair.sign(message).as_ref()),
        }
    }
}
