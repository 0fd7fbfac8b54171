//! Accepting events, and what of a large fan-out later commits serve.

queries! { ACCEPTING:
    // --- accepting ----------------------------------------------------------------------------------------------
    /// Appends an event.
    EVENT_INSERT = "INSERT INTO event (event_no, tenant_no, id, type, accepted_at, occurred_at, deliveries, tags,
        attributes, data, profile_no, tenant_version, trace)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
    /// Appends a delivery that waits.
    DELIVERY_CREATE [Birth: Create] = "INSERT INTO delivery (delivery_no, tenant_no, sub_no, sub_version, status, reason,
        attempts, at, created_at) VALUES (?1, ?2, ?3, ?4, 2, NULL, 0, ?5, ?6)";
    /// Appends a delivery of a large fan-out whose subscription was paused meanwhile.
    DELIVERY_CREATE_PAUSED [Birth: CreatePaused] = "INSERT INTO delivery (delivery_no, tenant_no, sub_no, sub_version,
        status, reason, attempts, at, created_at) VALUES (?1, ?2, ?3, ?4, 5, ?5, 0, ?6, ?6)";
    /// Appends the delivery of a test that the receiver took.
    DELIVERY_TEST_SUCCEED [Birth: TestSucceed] = "INSERT INTO delivery (delivery_no, tenant_no, sub_no, sub_version,
        status, reason, attempts, at, created_at) VALUES (?1, ?2, ?3, ?4, 3, NULL, 1, ?5, NULL)";
    /// Appends the delivery of a test that failed.
    DELIVERY_TEST_FAIL [Birth: TestFail] = "INSERT INTO delivery (delivery_no, tenant_no, sub_no, sub_version, status,
        reason, attempts, at, created_at) VALUES (?1, ?2, ?3, ?4, 4, ?6, 1, ?5, NULL)";
    /// Lists an event under its tenant.
    EVENT_LISTING_INSERT = "INSERT OR IGNORE INTO event_listing (tenant_no, event_no, log_no, type_no)
        VALUES (?1, ?2, ?3, ?4)";
    /// Lists a delivery under its subscription.
    DELIVERY_LISTING_INSERT = "INSERT OR IGNORE INTO delivery_listing (sub_no, delivery_no) VALUES (?1, ?2)";
    /// Gives a delivery its place in the queue.
    QUEUE_INSERT = "INSERT INTO queue (tenant_no, sub_no, generation, due, delivery_no, tries, expires_at,
        not_before) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    /// Remembers a key unless it is remembered already.
    IDEMPOTENCY_INSERT = "INSERT INTO idempotency (tenant_no, key_hash, bytes_hash, event_id, accepted_at, deliveries,
        expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (tenant_no, key_hash) DO NOTHING";
    /// What is remembered of a key.
    IDEMPOTENCY_FIND = "SELECT idempotency_no, bytes_hash, event_id, accepted_at, deliveries, expires_at
        FROM idempotency WHERE tenant_no = ?1 AND key_hash = ?2";
    /// Forgets a key.
    IDEMPOTENCY_DELETE = "DELETE FROM idempotency WHERE idempotency_no = ?1";

    // --- large fan-outs -----------------------------------------------------------------------------------------
    /// Opens a fan-out.
    FANOUT_INSERT = "INSERT INTO fanout (event_no, tenant_no, next_number) VALUES (?1, ?2, ?3)";
    /// Keeps the targets that later commits serve.
    FANOUT_TARGETS_INSERT = "INSERT INTO fanout_target (event_no, targets) VALUES (?1, ?2)";
    /// How far a fan-out is.
    FANOUT_NEXT = "SELECT next_number FROM fanout WHERE event_no = ?1";
    /// The targets of a fan-out, and how far it is.
    FANOUT_FIND = "SELECT t.targets, f.next_number, e.deliveries FROM fanout f CROSS JOIN fanout_target t ON t.event_no = f.event_no
        CROSS JOIN event e ON e.event_no = f.event_no WHERE f.event_no = ?1";
    /// Keeps how far it is after a step.
    FANOUT_UPDATE = "UPDATE fanout SET next_number = ?2 WHERE event_no = ?1";
    /// Ends a fan-out.
    FANOUT_DELETE = "DELETE FROM fanout WHERE event_no = ?1";
    /// Forgets its targets.
    FANOUT_TARGETS_DELETE = "DELETE FROM fanout_target WHERE event_no = ?1";
    /// The oldest fan-outs that are not finished, behind a place.
    FANOUT_LIST = "SELECT x.targets, f.next_number, e.deliveries, f.tenant_no, e.id,
        length(e.data) + ifnull(length(e.attributes), 0) FROM fanout f
        CROSS JOIN tenant t ON t.tenant_no = f.tenant_no CROSS JOIN event e ON e.event_no = f.event_no
        CROSS JOIN fanout_target x ON x.event_no = f.event_no
        WHERE f.event_no > ?2 AND t.deleted_at IS NULL ORDER BY f.event_no LIMIT ?1";
}
