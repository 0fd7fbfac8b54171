//! Replays, and what subscriptions were when an event came.

queries! { REPLAYS:
    // --- what subscriptions were --------------------------------------------------------------------------------
    /// Notes what a subscription is from the next event on.
    HISTORY_PUT = "INSERT INTO subscription_history (sub_no, event_no, version, inactive, at)
        VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (sub_no, event_no)
        DO UPDATE SET version = excluded.version, inactive = excluded.inactive, at = excluded.at";
    /// What a subscription was when an event came.
    HISTORY_AT = "SELECT event_no, version, inactive, at FROM subscription_history
        WHERE sub_no = ?1 AND event_no <= ?2 ORDER BY event_no DESC LIMIT 1";
    /// Since when it is known what a subscription was.
    HISTORY_FIRST = "SELECT at FROM subscription_history WHERE sub_no = ?1 ORDER BY event_no LIMIT 1";
    /// The subscriptions that a tenant ever had, in the order of their creation.
    SUBSCRIPTIONS_EVER = "SELECT sub_no, id, created_at, deleted_at FROM subscription INDEXED BY subscription_of_tenant
        WHERE tenant_no = ?1 AND sub_no > ?2 ORDER BY sub_no LIMIT ?3";

    // --- replays ------------------------------------------------------------------------------------------------
    /// Begins a replay.
    REPLAY_INSERT = "INSERT INTO replay (tenant_no, id, sub_no, selection, since, until, pace_count, pace_per_us, count,
        is_exact, position, stop, created_at, status, examined, replayed, skipped)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 1, 0, 0, 0)";
    /// Keeps how far a replay has come.
    REPLAY_SET = "UPDATE replay SET status = ?2, position = ?3, examined = ?4, replayed = ?5, skipped = ?6,
        finished_at = ?7 WHERE replay_no = ?1";
    /// One replay by its id.
    REPLAY_BY_ID = "SELECT r.replay_no, r.tenant_no, r.id, r.sub_no, s.id, r.selection, r.since, r.until, r.pace_count,
        r.pace_per_us, r.count, r.is_exact, r.status, r.position, r.stop, r.examined, r.replayed, r.skipped,
        r.created_at, r.finished_at FROM replay r CROSS JOIN subscription s ON s.sub_no = r.sub_no
        WHERE r.id = ?2 AND r.tenant_no = ?1";
    /// The replays of a tenant, newest first.
    REPLAY_LIST = "SELECT r.replay_no, r.tenant_no, r.id, r.sub_no, s.id, r.selection, r.since, r.until, r.pace_count,
        r.pace_per_us, r.count, r.is_exact, r.status, r.position, r.stop, r.examined, r.replayed, r.skipped,
        r.created_at, r.finished_at FROM replay r INDEXED BY replay_by_tenant 
        CROSS JOIN subscription s ON s.sub_no = r.sub_no
        WHERE r.tenant_no = ?1 AND r.replay_no < ?2 ORDER BY r.replay_no DESC LIMIT ?3";
    /// The replays of all tenants that run.
    REPLAY_RUNNING = "SELECT r.replay_no, r.tenant_no, r.id, r.sub_no, s.id, r.selection, r.since, r.until, r.pace_count,
        r.pace_per_us, r.count, r.is_exact, r.status, r.position, r.stop, r.examined, r.replayed, r.skipped,
        r.created_at, r.finished_at FROM replay r INDEXED BY replay_running 
        CROSS JOIN tenant t ON t.tenant_no = r.tenant_no CROSS JOIN subscription s ON s.sub_no = r.sub_no
        WHERE r.status = 1 AND r.tenant_no > 0 AND t.deleted_at IS NULL ORDER BY r.tenant_no, r.sub_no LIMIT ?1";
    /// The replays of a tenant that run.
    REPLAY_RUNNING_OF_TENANT = "SELECT id, sub_no FROM replay INDEXED BY replay_running
        WHERE status = 1 AND tenant_no = ?1";
    /// How many replays of a tenant are remembered.
    REPLAY_COUNT = "SELECT count(*) FROM replay INDEXED BY replay_by_tenant WHERE tenant_no = ?1";
    /// The oldest replay of a tenant that has ended.
    REPLAY_OLDEST = "SELECT replay_no FROM replay INDEXED BY replay_by_tenant WHERE tenant_no = ?1 AND status <> 1
        ORDER BY replay_no LIMIT 1";
    /// Forgets a replay.
    REPLAY_DELETE = "DELETE FROM replay WHERE replay_no = ?1";
    /// The next unsuccessful deliveries of a subscription.
    REPLAY_FAILED = "SELECT d.delivery_no, e.id, e.deliveries < 0, d.status, d.reason
        FROM delivery d INDEXED BY delivery_unsuccessful CROSS JOIN event e ON e.event_no = d.delivery_no >> 12
        WHERE d.status >= 4 AND d.sub_no = ?1 AND d.delivery_no >= ?2 AND d.delivery_no < ?3
        ORDER BY d.delivery_no LIMIT ?4";
    /// The next events of a tenant.
    REPLAY_EVENTS = "SELECT event_no FROM event_listing WHERE tenant_no = ?1 AND event_no >= ?2 AND event_no < ?3
        ORDER BY event_no LIMIT ?4";
    /// What of an event decides whether it is replayed.
    REPLAY_EVENT = "SELECT id, type, tags, deliveries, length(data) FROM event WHERE event_no = ?1";
    /// Where a delivery stands.
    REPLAY_DELIVERY = "SELECT status, reason FROM delivery WHERE delivery_no = ?1";
    /// The last delivery of an event.
    REPLAY_LAST_DELIVERY = "SELECT delivery_no FROM delivery WHERE delivery_no >= ?1 AND delivery_no < ?2
        ORDER BY delivery_no DESC LIMIT 1";
    /// Whether more than so many deliveries wait in a lane.
    LANE_REACHES = "SELECT 1 FROM queue WHERE tenant_no = ?1 AND sub_no = ?2 AND generation = ?3 LIMIT 1 OFFSET ?4";
}
