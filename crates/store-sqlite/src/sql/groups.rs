//! Deliveries with more than one event, and stored bodies. No statement here runs for a delivery that has neither.

queries! { GROUPS:
    // --- members ------------------------------------------------------------------------------------------------
    /// Notes which delivery takes the events of a subscription with a key.
    OPEN_GROUP_PUT = "INSERT INTO open_group (sub_no, key, delivery_no, closes_at, ready_at) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (sub_no, key) DO UPDATE SET delivery_no = excluded.delivery_no, closes_at = excluded.closes_at,
        ready_at = excluded.ready_at";
    /// Notes when the latest of its events may be sent.
    OPEN_GROUP_READY = "UPDATE open_group SET ready_at = ?3 WHERE sub_no = ?1 AND key = ?2";
    /// It takes no more.
    OPEN_GROUP_DELETE = "DELETE FROM open_group WHERE sub_no = ?1 AND key = ?2";
    /// Where a group stands, with the bytes of its first event's data: once behind a start.
    GROUP_FIND = "SELECT d.status, d.attempts, d.at, length(e.data) FROM delivery d
        CROSS JOIN event e ON e.event_no = d.delivery_no >> 12 WHERE d.delivery_no = ?1";
    /// The last event of a group, and what there is up to it.
    MEMBER_LAST = "SELECT place, bytes FROM member WHERE delivery_no = ?1 ORDER BY place DESC LIMIT 1";
    /// Adds an event to a delivery.
    MEMBER_INSERT = "INSERT INTO member (delivery_no, place, event_no, bytes) VALUES (?1, ?2, ?3, ?4)";
    /// Notes in a delivery's row that it has members.
    MEMBER_NOTE = "UPDATE delivery SET attempts = attempts | 536870912 WHERE delivery_no = ?1";
    /// The ids of the first members of a delivery.
    MEMBER_IDS = "SELECT e.id FROM member m CROSS JOIN event e ON e.event_no = m.event_no
        WHERE m.delivery_no = ?1 ORDER BY m.place LIMIT ?2";
    /// The members of a delivery.
    MEMBER_EVENTS = "SELECT e.id, e.type, e.accepted_at, e.occurred_at, e.deliveries, e.tags, e.attributes, e.data,
        e.profile_no, e.tenant_version, e.trace FROM member m CROSS JOIN event e ON e.event_no = m.event_no
        WHERE m.delivery_no = ?1 ORDER BY m.place";
    /// The deliveries that an event was added to, in the order of their creation. Of one whose first event was forgotten rows
    /// may be left, which nobody sees.
    MEMBER_OF = "SELECT m.delivery_no, d.sub_no, d.status, d.reason FROM member m INDEXED BY member_by_event
        CROSS JOIN delivery d ON d.delivery_no = m.delivery_no
        CROSS JOIN event e ON e.event_no = m.delivery_no >> 12
        WHERE m.event_no = ?1 ORDER BY m.delivery_no";
    /// Whether an event was added to any delivery.
    MEMBER_OF_ANY = "SELECT 1 FROM member INDEXED BY member_by_event WHERE event_no = ?1 LIMIT 1";
    /// Whether there are any members at all.
    MEMBER_ANY = "SELECT 1 FROM member WHERE delivery_no > 0 LIMIT 1";
    /// The last members of a delivery, which are erased first.
    ERASE_NEXT_MEMBERS = "SELECT place, event_no FROM member WHERE delivery_no = ?1 ORDER BY place DESC LIMIT ?2";
    /// Erases a member.
    ERASE_MEMBER = "DELETE FROM member WHERE delivery_no = ?1 AND place = ?2";

    // --- stored bodies ------------------------------------------------------------------------------------------
    /// Keeps what the first attempt sent, unless something is kept already.
    BODY_INSERT = "INSERT INTO delivery_body (delivery_no, method, url, body) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (delivery_no) DO NOTHING";
    /// Notes in a delivery's row that it has a stored body.
    BODY_NOTE = "UPDATE delivery SET attempts = attempts | 1073741824 WHERE delivery_no = ?1";
    /// What a delivery has beside its one event: bits of its count of attempts.
    DELIVERY_EXTRAS = "SELECT attempts FROM delivery WHERE delivery_no = ?1";
    /// What the first attempt of a delivery sent.
    BODY_FIND = "SELECT method, url, body FROM delivery_body WHERE delivery_no = ?1";
    /// Bytes of it.
    BODY_BYTES = "SELECT length(body) FROM delivery_body WHERE delivery_no = ?1";
    /// Whether there are any stored bodies at all.
    BODY_ANY = "SELECT 1 FROM delivery_body WHERE delivery_no > 0 LIMIT 1";
    /// Erases it.
    ERASE_BODY = "DELETE FROM delivery_body WHERE delivery_no = ?1";
}
