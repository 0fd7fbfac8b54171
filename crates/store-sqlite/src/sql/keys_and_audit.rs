//! Keys of tenants, and the audit.

queries! { KEYS_AND_AUDIT:
    /// How many keys a tenant has that are not revoked.
    KEY_COUNT = "SELECT count(*) FROM api_key WHERE tenant_no = ?1 AND revoked_at IS NULL";
    /// Keeps a new key.
    KEY_INSERT = "INSERT INTO api_key (tenant_no, id, hash, secret_hash, created_at, spec)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    /// The key that somebody brings.
    KEY_BY_HASH = "SELECT k.id, k.tenant_no, k.created_at, k.last_used_at, k.revoked_at, k.spec, k.hash, k.secret_hash, t.id
        FROM api_key k CROSS JOIN tenant t ON t.tenant_no = k.tenant_no
        WHERE k.hash = ?1 AND t.deleted_at IS NULL";
    /// Keys of a tenant that are not revoked, by id.
    KEY_LIST = "SELECT id, tenant_no, created_at, last_used_at, revoked_at, spec FROM api_key
        WHERE tenant_no = ?1 AND id > ?2 AND revoked_at IS NULL ORDER BY id LIMIT ?3";
    /// Revokes a key; answers its hash.
    KEY_REVOKE = "UPDATE api_key SET revoked_at = ?3 WHERE tenant_no = ?1 AND id = ?2 AND revoked_at IS NULL RETURNING hash";
    /// The revoked keys of a tenant.
    KEY_REVOKED = "SELECT id, revoked_at FROM api_key WHERE tenant_no = ?1 AND revoked_at IS NOT NULL ORDER BY id";
    /// Forgets a key.
    KEY_DELETE = "DELETE FROM api_key WHERE tenant_no = ?1 AND id = ?2";
    /// Notes when a key was last used.
    KEY_USED = "UPDATE api_key SET last_used_at = max(coalesce(last_used_at, ?3), ?3) WHERE tenant_no = ?1 AND id = ?2";
    /// Appends an entry to the audit.
    AUDIT_INSERT = "INSERT INTO audit (id, at, tenant_no, tenant, actor, address, action, object, changes)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    /// Entries in a range, newest first.
    AUDIT_LIST = "SELECT audit_no, id, at, tenant_no, tenant, actor, address, action, object, changes FROM audit
        WHERE audit_no >= ?1 AND audit_no < ?2 ORDER BY audit_no DESC LIMIT ?3";
    /// Entries of a tenant in a range, newest first.
    AUDIT_LIST_OF_TENANT = "SELECT audit_no, id, at, tenant_no, tenant, actor, address, action, object, changes
        FROM audit WHERE tenant = ?1 AND audit_no >= ?2 AND audit_no < ?3 ORDER BY audit_no DESC LIMIT ?4";
    /// The newest entries of a tenant, without what changed.
    AUDIT_NEWEST_OF_TENANT = "SELECT audit_no, id, at, tenant_no, tenant, actor, address, action, object, NULL FROM audit
        WHERE tenant = ?1 AND audit_no > 0 ORDER BY audit_no DESC LIMIT ?2";
    /// The newest entry, with its moment.
    AUDIT_LAST = "SELECT audit_no, at FROM audit WHERE audit_no > 0 ORDER BY audit_no DESC LIMIT 1";
    /// The first entry at or behind a number.
    AUDIT_PROBE = "SELECT audit_no, at FROM audit WHERE audit_no >= ?1 ORDER BY audit_no LIMIT 1";
    /// Forgets an entry; answers whose it was.
    AUDIT_DELETE = "DELETE FROM audit WHERE audit_no = ?1 RETURNING tenant";
    /// The oldest entries of a tenant.
    AUDIT_OLDEST_OF_TENANT = "SELECT audit_no FROM audit WHERE tenant = ?1 AND audit_no > 0 ORDER BY audit_no LIMIT ?2";
    /// Counts entries that came or, below zero, went.
    AUDIT_COUNT_ADD = "INSERT INTO audit_count (tenant, entries) VALUES (?1, ?2)
        ON CONFLICT (tenant) DO UPDATE SET entries = entries + excluded.entries";
    /// How many entries there are.
    AUDIT_COUNT = "SELECT entries FROM audit_count WHERE tenant = ?1";
    /// A tenant that has more entries than it may have.
    AUDIT_COUNT_BEYOND = "SELECT tenant, entries FROM audit_count WHERE entries > ?1 AND tenant <> '' ORDER BY entries LIMIT 1";
    /// Forgets the count of a tenant that has no entry.
    AUDIT_COUNT_DELETE = "DELETE FROM audit_count WHERE tenant = ?1 AND entries <= 0";
}
