//! What is kept for the whole installation, and what fills the writer's memory when the store is opened.

queries! { INSTALLATION:
    // --- the installation ---------------------------------------------------------------------------------------
    /// A small value.
    SETTING_GET = "SELECT value FROM setting WHERE key = ?1";
    /// Keeps a small value.
    SETTING_PUT = "INSERT INTO setting (key, value) VALUES (?1, ?2)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    /// A write that changes bytes each time.
    PROBE = "INSERT INTO counter (name, value) VALUES ('probe', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1";

    // --- the writer's memory, filled once when the store is opened ----------------------------------------------
    /// Every tenant.
    LOAD_TENANTS = "SELECT tenant_no, config_version, deleted_at IS NOT NULL FROM tenant";
    /// Every subscription that is not deleted.
    LOAD_SUBSCRIPTIONS = "SELECT s.sub_no, s.tenant_no, s.generation, s.inactive, s.failures, s.failing_since,
        s.called_off, s.notifies FROM subscription s WHERE s.deleted_at IS NULL";
    /// Every mark that is not swept yet.
    LOAD_MARKS = "SELECT sub_no, generation, tenant_no, reason, at FROM mark";
    /// Every group that takes events, and those that closed and are not swept yet.
    LOAD_OPEN_GROUPS = "SELECT sub_no, key, delivery_no, closes_at, ready_at FROM open_group";
    /// Events that are not in their listing yet.
    LOAD_UNLISTED_EVENTS = "SELECT tenant_no, event_no, type, deliveries FROM event WHERE event_no >= ?1
        ORDER BY event_no";
    /// Deliveries that are not in their listing yet.
    LOAD_UNLISTED_DELIVERIES = "SELECT tenant_no, sub_no, delivery_no FROM delivery WHERE delivery_no >= ?1
        ORDER BY delivery_no";
    /// Numbers that were given out before.
    LOAD_COUNTERS = "SELECT name, value FROM counter";
    /// The highest number of an attempt.
    ATTEMPT_LAST = "SELECT attempt_no FROM attempt WHERE attempt_no > 0 ORDER BY attempt_no DESC LIMIT 1";
}
