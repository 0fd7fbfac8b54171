//! The work behind marks, budgets and deletions.

queries! { SWEEPING:
    /// Sweep, backlog and send-now: the next rows of a generation.
    LANE_ROWS = "SELECT due, delivery_no, expires_at FROM queue
        WHERE tenant_no = ?1 AND sub_no = ?2 AND generation = ?3 AND (due, delivery_no) > (?4, ?5)
        ORDER BY due, delivery_no LIMIT ?6";
    /// Counts what waits in a lane, with the bytes of each event's data.
    LANE_BYTES = "SELECT q.due, q.delivery_no, coalesce(length(e.data), 0) FROM queue q
        LEFT JOIN event e ON e.event_no = q.delivery_no >> 12
        WHERE q.tenant_no = ?1 AND q.sub_no = ?2 AND q.generation = ?3 AND (q.due, q.delivery_no) > (?4, ?5)
        ORDER BY q.due, q.delivery_no LIMIT ?6";
    /// The oldest deliveries of a subscription from a number on.
    LANE_OLDEST = "SELECT delivery_no FROM delivery_listing WHERE sub_no = ?1 AND delivery_no >= ?2
        AND delivery_no < ?3 ORDER BY delivery_no LIMIT ?4";
    /// Where a delivery stands, with the bytes of its event's data.
    DELIVERY_STANDING = "SELECT d.status, d.at, length(e.data), d.attempts, e.id FROM delivery d
        CROSS JOIN event e ON e.event_no = d.delivery_no >> 12 WHERE d.delivery_no = ?1";
    /// Calls off what waits in a generation.
    MARK_INSERT = "INSERT INTO mark (sub_no, generation, tenant_no, reason, at) VALUES (?1, ?2, ?3, ?4, ?5)";
    /// A mark of which nothing is left.
    MARK_DELETE = "DELETE FROM mark WHERE sub_no = ?1 AND generation = ?2";
    /// The marks of a subscription that are not swept yet.
    MARK_LIST = "SELECT generation, reason, at FROM mark WHERE sub_no = ?1 ORDER BY generation";
    /// The oldest remembered key.
    IDEMPOTENCY_OLDEST = "SELECT idempotency_no, expires_at FROM idempotency WHERE idempotency_no > 0
        ORDER BY idempotency_no LIMIT 1";
    /// Places in the queue of a deleted tenant.
    ERASE_NEXT_PLACES = "SELECT sub_no, generation, due, delivery_no FROM queue WHERE tenant_no = ?1
        ORDER BY sub_no, generation, due, delivery_no LIMIT ?2";
    /// The oldest event of a deleted tenant.
    ERASE_NEXT_EVENT = "SELECT event_no FROM event_listing WHERE tenant_no = ?1 ORDER BY event_no LIMIT 1";
    /// Takes an event off its tenant's listing.
    EVENT_LISTING_DELETE = "DELETE FROM event_listing WHERE tenant_no = ?1 AND event_no = ?2";
    /// Takes a delivery off its subscription's listing.
    DELIVERY_LISTING_DELETE = "DELETE FROM delivery_listing WHERE sub_no = ?1 AND delivery_no = ?2";
    /// The first delivery of an event.
    ERASE_NEXT_DELIVERY = "SELECT delivery_no, sub_no, attempts FROM delivery WHERE delivery_no >= ?1 AND delivery_no < ?2
        ORDER BY delivery_no LIMIT 1";
    /// Erases the attempts of a delivery.
    ERASE_ATTEMPTS = "DELETE FROM attempt WHERE delivery_no = ?1";
    /// Erases a delivery.
    ERASE_DELIVERY = "DELETE FROM delivery WHERE delivery_no = ?1";
    /// Erases an event.
    ERASE_EVENT = "DELETE FROM event WHERE event_no = ?1";
    /// A remembered key of a deleted tenant.
    ERASE_NEXT_KEY = "SELECT idempotency_no FROM idempotency INDEXED BY idempotency_by_key WHERE tenant_no = ?1
        LIMIT 1";
    /// The next subscription of a deleted tenant.
    ERASE_NEXT_SUBSCRIPTION = "SELECT sub_no FROM subscription INDEXED BY subscription_by_tenant
        WHERE tenant_no = ?1 LIMIT 1";
    /// Erases the versions of a subscription.
    ERASE_VERSIONS = "DELETE FROM subscription_version WHERE sub_no = ?1";
    /// Erases a subscription.
    ERASE_SUBSCRIPTION = "DELETE FROM subscription WHERE sub_no = ?1";
    /// Erases what a subscription was.
    ERASE_HISTORY = "DELETE FROM subscription_history WHERE sub_no = ?1";
    /// The next replay of a deleted tenant.
    ERASE_NEXT_REPLAY = "SELECT replay_no FROM replay INDEXED BY replay_by_tenant WHERE tenant_no = ?1
        ORDER BY replay_no LIMIT 1";
    /// The next event type of a deleted tenant.
    ERASE_NEXT_EVENT_TYPE = "SELECT name FROM event_type WHERE tenant_no = ?1 ORDER BY name LIMIT 1";
    /// The next numbered event type of a deleted tenant.
    ERASE_NEXT_LOG_TYPE = "SELECT type_no FROM log_type WHERE tenant_no = ?1 ORDER BY type_no LIMIT 1";
    /// Erases a numbered event type.
    ERASE_LOG_TYPE = "DELETE FROM log_type WHERE tenant_no = ?1 AND type_no = ?2";
    /// The next API key of a deleted tenant.
    ERASE_NEXT_API_KEY = "SELECT id FROM api_key WHERE tenant_no = ?1 ORDER BY id LIMIT 1";
    /// The next entry of the audit that says something of a deleted tenant's data.
    ERASE_NEXT_AUDIT = "SELECT audit_no FROM audit INDEXED BY audit_with_changes
        WHERE tenant_no = ?1 AND changes IS NOT NULL ORDER BY audit_no LIMIT 1";
    /// Leaves of such an entry who did what and when.
    ERASE_AUDIT_CHANGES = "UPDATE audit SET changes = NULL WHERE audit_no = ?1";
    /// The next version of a deleted tenant.
    ERASE_NEXT_TENANT_VERSION = "SELECT version FROM tenant_version WHERE tenant_no = ?1 ORDER BY version LIMIT 1";
    /// Erases a version of a deleted tenant.
    ERASE_TENANT_VERSION = "DELETE FROM tenant_version WHERE tenant_no = ?1 AND version = ?2";
    /// Erases a tenant of which nothing else is left.
    ERASE_TENANT = "DELETE FROM tenant WHERE tenant_no = ?1";
    /// Keeps a number that must not be given out twice.
    COUNTER_PUT = "INSERT INTO counter (name, value) VALUES (?1, ?2)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";

    /// Forgets such a number.
    COUNTER_DELETE = "DELETE FROM counter WHERE name = ?1";
}
