//! The key of the collectors of figures.

use postroad_engine::hash_key;
use subtle::ConstantTimeEq;

/// A key that opens the figures and nothing else; only its hash is kept.
#[derive(Clone)]
pub struct MetricsKey([u8; 32]);

impl MetricsKey {
    /// From its text.
    pub fn new(text: &str) -> Self {
        Self(hash_key(text))
    }

    /// Takes the same time for every wrong key.
    pub(super) fn matches(&self, key: &str) -> bool {
        hash_key(key).ct_eq(&self.0).into()
    }
}
