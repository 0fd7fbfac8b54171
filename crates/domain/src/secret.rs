//! A subscription's secret as it rests in the store: encrypted, with the time until which it signs.

use crate::time::Timestamp;

/// One encrypted secret. The newest is the current one; older ones sign until they expire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSecret {
    /// Ciphertext that names its key; only the engine can open it.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it signs beside a newer one; `None` for the current one.
    pub expires_at: Option<Timestamp>,
}

impl SealedSecret {
    /// Whether it still signs.
    pub fn signs_at(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}
