//! Outcomes of attempts, and the lanes from which deliveries are handed out.

queries! { SENDING:
    // --- outcomes -----------------------------------------------------------------------------------------------
    /// Takes a delivery out of the queue.
    QUEUE_DELETE = "DELETE FROM queue WHERE tenant_no = ?1 AND sub_no = ?2 AND generation = ?3 AND due = ?4
        AND delivery_no = ?5";
    /// Whether a delivery has a place in the queue, and until when it is not tried there.
    QUEUE_FIND = "SELECT not_before FROM queue WHERE tenant_no = ?1 AND sub_no = ?2 AND generation = ?3 AND due = ?4
        AND delivery_no = ?5";
    /// A delivery's place in the queue: attempts of its pass, when it ends at the latest, until when it is not tried there.
    QUEUE_PLACE = "SELECT tries, expires_at, not_before FROM queue WHERE tenant_no = ?1 AND sub_no = ?2
        AND generation = ?3 AND due = ?4 AND delivery_no = ?5";
    /// Ends a delivery that the receiver took, in place.
    DELIVERY_SUCCEED [Input: Succeed] = "UPDATE delivery SET status = 3, reason = NULL, attempts = attempts + ?2, at = ?3
        WHERE delivery_no = ?1 AND status = 2";
    /// Notes a success that arrived after the delivery had ended otherwise.
    DELIVERY_LATE_SUCCESS [Input: Succeed] = "UPDATE delivery SET status = 3, reason = NULL, attempts = attempts + ?2,
        at = ?3 WHERE delivery_no = ?1 AND status IN (4, 5)";
    /// Lets a delivery wait until another due time, in place.
    DELIVERY_POSTPONE [Input: Postpone | Release] = "UPDATE delivery SET attempts = attempts + ?2, at = ?3
        WHERE delivery_no = ?1 AND status = 2";
    /// Ends a delivery without success, in place.
    DELIVERY_FAIL [Input: Exhaust | Expire | Overflow] = "UPDATE delivery SET status = 4, reason = ?4,
        attempts = attempts + ?2, at = ?3 WHERE delivery_no = ?1 AND status = 2";
    /// Calls off a delivery that waits, in place.
    DELIVERY_CANCEL [Input: Cancel] = "UPDATE delivery SET status = 5, reason = ?4, attempts = attempts + ?2, at = ?3
        WHERE delivery_no = ?1 AND status = 2";
    /// Lets a delivery that has ended wait again, in place.
    DELIVERY_RETRY [Input: Retry] = "UPDATE delivery SET status = 2, reason = NULL, at = ?2
        WHERE delivery_no = ?1 AND status IN (3, 4, 5)";
    /// When a delivery that waits is due.
    DELIVERY_DUE = "SELECT at FROM delivery WHERE delivery_no = ?1 AND status = 2";
    /// Counts attempts of a delivery that does not follow them.
    DELIVERY_COUNT = "UPDATE delivery SET attempts = attempts + ?2 WHERE delivery_no = ?1";
    /// Keeps how many deliveries of a subscription failed since the last one that succeeded.
    SUBSCRIPTION_FAILURES = "UPDATE subscription SET failures = ?2, failing_since = ?3 WHERE sub_no = ?1";
    /// Appends an attempt.
    ATTEMPT_INSERT = "INSERT INTO attempt (attempt_no, delivery_no, number, id, at, duration_us, status, error_class,
        request, response) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

    // --- lanes --------------------------------------------------------------------------------------------------
    /// Refill and next-due: a lane from its head, with what a delivery is and how often it was tried.
    LANE_READ = "SELECT q.due, q.delivery_no, q.tries, q.expires_at, e.id, d.attempts, d.sub_version, q.not_before
        FROM queue q
        CROSS JOIN delivery d ON d.delivery_no = q.delivery_no
        CROSS JOIN event e ON e.event_no = q.delivery_no >> 12
        WHERE q.tenant_no = ?1 AND q.sub_no = ?2 AND q.generation = ?3 ORDER BY q.due, q.delivery_no";
    /// Waiting-lanes: the next lane of the same tenant.
    LANE_NEXT = "SELECT sub_no, generation, due FROM queue WHERE tenant_no = ?1 AND sub_no > ?2
        ORDER BY sub_no, generation, due LIMIT 1";
    /// Waiting-lanes: the next tenant in whose lanes something waits.
    LANE_NEXT_TENANT = "SELECT tenant_no FROM queue WHERE tenant_no > ?1 ORDER BY tenant_no LIMIT 1";
    /// When the first delivery of a lane is due.
    LANE_HEAD = "SELECT due FROM queue WHERE tenant_no = ?1 AND sub_no = ?2 AND generation = ?3
        ORDER BY due, delivery_no LIMIT 1";
    /// Whether a lane may be handed out, and in which generation.
    LANE_STATE = "SELECT s.generation, s.inactive IS NULL AND s.deleted_at IS NULL FROM subscription s
        CROSS JOIN tenant t ON t.tenant_no = s.tenant_no
        WHERE s.sub_no = ?2 AND s.tenant_no = ?1 AND t.deleted_at IS NULL";
}
