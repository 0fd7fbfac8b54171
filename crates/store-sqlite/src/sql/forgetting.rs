//! Forgetting the oldest events.

queries! { FORGETTING:
    /// The next event that may go.
    PRUNE_NEXT = "SELECT event_no, tenant_no, accepted_at, length(data) FROM event WHERE event_no >= ?1 ORDER BY event_no LIMIT 1";
    /// The next events of a tenant that may go.
    PRUNE_NEXT_OF_TENANT = "SELECT event_no FROM event_listing WHERE tenant_no = ?1 AND event_no >= ?2
        AND event_no < ?3 ORDER BY event_no LIMIT ?4";
    /// The deliveries of an event, with what decides on them.
    PRUNE_DELIVERIES = "SELECT delivery_no, sub_no, status, attempts, tenant_no FROM delivery
        WHERE delivery_no >= ?1 AND delivery_no < ?2 ORDER BY delivery_no";
    /// Whether more deliveries of an event are to come.
    PRUNE_FANOUT = "SELECT 1 FROM fanout WHERE event_no = ?1";
    /// When the oldest event was accepted.
    EVENT_FIRST = "SELECT accepted_at FROM event WHERE event_no > 0 ORDER BY event_no LIMIT 1";
}
