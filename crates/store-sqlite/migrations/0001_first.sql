-- The first shape. docs/data-model.md explains each table, each index and each query.

CREATE TABLE tenant (
    tenant_no      INTEGER PRIMARY KEY AUTOINCREMENT,
    id             TEXT    NOT NULL,
    config_version INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    deleted_at     INTEGER,
    spec           TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX tenant_by_id ON tenant (id) WHERE deleted_at IS NULL;

CREATE TABLE subscription (
    sub_no      INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_no   INTEGER NOT NULL,
    id          BLOB    NOT NULL,
    version     INTEGER NOT NULL,
    generation  INTEGER NOT NULL,
    inactive    INTEGER,
    inactive_at INTEGER,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    deleted_at  INTEGER,
    secrets     BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX subscription_by_id ON subscription (id);
CREATE INDEX subscription_by_tenant ON subscription (tenant_no, deleted_at);

CREATE TABLE subscription_version (
    sub_no  INTEGER NOT NULL,
    version INTEGER NOT NULL,
    spec    TEXT    NOT NULL,
    PRIMARY KEY (sub_no, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE mark (
    sub_no     INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    tenant_no  INTEGER NOT NULL,
    reason     INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (sub_no, generation)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
    event_no    INTEGER PRIMARY KEY,
    tenant_no   INTEGER NOT NULL,
    id          BLOB    NOT NULL,
    type        TEXT    NOT NULL,
    accepted_at INTEGER NOT NULL,
    occurred_at INTEGER,
    deliveries  INTEGER NOT NULL,
    tags        BLOB,
    attributes  BLOB,
    data        BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX event_by_id ON event (id);

CREATE TABLE event_listing (
    tenant_no INTEGER NOT NULL,
    event_no  INTEGER NOT NULL,
    PRIMARY KEY (tenant_no, event_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE delivery (
    delivery_no INTEGER PRIMARY KEY,
    tenant_no   INTEGER NOT NULL,
    sub_no      INTEGER NOT NULL,
    sub_version INTEGER NOT NULL,
    status      INTEGER NOT NULL,
    reason      INTEGER,
    attempts    INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    created_at  INTEGER
) STRICT;
CREATE INDEX delivery_failed ON delivery (tenant_no, delivery_no) WHERE status = 4;

CREATE TABLE delivery_listing (
    sub_no      INTEGER NOT NULL,
    delivery_no INTEGER NOT NULL,
    PRIMARY KEY (sub_no, delivery_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE queue (
    tenant_no   INTEGER NOT NULL,
    sub_no      INTEGER NOT NULL,
    generation  INTEGER NOT NULL,
    due         INTEGER NOT NULL,
    delivery_no INTEGER NOT NULL,
    tries       INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant_no, sub_no, generation, due, delivery_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE fanout (
    event_no    INTEGER PRIMARY KEY,
    tenant_no   INTEGER NOT NULL,
    next_number INTEGER NOT NULL,
    targets     BLOB    NOT NULL
) STRICT;

CREATE TABLE attempt (
    attempt_no  INTEGER PRIMARY KEY,
    delivery_no INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    id          BLOB    NOT NULL,
    at          INTEGER NOT NULL,
    duration_us INTEGER NOT NULL,
    status      INTEGER,
    error_class INTEGER,
    request     BLOB    NOT NULL,
    response    BLOB    NOT NULL
) STRICT;
CREATE INDEX attempt_by_delivery ON attempt (delivery_no);

CREATE TABLE idempotency (
    idempotency_no INTEGER PRIMARY KEY,
    tenant_no      INTEGER NOT NULL,
    key_hash       BLOB    NOT NULL,
    bytes_hash     BLOB    NOT NULL,
    event_id       BLOB    NOT NULL,
    accepted_at    INTEGER NOT NULL,
    deliveries     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX idempotency_by_key ON idempotency (tenant_no, key_hash);

CREATE TABLE setting (
    key   TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE counter (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
