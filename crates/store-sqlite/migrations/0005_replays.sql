-- What subscriptions were when an event came, and replays.

-- From which event on a subscription was what. `inactive` is 3 for a deleted one.
CREATE TABLE subscription_history (
    sub_no   INTEGER NOT NULL,
    event_no INTEGER NOT NULL,
    version  INTEGER NOT NULL,
    inactive INTEGER,
    at       INTEGER NOT NULL,
    PRIMARY KEY (sub_no, event_no)
) STRICT, WITHOUT ROWID;
-- Of what is there already it is known what it is from the next event on, and since its creation where it never changed.
INSERT INTO subscription_history (sub_no, event_no, version, inactive, at)
SELECT sub_no,
    CASE WHEN version = 1 AND deleted_at IS NULL AND updated_at = created_at THEN 0
        ELSE max(
            (SELECT coalesce(max(event_no), 0) + 1 FROM event),
            (SELECT coalesce(max(value), 1) FROM counter WHERE name = 'next_event_no')
        )
    END,
    version,
    CASE WHEN deleted_at IS NOT NULL THEN 3 ELSE inactive END,
    coalesce(deleted_at, inactive_at, updated_at)
FROM subscription;
CREATE INDEX subscription_of_tenant ON subscription (tenant_no, sub_no);

CREATE TABLE replay (
    replay_no   INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_no   INTEGER NOT NULL,
    id          BLOB    NOT NULL,
    sub_no      INTEGER NOT NULL,
    selection   INTEGER NOT NULL,
    since       INTEGER NOT NULL,
    until       INTEGER,
    pace_count  INTEGER NOT NULL,
    pace_per_us INTEGER NOT NULL,
    count       INTEGER NOT NULL,
    is_exact    INTEGER NOT NULL,
    status      INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    stop        INTEGER NOT NULL,
    examined    INTEGER NOT NULL,
    replayed    INTEGER NOT NULL,
    skipped     INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    finished_at INTEGER
) STRICT;
CREATE UNIQUE INDEX replay_by_id ON replay (id);
CREATE INDEX replay_by_tenant ON replay (tenant_no, replay_no);
CREATE INDEX replay_running ON replay (tenant_no, sub_no) WHERE status = 1;

-- What a replay of failed deliveries goes over, so that it looks at nothing else.
CREATE INDEX delivery_unsuccessful ON delivery (sub_no, delivery_no) WHERE status >= 4;
