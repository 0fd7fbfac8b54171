//! API keys at rest: only their SHA-256 is kept. A key carries 256 bits of chance, so a slow hash would add nothing.

use aws_lc_rs::digest::{SHA256, digest};
use postroad_store::{SettingKey, Store, StoreError};
use rand::Rng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Secret scanners recognise the prefix.
const PREFIX: &str = "adm_";
const KEY_BYTES: usize = 32;
const ALPHABET: base64::engine::GeneralPurpose = base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// SHA-256 of a key.
pub fn hash_key(key: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, key.as_bytes()).as_ref());
    hash
}

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
                let key = generate(rng);
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

fn generate(rng: &mut impl Rng) -> Zeroizing<String> {
    use base64::Engine as _;
    let mut bytes = Zeroizing::new([0_u8; KEY_BYTES]);
    rng.fill_bytes(&mut *bytes);
    Zeroizing::new(format!("{PREFIX}{}", ALPHABET.encode(*bytes)))
}
