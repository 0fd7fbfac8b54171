//! Recognising keys: each that was brought lately is in memory, so that a call costs a hash and no read.
//!
//! **Invariants:**
//! * a key that was revoked on this node, or whose tenant was deleted here, is refused from that answer on. The store's feed
//!   of changes says so, and so it does for what other nodes did, as soon as it hears of it;
//! * nothing is written while a caller waits: when a key was used is noted in memory and written now and then.

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
    Actor, Clock, CredentialKind, KeyId, Scope, TenantId, TenantNo, Timestamp, limits::KEYS_CACHED_MAX,
};
use postroad_store::{Change, ChangeKinds, Changes, KeyUsed, Store, StoreError, StoredKey};
use quick_cache::sync::Cache;
use subtle::ConstantTimeEq;
use thiserror::Error;

use super::pace::{ApiPace, KeyPace};
use crate::configuration::{
    cache::ConfigCache,
    credential::{Purpose, hash_key, is_whole},
};

/// How exact the moment of the last use is, and how often it is written.
const NOTE_PAUSE: Duration = Duration::from_secs(60);
/// Tenants share a count of changes by their number's rest.
const SHARDS: usize = 64;

/// A key that is valid now.
#[derive(Debug)]
pub struct KnownKey {
    stored: StoredKey,
    pace: KeyPace,
    /// Of a credential of a product's own API.
    api_pace: ApiPace,
    /// The last use that was noted, in microseconds since 1970.
    noted: AtomicI64,
    /// The count of changes of its tenant up to which the tenant is known to be there.
    tenant_seen: AtomicU64,
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
    clock: Arc<dyn Clock>,
    configs: Arc<ConfigCache>,
    keys: Cache<[u8; 32], Arc<KnownKey>>,
    changes: Changes,
    /// Grows with each key that changed: what was read before must not be kept after it.
    changed_keys: AtomicU64,
    /// Grow with each change of a tenant. It may be that the tenant was deleted, and its keys with it.
    changed_tenants: [AtomicU64; SHARDS],
    used: Mutex<HashMap<KeyId, KeyUsed>>,
}

impl KeyRing {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, configs: Arc<ConfigCache>) -> Self {
        Self {
            changes: store.changes(ChangeKinds::KEYS.and(ChangeKinds::TENANTS)),
            store,
            clock,
            configs,
            keys: Cache::new(KEYS_CACHED_MAX),
            changed_keys: AtomicU64::new(0),
            changed_tenants: std::array::from_fn(|_| AtomicU64::new(0)),
            used: Mutex::default(),
        }
    }

    /// The tenant's key that a caller brings.
    pub(crate) async fn key(&self, key: &str) -> Result<Arc<KnownKey>, KeyRefusal> {
        let known = self.look_up(Purpose::Key, key).await?;
        self.admit(known)
    }

    /// The tenant's pair of keys that a caller of the compatible API of LeadSquared brings.
    pub(crate) async fn key_pair(
        &self,
        access_key: &str,
        secret_key: &str,
    ) -> Result<Arc<KnownKey>, KeyRefusal> {
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
        let known = self.find(hash).await?.ok_or(KeyRefusal::Unknown)?;
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
        if let Some(api) = key.spec.kind.compatible_api() {
            let taken = known.api_pace.take(api.calls_max(), self.clock.monotonic());
            taken.map_err(|wait| KeyRefusal::TooMany { wait })?;
        }
        if let Some(limit) = key.spec.rate_limit {
            known.pace.take(limit, self.clock.monotonic()).map_err(|wait| KeyRefusal::TooMany { wait })?;
        }
        self.note_use(&known, now);
        Ok(known)
    }

    /// The key with this hash, valid or not.
    async fn find(&self, hash: [u8; 32]) -> Result<Option<Arc<KnownKey>>, StoreError> {
        self.catch_up();
        let Some(known) = self.keys.get(&hash) else { return self.read(hash).await };
        let changed = self.changed_tenant(known.stored.key.tenant_no);
        if known.tenant_seen.load(Ordering::Acquire) == changed {
            return Ok(Some(known));
        }
        // Something of its tenant, or of another that counts with it, changed: if it was deleted, its keys are gone too.
        if self.configs.by_no(known.stored.key.tenant_no).await?.is_none() {
            self.keys.remove(&hash);
            return Ok(None);
        }
        known.tenant_seen.store(changed, Ordering::Release);
        Ok(Some(known))
    }

    async fn read(&self, hash: [u8; 32]) -> Result<Option<Arc<KnownKey>>, StoreError> {
        let changed = self.changed_keys.load(Ordering::Acquire);
        let changed_tenants: [u64; SHARDS] =
            std::array::from_fn(|shard| self.changed_tenants[shard].load(Ordering::Acquire));
        let Some(stored) = self.store.key_by_hash(hash).await? else { return Ok(None) };
        let tenant_seen = AtomicU64::new(changed_tenants[shard_of(stored.key.tenant_no)]);
        let noted = AtomicI64::new(i64::MIN);
        let known = Arc::new(KnownKey {
            stored,
            pace: KeyPace::default(),
            api_pace: ApiPace::default(),
            noted,
            tenant_seen,
        });
        // What changed while it was read is applied behind the reading; what changes from now on is applied behind the keeping.
        let keep = || match self.keys.get(&hash) {
            // Of two that read it at the same time one is kept, with one bucket.
            Some(kept) => kept,
            None => {
                if self.changed_keys.load(Ordering::Acquire) == changed {
                    self.keys.insert(hash, Arc::clone(&known));
                }
                known
            }
        };
        Ok(Some(self.changes.catch_up_then(|change| self.forget(change), keep)))
    }

    /// Forgets what changed.
    fn catch_up(&self) {
        self.changes.catch_up(|change| self.forget(change));
    }

    fn forget(&self, change: Change) {
        match change {
            Change::Key(hash) => {
                self.changed_keys.fetch_add(1, Ordering::AcqRel);
                self.keys.remove(&hash);
            }
            Change::Tenant(no) => {
                self.changed_tenants[shard_of(no)].fetch_add(1, Ordering::AcqRel);
            }
            Change::Everything => {
                self.changed_keys.fetch_add(1, Ordering::AcqRel);
                self.keys.clear();
            }
            Change::Lane(_)
            | Change::Overflowed(..)
            | Change::Events(_)
            | Change::CalledOff(_)
            | Change::Noticed(_) => {}
        }
    }

    fn changed_tenant(&self, no: TenantNo) -> u64 {
        self.changed_tenants[shard_of(no)].load(Ordering::Acquire)
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

    /// Writes now and then when keys were last used.
    pub(crate) async fn keep_uses(self: Arc<Self>) {
        loop {
            self.clock.sleep(NOTE_PAUSE).await;
            self.write_uses().await;
        }
    }

    /// A crash loses a minute of it, and nothing depends on it.
    pub(crate) async fn write_uses(&self) {
        let used: Vec<KeyUsed> = std::mem::take(&mut *self.used.lock()).into_values().collect();
        if used.is_empty() {
            return;
        }
        if let Err(error) = self.store.note_key_uses(used).await {
            tracing::warn!(%error, "when keys were last used could not be written");
        }
    }
}

fn shard_of(no: TenantNo) -> usize {
    no.0.rem_euclid(SHARDS as i64) as usize
}
