//! The algorithms that a profile can sign with.

use aws_lc_rs::hmac;

/// An algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// For receivers that cannot do better.
    HmacSha1,
    /// The usual one.
    HmacSha256,
    /// The same with a longer hash.
    HmacSha512,
    /// The receiver needs a public key only.
    Ed25519,
}

impl Algorithm {
    pub(crate) fn hmac(self) -> Option<hmac::Algorithm> {
        match self {
            Self::HmacSha1 => Some(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
            Self::HmacSha256 => Some(hmac::HMAC_SHA256),
            Self::HmacSha512 => Some(hmac::HMAC_SHA512),
            Self::Ed25519 => None,
        }
    }
}
