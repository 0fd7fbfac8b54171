//! Reading events and deliveries: lists of one tenant and over all, single ones, attempts.

queries! { READING:
    // --- events -------------------------------------------------------------------------------------------------
    /// One event by its number.
    EVENT_BY_NO = "SELECT id, type, accepted_at, occurred_at, deliveries, tags, attributes, data, profile_no,
        tenant_version, trace FROM event
        WHERE event_no = ?1";
    /// One event by its id.
    EVENT_BY_ID = "SELECT id, type, accepted_at, occurred_at, deliveries, tags, attributes, data, profile_no,
        tenant_version, trace FROM event
        WHERE id = ?2 AND tenant_no = ?1";
    /// What filters ask of an event.
    EVENT_HEAD = "SELECT id, type, accepted_at FROM event WHERE event_no = ?1";
    /// Bytes of an event's data.
    EVENT_BYTES = "SELECT length(data) FROM event WHERE event_no = ?1";
    /// The number of an event.
    EVENT_NO = "SELECT event_no FROM event WHERE id = ?2 AND tenant_no = ?1";
    /// The numbers of a tenant's events in a range, newest first.
    EVENT_LISTING = "SELECT event_no FROM event_listing WHERE tenant_no = ?1 AND event_no >= ?2 AND event_no < ?3
        ORDER BY event_no DESC LIMIT ?4";
    /// The first event at or behind a number that is no test: a probe of the search for a moment.
    EVENT_PROBE = "SELECT event_no, accepted_at FROM event WHERE event_no >= ?1 AND deliveries >= 0
        ORDER BY event_no LIMIT 1";
    /// When the newest events were accepted.
    EVENT_NEWEST = "SELECT accepted_at FROM event WHERE event_no > 0 ORDER BY event_no DESC LIMIT 100";
    /// The newest event.
    EVENT_LAST = "SELECT event_no FROM event WHERE event_no > 0 ORDER BY event_no DESC LIMIT 1";

    // --- deliveries ---------------------------------------------------------------------------------------------
    /// One delivery by its number.
    DELIVERY_BY_NO = "SELECT d.delivery_no, d.tenant_no, d.sub_no, s.id, d.sub_version, d.status, d.reason, d.attempts,
        d.at, d.created_at, e.id, e.type, e.accepted_at, e.deliveries < 0, s.generation FROM delivery d
        CROSS JOIN event e ON e.event_no = d.delivery_no >> 12 CROSS JOIN subscription s ON s.sub_no = d.sub_no
        WHERE d.delivery_no = ?1";
    /// The numbers of a subscription's deliveries in a range, newest first.
    DELIVERY_LISTING = "SELECT delivery_no FROM delivery_listing
        WHERE sub_no = ?1 AND delivery_no >= ?2 AND delivery_no < ?3 ORDER BY delivery_no DESC LIMIT ?4";
    /// The numbers of a tenant's failed deliveries in a range, newest first.
    DELIVERY_LISTING_OF_FAILED = "SELECT delivery_no FROM delivery INDEXED BY delivery_failed
        WHERE status = 4 AND tenant_no = ?1 AND delivery_no >= ?2 AND delivery_no < ?3
        ORDER BY delivery_no DESC LIMIT ?4";
    /// The numbers of an event's deliveries in a range, newest first.
    DELIVERY_LISTING_OF_EVENT = "SELECT delivery_no FROM delivery WHERE tenant_no = ?1 AND delivery_no >= ?2
        AND delivery_no < ?3 ORDER BY delivery_no DESC LIMIT ?4";
    /// The attempts made for a delivery.
    ATTEMPT_LIST = "SELECT number, id, at, duration_us, status, error_class, request, response FROM attempt
        WHERE delivery_no = ?1";

    // --- lists over all tenants ---------------------------------------------------------------------------------
    /// The name of a tenant.
    TENANT_NAME = "SELECT id FROM tenant WHERE tenant_no = ?1 AND deleted_at IS NULL";
    /// What filters ask of the events in a range, newest first. Of a column that is named all is read, wanted or not.
    EVENT_LIST_ALL = "SELECT id, type, accepted_at, event_no, tenant_no FROM event WHERE event_no >= ?1 AND event_no < ?2
        ORDER BY event_no DESC LIMIT ?3";
    /// The number of an event, whoever has it.
    EVENT_NO_OF_ANY = "SELECT event_no FROM event WHERE id = ?1";
    /// Whose an event is.
    EVENT_OWNER = "SELECT tenant_no FROM event WHERE id = ?1";
    /// The numbers of deliveries in a range, newest first.
    DELIVERY_LIST_ALL = "SELECT delivery_no FROM delivery WHERE delivery_no >= ?1 AND delivery_no < ?2
        ORDER BY delivery_no DESC LIMIT ?3";
    /// Whose a subscription is, a deleted one too.
    SUBSCRIPTION_OWNER = "SELECT tenant_no FROM subscription WHERE id = ?1";
    /// Subscriptions in a range, newest first, deleted ones too.
    SUBSCRIPTION_LIST_ALL = "SELECT s.sub_no, s.id, s.tenant_no, s.version, s.inactive, s.inactive_at, s.created_at,
        s.updated_at, s.failures, s.failing_since, v.secrets, v.spec, s.verification, s.deleted_at IS NOT NULL FROM subscription s
        CROSS JOIN subscription_version v ON v.sub_no = s.sub_no AND v.version = s.version
        WHERE s.sub_no >= ?1 AND s.sub_no < ?2 ORDER BY s.sub_no DESC LIMIT ?3";
}
