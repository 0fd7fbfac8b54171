//! Tenants, their event types and subscriptions, and profiles.

queries! { CONFIGURATION:
    // --- configuration ------------------------------------------------------------------------------------------
    /// Creates a tenant.
    TENANT_INSERT = "INSERT INTO tenant (id, version, config_version, created_at, updated_at)
        VALUES (?1, 1, 1, ?2, ?2)";
    /// Leads a tenant to a new version.
    TENANT_REPLACE = "UPDATE tenant SET version = version + 1, config_version = config_version + 1, updated_at = ?2
        WHERE tenant_no = ?1";
    /// Keeps what is set in the current version of a tenant.
    TENANT_VERSION_INSERT = "INSERT INTO tenant_version (tenant_no, version, spec)
        SELECT tenant_no, version, ?2 FROM tenant WHERE tenant_no = ?1";
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
    /// The version of a tenant's configuration.
    TENANT_CONFIG_VERSION = "SELECT config_version FROM tenant WHERE tenant_no = ?1 AND deleted_at IS NULL";
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
    /// The event types of a tenant behind a name, by name.
    EVENT_TYPE_LIST = "SELECT spec FROM event_type WHERE tenant_no = ?1 AND name > ?2 ORDER BY name";
    /// How many subscriptions a tenant has.
    SUBSCRIPTION_COUNT = "SELECT count(*) FROM subscription INDEXED BY subscription_by_tenant
        WHERE tenant_no = ?1 AND deleted_at IS NULL";
    /// Creates a subscription.
    SUBSCRIPTION_INSERT = "INSERT INTO subscription (tenant_no, id, version, generation, inactive, inactive_at,
        created_at, updated_at, verification, notifies) VALUES (?1, ?2, 1, 0, ?3, ?4, ?5, ?5, ?6, ?7)";
    /// Keeps the spec and the secrets of a version.
    VERSION_INSERT = "INSERT INTO subscription_version (sub_no, version, spec, secrets) VALUES (?1, ?2, ?3, ?4)";
    /// Writes a changed subscription.
    SUBSCRIPTION_SET = "UPDATE subscription SET version = ?2, generation = ?3, inactive = ?4, inactive_at = ?5,
        updated_at = ?6, verification = ?7, notifies = ?8 WHERE sub_no = ?1";
    /// Makes a subscription inactive without a new version.
    SUBSCRIPTION_DEACTIVATE = "UPDATE subscription SET inactive = ?2, inactive_at = ?3, updated_at = ?3,
        generation = ?4 WHERE sub_no = ?1";
    /// Writes what the handshakes of a subscription came to.
    SUBSCRIPTION_VERIFY = "UPDATE subscription SET verification = ?2 WHERE sub_no = ?1";
    /// Makes a subscription active without a new version.
    SUBSCRIPTION_ACTIVATE = "UPDATE subscription SET inactive = NULL, inactive_at = NULL, updated_at = ?2
        WHERE sub_no = ?1";
    /// The subscriptions that wait for handshakes that were not made.
    SUBSCRIPTIONS_PENDING = "SELECT s.tenant_no, s.sub_no FROM subscription s INDEXED BY subscription_pending
        CROSS JOIN tenant t ON t.tenant_no = s.tenant_no
        WHERE s.inactive = 5 AND s.deleted_at IS NULL AND s.verification ->> '$.state' = 'pending'
        AND (s.tenant_no, s.sub_no) > (?1, ?2) AND t.deleted_at IS NULL ORDER BY s.tenant_no, s.sub_no LIMIT ?3";
    /// Calls off what later commits of large fan-outs were still to create for a subscription, of events below a number.
    SUBSCRIPTION_CALL_OFF = "UPDATE subscription SET called_off = ?2 WHERE sub_no = ?1";
    /// Deletes a subscription; its history goes on naming it.
    SUBSCRIPTION_HIDE = "UPDATE subscription SET generation = ?2, deleted_at = ?3 WHERE sub_no = ?1";
    /// A subscription by its id, with the spec and the secrets of its current version.
    SUBSCRIPTION_BY_ID = "SELECT s.sub_no, s.id, s.tenant_no, s.version, s.inactive, s.inactive_at, s.created_at,
        s.updated_at, s.failures, s.failing_since, v.secrets, v.spec, s.verification FROM subscription s
        CROSS JOIN subscription_version v ON v.sub_no = s.sub_no AND v.version = s.version
        WHERE s.id = ?2 AND s.tenant_no = ?1 AND s.deleted_at IS NULL";
    /// The same by its number.
    SUBSCRIPTION_BY_NO = "SELECT s.sub_no, s.id, s.tenant_no, s.version, s.inactive, s.inactive_at, s.created_at,
        s.updated_at, s.failures, s.failing_since, v.secrets, v.spec, s.verification FROM subscription s
        CROSS JOIN subscription_version v ON v.sub_no = s.sub_no AND v.version = s.version
        WHERE s.sub_no = ?2 AND s.tenant_no = ?1 AND s.deleted_at IS NULL";
    /// The subscriptions of a tenant in the order of their creation.
    SUBSCRIPTION_LIST = "SELECT s.sub_no, s.id, s.tenant_no, s.version, s.inactive, s.inactive_at, s.created_at,
        s.updated_at, s.failures, s.failing_since, v.secrets, v.spec, s.verification FROM subscription s
        INDEXED BY subscription_by_tenant
        CROSS JOIN subscription_version v ON v.sub_no = s.sub_no AND v.version = s.version
        WHERE s.tenant_no = ?1 AND s.sub_no > ?2 AND s.deleted_at IS NULL ORDER BY s.sub_no";
    /// The number of a subscription, a deleted one too.
    SUBSCRIPTION_NO = "SELECT sub_no FROM subscription WHERE id = ?2 AND tenant_no = ?1";
    /// The spec and the secrets of a version of a subscription, a deleted one too. A version from before secrets were
    /// kept by version has those of the current one.
    SUBSCRIPTION_VERSION = "SELECT v.spec, coalesce(v.secrets, c.secrets) FROM subscription s
        CROSS JOIN tenant t ON t.tenant_no = s.tenant_no
        CROSS JOIN subscription_version v ON v.sub_no = s.sub_no
        CROSS JOIN subscription_version c ON c.sub_no = s.sub_no AND c.version = s.version
        WHERE s.sub_no = ?2 AND s.tenant_no = ?1 AND t.deleted_at IS NULL AND v.version = ?3";

    // --- profiles -----------------------------------------------------------------------------------------------
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
}
