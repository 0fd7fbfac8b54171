//! Every SQL text that runs while Postroad works, by name. `docs/data-model.md` lists each with the index it uses and
//! the rows it touches; `tests/plans.rs` asks SQLite for each plan and compares.
//!
//! **Invariant:** none of them scans a table, except the four that fill the writer's memory when the store is opened.

macro_rules! queries {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $text;)*
        /// Every query with its name.
        pub const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

queries! {
    // --- accepting ---------------------------------------------------------------------------------------------
    /// Appends an event.
    EVENT_INSERT = "INSERT INTO event (event_no, tenant_no, id, type, accepted_at, occurred_at, deliveries, tags,
        attributes, data, profile_no, tenant_version, trace)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
    /// Appends a delivery.
    DELIVERY_INSERT = "INSERT INTO delivery (delivery_no, tenant_no, sub_no, sub_version, status, reason, attempts, at,
        created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?8)";
    /// Lists an event under its tenant.
    EVENT_LISTING_INSERT = "INSERT OR IGNORE INTO event_listing (tenant_no, event_no) VALUES (?1, ?2)";
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

    // --- large fan-outs ----------------------------------------------------------------------------------------
    /// Keeps the targets that later commits serve.
    FANOUT_INSERT = "INSERT INTO fanout (event_no, tenant_no, next_number, targets) VALUES (?1, ?2, ?3, ?4)";
    /// What is left of a fan-out.
    FANOUT_FIND = "SELECT next_number, targets FROM fanout WHERE event_no = ?1";
    /// Keeps what is left after a step.
    FANOUT_UPDATE = "UPDATE fanout SET next_number = ?2, targets = ?3 WHERE event_no = ?1";
    /// Ends a fan-out.
    FANOUT_DELETE = "DELETE FROM fanout WHERE event_no = ?1";
    /// The oldest fan-outs that are not finished.
    FANOUT_LIST = "SELECT f.tenant_no, e.id, f.targets, f.next_number FROM fanout f CROSS JOIN tenant t ON t.tenant_no = f.tenant_no
        CROSS JOIN event e ON e.event_no = f.event_no
        WHERE f.event_no > 0 AND t.deleted_at IS NULL ORDER BY f.event_no LIMIT ?1";

    // --- outcomes ----------------------------------------------------------------------------------------------
    /// Takes a delivery out of the queue.
    QUEUE_DELETE = "DELETE FROM queue WHERE tenant_no = ?1 AND sub_no = ?2 AND generation = ?3 AND due = ?4
        AND delivery_no = ?5";
    /// Whether a delivery has a place in the queue, and until when it is not tried there.
    QUEUE_FIND = "SELECT not_before FROM queue WHERE tenant_no = ?1 AND sub_no = ?2 AND generation = ?3 AND due = ?4
        AND delivery_no = ?5";
    /// Sets where a delivery stands, in place.
    DELIVERY_SET = "UPDATE delivery SET status = ?2, reason = ?3, attempts = attempts + ?4, at = ?5
        WHERE delivery_no = ?1";
    /// Notes a success that arrived after the delivery was called off.
    DELIVERY_LATE_SUCCESS = "UPDATE delivery SET status = 3, reason = NULL, attempts = attempts + ?2, at = ?3
        WHERE delivery_no = ?1 AND status = 5";
    /// Counts attempts of a delivery that does not follow them.
    DELIVERY_COUNT = "UPDATE delivery SET attempts = attempts + ?2 WHERE delivery_no = ?1";
    /// Appends an attempt.
    ATTEMPT_INSERT = "INSERT INTO attempt (attempt_no, delivery_no, number, id, at, duration_us, status, error_class,
        request, response) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

    // --- lanes -------------------------------------------------------------------------------------------------
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

    // --- sweeping ----------------------------------------------------------------------------------------------
    /// Sweep and backlog: the next rows of a generation.
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
    DELIVERY_STANDING = "SELECT d.status, d.at, length(e.data) FROM delivery d
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
    ERASE_NEXT_DELIVERY = "SELECT delivery_no, sub_no FROM delivery WHERE delivery_no >= ?1 AND delivery_no < ?2
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

    // --- forgetting --------------------------------------------------------------------------------------------
    /// The next event that may go.
    PRUNE_NEXT = "SELECT event_no, tenant_no, accepted_at, length(data) FROM event WHERE event_no >= ?1 ORDER BY event_no LIMIT 1";
    /// The next events of a tenant that may go.
    PRUNE_NEXT_OF_TENANT = "SELECT event_no FROM event_listing WHERE tenant_no = ?1 AND event_no >= ?2
        AND event_no < ?3 ORDER BY event_no LIMIT ?4";
    /// The deliveries of an event, with what decides on them.
    PRUNE_DELIVERIES = "SELECT delivery_no, sub_no, status, attempts FROM delivery
        WHERE delivery_no >= ?1 AND delivery_no < ?2 ORDER BY delivery_no";
    /// Whether more deliveries of an event are to come.
    PRUNE_FANOUT = "SELECT 1 FROM fanout WHERE event_no = ?1";
    /// When the oldest event was accepted.
    EVENT_FIRST = "SELECT accepted_at FROM event WHERE event_no > 0 ORDER BY event_no LIMIT 1";

    // --- configuration -----------------------------------------------------------------------------------------
    /// Creates a tenant.
    TENANT_INSERT = "INSERT INTO tenant (id, version, config_version, created_at, updated_at)
        VALUES (?1, 1, 1, ?2, ?2)";
    /// Leads a tenant to a new version.
    TENANT_REPLACE = "UPDATE tenant SET version = ?2, config_version = config_version + 1, updated_at = ?3
        WHERE tenant_no = ?1";
    /// Keeps what the caller set in a version of a tenant.
    TENANT_VERSION_INSERT = "INSERT INTO tenant_version (tenant_no, version, spec) VALUES (?1, ?2, ?3)";
    /// Tells that a subscription or an event type of the tenant changed.
    TENANT_TOUCH = "UPDATE tenant SET config_version = config_version + 1 WHERE tenant_no = ?1";
    /// Hides a tenant.
    TENANT_HIDE = "UPDATE tenant SET deleted_at = ?2 WHERE tenant_no = ?1";
    /// Whether a tenant was not deleted.
    TENANT_LIVES = "SELECT 1 FROM tenant WHERE tenant_no = ?1 AND deleted_at IS NULL";
    /// A tenant by the caller's name for it, with what was set in its current version.
    TENANT_BY_ID = "SELECT t.tenant_no, t.id, t.version, t.config_version, t.created_at, t.updated_at, v.spec
        FROM tenant t CROSS JOIN tenant_version v ON v.tenant_no = t.tenant_no AND v.version = t.version
        WHERE t.id = ?1 AND t.deleted_at IS NULL";
    /// The same by its number.
    TENANT_BY_NO = "SELECT t.tenant_no, t.id, t.version, t.config_version, t.created_at, t.updated_at, v.spec
        FROM tenant t CROSS JOIN tenant_version v ON v.tenant_no = t.tenant_no AND v.version = t.version
        WHERE t.tenant_no = ?1 AND t.deleted_at IS NULL";
    /// Tenants by id.
    TENANT_LIST = "SELECT t.tenant_no, t.id, t.version, t.config_version, t.created_at, t.updated_at, v.spec
        FROM tenant t CROSS JOIN tenant_version v ON v.tenant_no = t.tenant_no AND v.version = t.version
        WHERE t.id > ?1 AND t.deleted_at IS NULL ORDER BY t.id LIMIT ?2";
    /// What the caller had set in a version of a tenant.
    TENANT_VERSION = "SELECT v.spec FROM tenant t CROSS JOIN tenant_version v ON v.tenant_no = t.tenant_no
        WHERE t.tenant_no = ?1 AND t.deleted_at IS NULL AND v.version = ?2";
    /// How many event types a tenant has of its own.
    EVENT_TYPE_COUNT = "SELECT count(*) FROM event_type WHERE tenant_no = ?1";
    /// Whether a tenant has an event type of that name.
    EVENT_TYPE_FIND = "SELECT 1 FROM event_type WHERE tenant_no = ?1 AND name = ?2";
    /// Adds or replaces an event type of a tenant.
    EVENT_TYPE_PUT = "INSERT INTO event_type (tenant_no, name, spec) VALUES (?1, ?2, ?3)
        ON CONFLICT (tenant_no, name) DO UPDATE SET spec = excluded.spec";
    /// Removes an event type of a tenant.
    EVENT_TYPE_DELETE = "DELETE FROM event_type WHERE tenant_no = ?1 AND name = ?2";
    /// The event types of a tenant by name.
    EVENT_TYPE_LIST = "SELECT spec FROM event_type WHERE tenant_no = ?1 ORDER BY name";
    /// How many subscriptions a tenant has.
    SUBSCRIPTION_COUNT = "SELECT count(*) FROM subscription INDEXED BY subscription_by_tenant
        WHERE tenant_no = ?1 AND deleted_at IS NULL";
    /// Creates a subscription.
    SUBSCRIPTION_INSERT = "INSERT INTO subscription (tenant_no, id, version, generation, inactive, inactive_at,
        created_at, updated_at) VALUES (?1, ?2, 1, 0, ?3, ?4, ?5, ?5)";
    /// Keeps the spec and the secrets of a version.
    VERSION_INSERT = "INSERT INTO subscription_version (sub_no, version, spec, secrets) VALUES (?1, ?2, ?3, ?4)";
    /// Writes a changed subscription.
    SUBSCRIPTION_SET = "UPDATE subscription SET version = ?2, generation = ?3, inactive = ?4, inactive_at = ?5,
        updated_at = ?6 WHERE sub_no = ?1";
    /// Makes a subscription inactive without a new version.
    SUBSCRIPTION_DEACTIVATE = "UPDATE subscription SET inactive = ?2, inactive_at = ?3, updated_at = ?3
        WHERE sub_no = ?1";
    /// Deletes a subscription; its history goes on naming it.
    SUBSCRIPTION_HIDE = "UPDATE subscription SET generation = ?2, deleted_at = ?3 WHERE sub_no = ?1";
    /// A subscription by its id, with the spec and the secrets of its current version.
    SUBSCRIPTION_BY_ID = "SELECT s.sub_no, s.id, s.tenant_no, s.version, s.inactive, s.inactive_at, s.created_at,
        s.updated_at, v.secrets, v.spec FROM subscription s
        CROSS JOIN subscription_version v ON v.sub_no = s.sub_no AND v.version = s.version
        WHERE s.id = ?2 AND s.tenant_no = ?1 AND s.deleted_at IS NULL";
    /// The same by its number.
    SUBSCRIPTION_BY_NO = "SELECT s.sub_no, s.id, s.tenant_no, s.version, s.inactive, s.inactive_at, s.created_at,
        s.updated_at, v.secrets, v.spec FROM subscription s
        CROSS JOIN subscription_version v ON v.sub_no = s.sub_no AND v.version = s.version
        WHERE s.sub_no = ?2 AND s.tenant_no = ?1 AND s.deleted_at IS NULL";
    /// The subscriptions of a tenant in the order of their creation.
    SUBSCRIPTION_LIST = "SELECT s.sub_no, s.id, s.tenant_no, s.version, s.inactive, s.inactive_at, s.created_at,
        s.updated_at, v.secrets, v.spec FROM subscription s INDEXED BY subscription_by_tenant
        CROSS JOIN subscription_version v ON v.sub_no = s.sub_no AND v.version = s.version
        WHERE s.tenant_no = ?1 AND s.deleted_at IS NULL ORDER BY s.sub_no";
    /// The number of a subscription, a deleted one too.
    SUBSCRIPTION_NO = "SELECT sub_no FROM subscription WHERE id = ?2 AND tenant_no = ?1";
    /// The spec and the secrets of a version of a subscription, a deleted one too. A version from before secrets were
    /// kept by version has those of the current one.
    SUBSCRIPTION_VERSION = "SELECT v.spec, coalesce(v.secrets, c.secrets) FROM subscription s
        CROSS JOIN tenant t ON t.tenant_no = s.tenant_no
        CROSS JOIN subscription_version v ON v.sub_no = s.sub_no
        CROSS JOIN subscription_version c ON c.sub_no = s.sub_no AND c.version = s.version
        WHERE s.sub_no = ?2 AND s.tenant_no = ?1 AND t.deleted_at IS NULL AND v.version = ?3";

    // --- keys and the audit ------------------------------------------------------------------------------------
    /// How many keys a tenant has that are not revoked.
    KEY_COUNT = "SELECT count(*) FROM api_key WHERE tenant_no = ?1 AND revoked_at IS NULL";
    /// Keeps a new key.
    KEY_INSERT = "INSERT INTO api_key (tenant_no, id, hash, secret_hash, created_at, spec)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    /// The key that somebody brings.
    KEY_BY_HASH = "SELECT k.id, k.tenant_no, k.created_at, k.last_used_at, k.revoked_at, k.spec, k.hash, k.secret_hash, t.id
        FROM api_key k CROSS JOIN tenant t ON t.tenant_no = k.tenant_no
        WHERE k.hash = ?1 AND t.deleted_at IS NULL";
    /// Keys of a tenant that are not revoked, by id.
    KEY_LIST = "SELECT id, tenant_no, created_at, last_used_at, revoked_at, spec FROM api_key
        WHERE tenant_no = ?1 AND id > ?2 AND revoked_at IS NULL ORDER BY id LIMIT ?3";
    /// Revokes a key.
    KEY_REVOKE = "UPDATE api_key SET revoked_at = ?3 WHERE tenant_no = ?1 AND id = ?2 AND revoked_at IS NULL";
    /// The revoked keys of a tenant.
    KEY_REVOKED = "SELECT id, revoked_at FROM api_key WHERE tenant_no = ?1 AND revoked_at IS NOT NULL ORDER BY id";
    /// Forgets a key.
    KEY_DELETE = "DELETE FROM api_key WHERE tenant_no = ?1 AND id = ?2";
    /// Notes when a key was last used.
    KEY_USED = "UPDATE api_key SET last_used_at = max(coalesce(last_used_at, ?3), ?3) WHERE tenant_no = ?1 AND id = ?2";
    /// Appends an entry to the audit.
    AUDIT_INSERT = "INSERT INTO audit (id, at, tenant_no, tenant, actor, address, action, object, changes)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    /// Entries in a range, newest first.
    AUDIT_LIST = "SELECT audit_no, id, at, tenant_no, tenant, actor, address, action, object, changes FROM audit
        WHERE audit_no >= ?1 AND audit_no < ?2 ORDER BY audit_no DESC LIMIT ?3";
    /// Entries of a tenant in a range, newest first.
    AUDIT_LIST_OF_TENANT = "SELECT audit_no, id, at, tenant_no, tenant, actor, address, action, object, changes
        FROM audit WHERE tenant = ?1 AND audit_no >= ?2 AND audit_no < ?3 ORDER BY audit_no DESC LIMIT ?4";
    /// The newest entry.
    AUDIT_LAST = "SELECT audit_no FROM audit WHERE audit_no > 0 ORDER BY audit_no DESC LIMIT 1";
    /// The first entry at or behind a number.
    AUDIT_PROBE = "SELECT audit_no, at FROM audit WHERE audit_no >= ?1 ORDER BY audit_no LIMIT 1";
    /// Forgets an entry.
    AUDIT_DELETE = "DELETE FROM audit WHERE audit_no = ?1";

    // --- lists over all tenants --------------------------------------------------------------------------------
    /// The name of a tenant.
    TENANT_NAME = "SELECT id FROM tenant WHERE tenant_no = ?1 AND deleted_at IS NULL";
    /// Events in a range, newest first.
    EVENT_LIST_ALL = "SELECT id, type, accepted_at, occurred_at, deliveries, tags, attributes, data, profile_no,
        tenant_version, trace, event_no, tenant_no FROM event WHERE event_no >= ?1 AND event_no < ?2
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
        s.updated_at, v.secrets, v.spec, s.deleted_at IS NOT NULL FROM subscription s
        CROSS JOIN subscription_version v ON v.sub_no = s.sub_no AND v.version = s.version
        WHERE s.sub_no >= ?1 AND s.sub_no < ?2 ORDER BY s.sub_no DESC LIMIT ?3";

    // --- profiles ----------------------------------------------------------------------------------------------
    /// The number of the profile with these files.
    PROFILE_FIND = "SELECT profile_no FROM profile_version WHERE digest = ?1";
    /// Keeps a profile's files.
    PROFILE_INSERT = "INSERT INTO profile_version (name, digest, put_at, files) VALUES (?1, ?2, ?3, ?4)";
    /// Notes when a profile was put last.
    PROFILE_TOUCH = "UPDATE profile_version SET put_at = ?2 WHERE profile_no = ?1";
    /// A profile by its number.
    PROFILE_BY_NO = "SELECT profile_no, name, digest, put_at, files FROM profile_version WHERE profile_no = ?1";
    /// Of the next name the profile that was put last.
    PROFILE_NEXT = "SELECT profile_no, name, digest, put_at, files FROM profile_version
        WHERE name = (SELECT min(name) FROM profile_version WHERE name > ?1)
        ORDER BY put_at DESC, profile_no DESC LIMIT 1";

    // --- events ------------------------------------------------------------------------------------------------
    /// One event by its number.
    EVENT_BY_NO = "SELECT id, type, accepted_at, occurred_at, deliveries, tags, attributes, data, profile_no,
        tenant_version, trace FROM event
        WHERE event_no = ?1";
    /// One event by its id.
    EVENT_BY_ID = "SELECT id, type, accepted_at, occurred_at, deliveries, tags, attributes, data, profile_no,
        tenant_version, trace FROM event
        WHERE id = ?2 AND tenant_no = ?1";
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
    /// The newest event.
    EVENT_LAST = "SELECT event_no FROM event WHERE event_no > 0 ORDER BY event_no DESC LIMIT 1";

    // --- deliveries --------------------------------------------------------------------------------------------
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

    // --- what subscriptions were -------------------------------------------------------------------------------
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

    // --- replays -----------------------------------------------------------------------------------------------
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

    // --- the installation --------------------------------------------------------------------------------------
    /// A small value.
    SETTING_GET = "SELECT value FROM setting WHERE key = ?1";
    /// Keeps a small value.
    SETTING_PUT = "INSERT INTO setting (key, value) VALUES (?1, ?2)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    /// A write that changes bytes each time.
    PROBE = "INSERT INTO counter (name, value) VALUES ('probe', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1";

    // --- the writer's memory, filled once when the store is opened ---------------------------------------------
    /// Every tenant.
    LOAD_TENANTS = "SELECT tenant_no, config_version, deleted_at IS NOT NULL FROM tenant";
    /// Every subscription that is not deleted.
    LOAD_SUBSCRIPTIONS = "SELECT s.sub_no, s.tenant_no, s.generation, s.inactive FROM subscription s
        WHERE s.deleted_at IS NULL";
    /// Every mark that is not swept yet.
    LOAD_MARKS = "SELECT sub_no, generation, tenant_no, reason, at FROM mark";
    /// Events that are not in their listing yet.
    LOAD_UNLISTED_EVENTS = "SELECT tenant_no, event_no FROM event WHERE event_no >= ?1 ORDER BY event_no";
    /// Deliveries that are not in their listing yet.
    LOAD_UNLISTED_DELIVERIES = "SELECT tenant_no, sub_no, delivery_no FROM delivery WHERE delivery_no >= ?1
        ORDER BY delivery_no";
    /// Numbers that were given out before.
    LOAD_COUNTERS = "SELECT name, value FROM counter";
    /// The highest number of an attempt.
    ATTEMPT_LAST = "SELECT attempt_no FROM attempt WHERE attempt_no > 0 ORDER BY attempt_no DESC LIMIT 1";
}
