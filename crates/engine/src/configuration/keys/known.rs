//! Recognising keys: each that was brought lately is in memory, so that a call costs a hash and no read.
//!
//! **Invariants:**
//! * a key that was revoked on this node, or whose tenant was deleted here, is refused from that answer on;
//! * nothing is written while a caller waits: when a key was used is noted in memory and written now and then.
//!
//! Lacking on purpose: word from other nodes. There is one on an embedded store; several on one store will have to tell each
//! other what was revoked.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use postroad_domain::{
    Actor, CredentialKind, KeyId, Scope, TenantId, TenantNo, Timestamp, limits::KEYS_CACHED_MAX,
};
use postroad_store::{KeyUsed, Store, StoreError, StoredKey};
use quick_cache::sync::Cache;
use subtle::ConstantTimeEq;
use thiserror::Error;

use super::pace::KeyPace;
use crate::{
    Engine,
    configuration::credential::{Purpose, hash_key, is_whole},
};

/// How exact the moment of the last use is, and how often it is written.
const NOTE_PAUSE: Duration = Duration::from_secs(60);

/// A key that is valid now.
#[derive(Debug)]
pub struct KnownKey {
    stored: StoredKey,
    pace: KeyPace,
    /// The last use that was noted, in microseconds since 1970.
    noted: AtomicI64,
}

impl KnownKey {
    /// Who acts with it.
    pub fn actor(&self) -> Actor {
        Actor::Key(self.stored.key.id)
    }

    /// The tenant that it is a key of.
    pub fn tenant(&self) -> &TenantId {
        &self.stored.tenant
    }

    /// Whether it allows this.
    pub fn may(&self, scope: Scope) -> bool {
        self.stored.key.spec.scopes.contains(&scope)
    }
}

/// Why a key is refused.
#[derive(Clone, Debug, Error)]
pub enum KeyRefusal {
    /// No such key was ever made, or its tenant is gone.
    #[error("there is no such key")]
    Unknown,
    /// It was revoked.
    #[error("the key was revoked")]
    Revoked,
    /// Its time is over.
    #[error("the key expired at {at}")]
    Expired {
        /// Since when.
        at: Timestamp,
    },
    /// It called too often.
    #[error("the key's rate limit is reached")]
    TooMany {
        /// When it may call again.
        wait: Duration,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The keys that were brought lately.
pub(crate) struct KeyRing {
    store: Arc<dyn Store>,
    keys: Cache<[u8; 32], Arc<KnownKey>>,
    /// Grows with each key that is forgotten: what was read before must not be kept after it.
    forgotten: AtomicU64,
    used: Mutex<HashMap<KeyId, KeyUsed>>,
}

impl KeyRing {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        let (keys, used) = (Cache::new(KEYS_CACHED_MAX), Mutex::default());
        Self { store, keys, forgotten: AtomicU64::new(0), used }
    }

    /// The key with this hash, valid or not.
    async fn find(&self, hash: [u8; 32]) -> Result<Option<Arc<KnownKey>>, StoreError> {
        if let Some(known) = self.keys.get(&hash) {
            return Ok(Some(known));
        }
        let forgotten = self.forgotten.load(Ordering::Acquire);
        let Some(stored) = self.store.key_by_hash(hash).await? else { return Ok(None) };
        let known = Arc::new(KnownKey { stored, pace: KeyPace::default(), noted: AtomicI64::new(i64::MIN) });
        // Of two that read it at the same time one is kept, with one bucket.
        let kept = self.keys.get_or_insert_with(&hash, || Ok::<_, StoreError>(Arc::clone(&known)))?;
        if self.forgotten.load(Ordering::Acquire) != forgotten {
            self.keys.remove(&hash);
        }
        Ok(Some(kept))
    }

    /// Forgets a key: it was revoked.
    pub(crate) fn forget(&self, id: KeyId) {
        self.forget_where(|known| known.stored.key.id == id);
    }

    /// Forgets the keys of a tenant: it was deleted.
    pub(crate) fn forget_tenant(&self, no: TenantNo) {
        self.forget_where(|known| known.stored.key.tenant_no == no);
    }

    fn forget_where(&self, goes: impl Fn(&KnownKey) -> bool) {
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        self.keys.retain(|_, known| !goes(known));
    }

    /// Notes that a key was used, at most once in a while.
    fn note_use(&self, known: &KnownKey, at: Timestamp) {
        let noted = known.noted.load(Ordering::Relaxed);
        if at < Timestamp::from_micros(noted).after(NOTE_PAUSE) {
            return;
        }
        // One of many calls at the same time does it.
        let micros = at.as_micros();
        if known.noted.compare_exchange(noted, micros, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            let key = &known.stored.key;
            self.used.lock().insert(key.id, KeyUsed { tenant_no: key.tenant_no, id: key.id, at });
        }
    }

    async fn write_uses(&self) -> Result<(), StoreError> {
        let used: Vec<KeyUsed> = std::mem::take(&mut *self.used.lock()).into_values().collect();
        if used.is_empty() {
            return Ok(());
        }
        self.store.note_key_uses(used).await
    }
}

impl Engine {
    /// The tenant's key that a caller brings.
    ///
    /// # Errors
    /// It is not valid now, or calls too often.
    pub async fn key(&self, key: &str) -> Result<Arc<KnownKey>, KeyRefusal> {
        let known = self.look_up(Purpose::Key, key).await?;
        self.admit(known)
    }

