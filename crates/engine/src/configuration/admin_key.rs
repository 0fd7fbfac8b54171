//! The admin key: at rest only its SHA-256 is kept, as of every credential.

use postroad_store::{SettingKey, Store, StoreError};
use rand::Rng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::configuration::credential::{Purpose, generate, hash_key};

/// The key that may do everything, hashed.
#[derive(Clone)]
pub struct AdminKey {
    hash: [u8; 32],
}

impl AdminKey {
    /// The key of this installation: the given one, from now on; or the one that is kept; or a fresh one, which is
    /// answered in plain this once.
    pub async fn establish(
        store: &dyn Store,
        given: Option<&str>,
        rng: &mut (impl Rng + Send),
    ) -> Result<(Self, Option<Zeroizing<String>>), StoreError> {
        let kept = store.setting(SettingKey::AdminKeyHash).await?;
        let kept = kept.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let (hash, fresh) = match (given, kept) {
            (Some(key), _) => (hash_key(key), None),
            (None, Some(hash)) => return Ok((Self { hash }, None)),
            (None, None) => {
                let key = generate(Purpose::Admin, rng);
                (hash_key(&key), Some(key))
            }
        };
        if kept != Some(hash) {
            store.put_setting(SettingKey::AdminKeyHash, hash.to_vec()).await?;
        }
        Ok((Self { hash }, fresh))
    }

    /// Whether a caller's key is this one; takes the same time for every wrong key.
    pub fn matches(&self, key: &str) -> bool {
        hash_key(key).ct_eq(&self.hash).into()
    }
}
