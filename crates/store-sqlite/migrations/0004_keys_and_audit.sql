-- Keys of tenants, and the audit of every change.

-- A key rests as a hash, which is random already: its index grows in no order, but keys are few.
CREATE TABLE api_key (
    tenant_no    INTEGER NOT NULL,
    id           BLOB    NOT NULL,
    hash         BLOB    NOT NULL,
    secret_hash  BLOB,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at   INTEGER,
    spec         TEXT    NOT NULL,
    PRIMARY KEY (tenant_no, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX api_key_by_hash ON api_key (hash);

-- The tenant stands here by its name too: an entry outlives the tenant, but for what it says of the tenant's data.
CREATE TABLE audit (
    audit_no  INTEGER PRIMARY KEY,
    id        BLOB    NOT NULL,
    at        INTEGER NOT NULL,
    tenant_no INTEGER,
    tenant    TEXT,
    actor     TEXT    NOT NULL,
    address   TEXT,
    action    TEXT    NOT NULL,
    object    TEXT    NOT NULL,
    changes   TEXT
) STRICT;
CREATE INDEX audit_by_tenant ON audit (tenant) WHERE tenant IS NOT NULL;
CREATE INDEX audit_with_changes ON audit (tenant_no) WHERE changes IS NOT NULL;
