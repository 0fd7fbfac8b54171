//! The log of each tenant, and the numbers of what was stored before there were any.

queries! { LOG:
    // --- the log ------------------------------------------------------------------------------------------------
    /// Entries of a tenant in a range of event numbers, oldest first; the first of them is a probe of the search for an
    /// offset.
    LOG_ENTRIES = "SELECT event_no, log_no, type_no FROM event_listing
        WHERE tenant_no = ?1 AND event_no >= ?2 AND event_no < ?3 ORDER BY event_no LIMIT ?4";
    /// The newest entry of a tenant below an event number.
    LOG_NEWEST = "SELECT event_no, log_no FROM event_listing WHERE tenant_no = ?1 AND event_no < ?2
        ORDER BY event_no DESC LIMIT 1";
    /// What the log tells of an event beside its offset, and whether it is a test.
    LOG_EVENT = "SELECT id, type, deliveries FROM event WHERE event_no = ?1";
    /// The offset below which no event of a tenant gets its own.
    LOG_NEXT_OFFSET = "SELECT next_offset FROM tenant WHERE tenant_no = ?1";
    /// Keeps that offset: to be called before the newest event is forgotten.
    LOG_KEEP_OFFSET = "UPDATE tenant SET next_offset = ?2 WHERE tenant_no = ?1";
    /// Keeps it unless a higher one is kept.
    LOG_RAISE_OFFSET = "UPDATE tenant SET next_offset = ?2 WHERE tenant_no = ?1 AND next_offset < ?2";
    /// The number of an event type of a tenant.
    LOG_TYPE_FIND = "SELECT type_no FROM log_type WHERE tenant_no = ?1 AND name = ?2";
    /// The highest number of an event type of a tenant.
    LOG_TYPE_LAST = "SELECT type_no FROM log_type WHERE tenant_no = ?1 ORDER BY type_no DESC LIMIT 1";
    /// Gives an event type of a tenant its number.
    LOG_TYPE_INSERT = "INSERT INTO log_type (tenant_no, type_no, name) VALUES (?1, ?2, ?3)";
    /// The next tenant that has a log.
    NUMBERING_TENANT = "SELECT tenant_no FROM event_listing WHERE tenant_no > ?1 ORDER BY tenant_no LIMIT 1";
    /// Gives an event its offset.
    NUMBERING_SET = "UPDATE event_listing SET log_no = ?3 WHERE tenant_no = ?1 AND event_no = ?2";
}