    /// The tenant's pair of keys that a caller of the compatible API of LeadSquared brings.
    ///
    /// # Errors
    /// As [`Engine::key`]; a secret key that is not the one of the access key is [`KeyRefusal::Unknown`].
    pub async fn key_pair(&self, access_key: &str, secret_key: &str) -> Result<Arc<KnownKey>, KeyRefusal> {
        let known = self.look_up(Purpose::AccessKey, access_key).await?;
        let is_right = |hash: [u8; 32]| bool::from(hash.ct_eq(&hash_key(secret_key)));
        if !known.stored.secret_hash.is_some_and(is_right) {
            return Err(KeyRefusal::Unknown);
        }
        self.admit(known)
    }

    async fn look_up(&self, purpose: Purpose, key: &str) -> Result<Arc<KnownKey>, KeyRefusal> {
        if !is_whole(purpose, key) {
            return Err(KeyRefusal::Unknown);
        }
        let hash = hash_key(key);
        let known = self.keys.find(hash).await?.ok_or(KeyRefusal::Unknown)?;
        let kind = if purpose == Purpose::Key { CredentialKind::Api } else { CredentialKind::Leadsquared };
        let is_same = bool::from(known.stored.hash.ct_eq(&hash));
        Some(known).filter(|known| is_same && known.stored.key.spec.kind == kind).ok_or(KeyRefusal::Unknown)
    }

    fn admit(&self, known: Arc<KnownKey>) -> Result<Arc<KnownKey>, KeyRefusal> {
        let (key, now) = (&known.stored.key, self.clock.now());
        if key.revoked_at.is_some() {
            return Err(KeyRefusal::Revoked);
        }
        if let Some(at) = key.spec.expires_at.filter(|_| key.has_expired(now)) {
            return Err(KeyRefusal::Expired { at });
        }
        if let Some(limit) = key.spec.rate_limit {
            known.pace.take(limit, self.clock.monotonic()).map_err(|wait| KeyRefusal::TooMany { wait })?;
        }
        self.keys.note_use(&known, now);
        Ok(known)
    }

    /// Writes now and then when keys were last used.
    pub(crate) async fn keep_key_uses(self: Arc<Self>) {
        loop {
            self.clock.sleep(NOTE_PAUSE).await;
            self.write_key_uses().await;
        }
    }

    /// What a crash loses of this is a minute of it, and nobody decides on it.
    pub(crate) async fn write_key_uses(&self) {
        if let Err(error) = self.keys.write_uses().await {
            tracing::warn!(%error, "when keys were last used could not be written");
        }
    }
}
