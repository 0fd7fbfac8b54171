-- Whether the tenant's contacts are told of deliveries that fail, as the current spec says; and the failures that they were warned of.
ALTER TABLE subscription ADD COLUMN notifies INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscription ADD COLUMN warned_for INTEGER;
UPDATE subscription SET notifies = 1 WHERE EXISTS (SELECT 1 FROM subscription_version v
    WHERE v.sub_no = subscription.sub_no AND v.version = subscription.version
        AND v.spec ->> '$.push.notify_on_failure');

-- What contacts must still be told of a subscription: in the open digest of its tenant, or in the closed one, of which mails wait.
CREATE TABLE notice (
    tenant_no INTEGER NOT NULL,
    closed INTEGER NOT NULL,
    sub_no INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    count INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    deliveries BLOB NOT NULL,
    PRIMARY KEY (tenant_no, closed, sub_no, kind)
) STRICT, WITHOUT ROWID;

-- The open digest of a tenant, or when the next may be closed.
CREATE TABLE digest (
    tenant_no INTEGER PRIMARY KEY,
    open INTEGER NOT NULL,
    due INTEGER NOT NULL,
    allowed_at INTEGER NOT NULL,
    step INTEGER NOT NULL
) STRICT;
CREATE INDEX digest_open ON digest (due, tenant_no) WHERE open = 1;

-- A closed digest on its way to one contact.
CREATE TABLE mail (
    mail_no INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_no INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    due INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX mail_by_due ON mail (due, mail_no);
CREATE INDEX mail_by_tenant ON mail (tenant_no);
