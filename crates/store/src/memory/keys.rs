//! Keys of tenants.

use std::collections::BTreeMap;

use postroad_domain::{ApiKey, KeyId, TenantNo, Timestamp};

use super::{rows::KeyRow, state::State};
use crate::{Change, CreateKey, CreateKeyError, KeyUsed, ListKeys, Page, RevokeKey, StoredKey};

impl State {
    pub(super) fn create_key(&mut self, create: CreateKey) -> Result<ApiKey, CreateKeyError> {
        let CreateKey { tenant_no, id, spec, hash, secret_hash, max, at, audit } = create;
        if self.tenant_by_no(tenant_no).is_none() {
            return Err(CreateKeyError::NoTenant);
        }
        if self.keys_of(tenant_no).filter(|key| key.revoked_at.is_none()).count() >= max {
            return Err(CreateKeyError::TooMany { max });
        }
        let key = ApiKey { id, tenant_no, spec, created_at: at, last_used_at: None, revoked_at: None };
        self.keys.insert(id, KeyRow { key: key.clone(), hash, secret_hash });
        self.announced.push(Change::Key(hash));
        self.note(tenant_no, at, audit);
        Ok(key)
    }

    pub(super) fn key_by_hash(&self, hash: &[u8; 32]) -> Option<StoredKey> {
        let row = self.keys.values().find(|row| row.hash == *hash)?;
        let tenant = self.tenant_by_no(row.key.tenant_no)?.id.clone();
        Some(StoredKey { key: row.key.clone(), tenant, hash: row.hash, secret_hash: row.secret_hash })
    }

    pub(super) fn list_keys(&self, list: ListKeys) -> Page<ApiKey, KeyId> {
        let lives = self.tenant_by_no(list.tenant_no).is_some();
        let is_wanted = |key: &&ApiKey| {
            lives && key.revoked_at.is_none() && list.after.is_none_or(|after| key.id > after)
        };
        let mut items: Vec<_> = self.keys_of(list.tenant_no).filter(is_wanted).cloned().collect();
        let has_more = items.len() > list.limit;
        items.truncate(list.limit);
        let next = items.last().filter(|_| has_more).map(|key| key.id);
        Page { items, next }
    }

    pub(super) fn revoke_key(&mut self, revoke: RevokeKey) -> bool {
        let RevokeKey { tenant_no, id, kept_max, at, audit } = revoke;
        if self.tenant_by_no(tenant_no).is_none() {
            return false;
        }
        let row = self.keys.get_mut(&id);
        let row = row.filter(|row| row.key.tenant_no == tenant_no && row.key.revoked_at.is_none());
        let Some(row) = row else { return false };
        row.key.revoked_at = Some(at);
        let hash = row.hash;
        self.announced.push(Change::Key(hash));
        self.forget_revoked(tenant_no, kept_max);
        self.note(tenant_no, at, audit);
        true
    }

    pub(super) fn note_key_uses(&mut self, used: &[KeyUsed]) {
        for KeyUsed { id, at, .. } in used {
            if let Some(row) = self.keys.get_mut(id) {
                row.key.last_used_at = row.key.last_used_at.max(Some(*at));
            }
        }
    }

    fn forget_revoked(&mut self, tenant_no: TenantNo, kept_max: usize) {
        let revoked = self.keys_of(tenant_no).filter_map(|key| Some(((key.revoked_at?, key.id), ())));
        let revoked: BTreeMap<(Timestamp, KeyId), ()> = revoked.collect();
        let beyond = revoked.len().saturating_sub(kept_max);
        for (_, id) in revoked.into_keys().take(beyond) {
            self.keys.remove(&id);
        }
    }

    fn keys_of(&self, tenant_no: TenantNo) -> impl Iterator<Item = &ApiKey> {
        self.keys.values().map(|row| &row.key).filter(move |key| key.tenant_no == tenant_no)
    }
}

impl KeyRow {
    pub(super) fn tenant_no(&self) -> TenantNo {
        self.key.tenant_no
    }
}
