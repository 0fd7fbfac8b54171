-- Profiles become part of the store, so that what a delivery was shaped with can be read again after it has changed.

-- The version of a tenant holds what its caller set, as the version of a subscription does.
CREATE TABLE tenant_version (
    tenant_no INTEGER NOT NULL,
    version   INTEGER NOT NULL,
    spec      TEXT    NOT NULL,
    PRIMARY KEY (tenant_no, version)
) STRICT, WITHOUT ROWID;
INSERT INTO tenant_version (tenant_no, version, spec) SELECT tenant_no, 1, spec FROM tenant;
ALTER TABLE tenant ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE tenant DROP COLUMN spec;

-- Secrets move to the version that they belong to. Which ones an older version had is not known any more.
ALTER TABLE subscription_version ADD COLUMN secrets BLOB;
UPDATE subscription_version SET secrets = (
    SELECT s.secrets FROM subscription s
    WHERE s.sub_no = subscription_version.sub_no AND s.version = subscription_version.version
);
ALTER TABLE subscription DROP COLUMN secrets;

-- How requests are signed is an option of the profile now.
UPDATE subscription_version
SET spec = json_set(json_remove(spec, '$.signature'), '$.options', '{"signature":"ed25519"}')
WHERE spec ->> '$.signature' = 'ed25519';

-- Behind the data, as no row is written anew. A count of deliveries below zero marks a test. ALTER TABLE would read every row
-- of a STRICT table to see whether it still fits, minutes for a large one. A row that ends before a column has its default, so
-- only the table's text changes, in the way that SQLite's page on ALTER TABLE tells of.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema
SET sql = replace(sql, ') STRICT', ', profile_no INTEGER, tenant_version INTEGER NOT NULL DEFAULT 1) STRICT')
WHERE type = 'table' AND name = 'event';
PRAGMA writable_schema = RESET;

CREATE TABLE profile_version (
    profile_no INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT    NOT NULL,
    digest     BLOB    NOT NULL,
    put_at     INTEGER NOT NULL,
    files      BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX profile_by_digest ON profile_version (digest);
CREATE INDEX profile_by_name ON profile_version (name, put_at);

CREATE TABLE event_type (
    tenant_no INTEGER NOT NULL,
    name      TEXT    NOT NULL,
    spec      TEXT    NOT NULL,
    PRIMARY KEY (tenant_no, name)
) STRICT, WITHOUT ROWID;
