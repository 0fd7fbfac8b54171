//! A limit on everything, in one place. Units stand last in the names.

use std::time::Duration;

/// A number that a caller may choose, with what it is when they do not.
#[derive(Clone, Copy, Debug)]
pub struct Bounds<T> {
    /// Smallest allowed value.
    pub min: T,
    /// Largest allowed value.
    pub max: T,
    /// Value when none is given.
    pub default: T,
}

// --- What a caller sends -------------------------------------------------------------------------------------------

/// Body of one event; larger is 413.
pub const EVENT_BODY_BYTES_MAX: usize = 1024 * 1024;
/// Body of a batch of events.
pub const BATCH_BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Events in one batch.
pub const BATCH_EVENTS_MAX: usize = 1_000;
/// Body of every other request.
pub const REQUEST_BODY_BYTES_MAX: usize = 256 * 1024;
/// Characters of a tenant's id.
pub const TENANT_ID_CHARS_MAX: usize = 128;
/// Characters of an event type.
pub const EVENT_TYPE_CHARS_MAX: usize = 128;
/// Characters of an idempotency key.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 128;
/// How long an idempotency key is remembered.
pub const IDEMPOTENCY_RETENTION: Duration = Duration::from_secs(7 * 24 * 3600);
/// Tags of one event.
pub const TAGS_MAX: usize = 32;
/// Characters of one tag.
pub const TAG_CHARS_MAX: usize = 128;
/// Bytes of all attributes of one event, as JSON.
pub const ATTRIBUTES_BYTES_MAX: usize = 16 * 1024;
/// Bytes of `tracestate`; a longer one is left out.
pub const TRACE_STATE_BYTES_MAX: usize = 512;
/// Members of `tracestate`, as the standard has it.
pub const TRACE_STATE_MEMBERS_MAX: usize = 32;
/// Characters of a name that people see.
pub const NAME_CHARS_MAX: usize = 255;
/// Characters of a description.
pub const DESCRIPTION_CHARS_MAX: usize = 4_096;
/// Characters of an endpoint's URL.
pub const URL_CHARS_MAX: usize = 4_096;
/// Event types that a tenant adds to its profile's.
pub const EVENT_TYPES_PER_TENANT_MAX: usize = 500;
/// Bytes of the JSON Schema of such an event type.
pub const EVENT_TYPE_SCHEMA_BYTES_MAX: usize = 64 * 1024;
/// Bytes of the example of such an event type.
pub const EVENT_TYPE_EXAMPLE_BYTES_MAX: usize = 64 * 1024;
/// Names of event types that a tenant's log numbers. Entries of further ones name no type, and who looks for one reads the
/// events themselves; so a caller that invents names fills nothing but its own share.
pub const EVENT_TYPES_NUMBERED_MAX: usize = 10_000;
/// How long the events of a tenant or of a profile are kept, before anybody else says less.
pub const RETENTION: Bounds<Duration> = Bounds {
    min: Duration::from_secs(60),
    max: Duration::from_secs(3_650 * 24 * 3600),
    default: Duration::from_secs(30 * 24 * 3600),
};
/// Bytes of events' data that are kept for a tenant.
pub const RETENTION_BYTES: Bounds<u64> = Bounds { min: 1024 * 1024, max: 1 << 50, default: 1 << 50 };
/// Contacts of a tenant.
pub const CONTACTS_MAX: usize = 20;
/// Shares of its budget, in per cent, that a subscription's backlog passes when its operator is told that it grows.
pub const BACKLOG_TOLD_PERCENT: [u8; 3] = [10, 50, 90];
/// For so long a mail to a contact is tried.
pub const MAIL_TRIED_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// Deliveries that a mail names of those of a subscription that failed; the others it counts.
pub const NOTICE_DELIVERIES_MAX: usize = 5;
/// Characters of a mail address (RFC 5321, section 4.5.3.1.3).
pub const MAIL_CHARS_MAX: usize = 254;

/// Named endpoints that a tenant may keep: the values of an option of the type `endpoints`.
pub const ENDPOINTS_MAX: usize = 100;
/// Characters in the name of one.
pub const ENDPOINT_NAME_CHARS_MAX: usize = 128;
/// Bytes of the key of one.
pub const ENDPOINT_KEY_BYTES_MAX: usize = 1_024;

// --- Keys and the audit --------------------------------------------------------------------------------------------

/// Keys of one tenant that are not revoked.
pub const KEYS_PER_TENANT_MAX: usize = 100;
/// Revoked keys of one tenant that are remembered, so that their holders hear why; the oldest go first.
pub const KEYS_REVOKED_KEPT_MAX: usize = 100;
/// Keys that are kept ready in memory.
pub const KEYS_CACHED_MAX: usize = 10_000;
/// Calls that the rate limit of a key allows within its span.
pub const KEY_RATE_LIMIT_COUNT: Bounds<u32> = Bounds { min: 1, max: 1_000_000, default: 1_000 };
/// Calls of the compatible API of LeadSquared with one pair of keys within any span of the next length: the numbers of its pages.
pub const LEADSQUARED_CALLS_MAX: u32 = 25;
/// That span.
pub const LEADSQUARED_CALLS_SPAN: Duration = Duration::from_secs(5);
/// How long the audit is kept.
pub const AUDIT_AGE_MAX: Duration = Duration::from_secs(365 * 24 * 3600);
/// Entries of the audit that are kept; above it the oldest go, whatever their age.
pub const AUDIT_ENTRIES_MAX: u64 = 10_000_000;
/// Entries of one tenant in it, a hundredth of all: above it its own oldest go, so that a tenant with very many changes pushes
/// out nobody else's.
pub const AUDIT_ENTRIES_PER_TENANT_MAX: u64 = 100_000;
/// The same actor that reads the same secret again within this time is told of once.
pub const AUDIT_SAME_WITHIN: Duration = Duration::from_secs(10 * 60);
/// Newest entries of a tenant among which an entry is looked for that says the same.
pub const AUDIT_SAME_LOOKS_MAX: usize = 250;
/// Bytes of all fields of one entry before and after; of a larger change only the names of the fields are kept.
pub const AUDIT_CHANGES_BYTES_MAX: usize = 16 * 1024;
/// Characters of one value in it; a longer one is cut.
pub const AUDIT_VALUE_CHARS_MAX: usize = 1_000;

// --- Subscriptions -------------------------------------------------------------------------------------------------

/// Subscriptions of one tenant.
pub const SUBSCRIPTIONS_PER_TENANT_MAX: usize = 1_000;
/// Bytes of all settings of one tenant, as they are stored: its subscriptions and the event types that it added. They are read as
/// a whole before an event is routed.
pub const TENANT_SETTINGS_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes of memory of tenants that are kept ready, over all of them; those used longest ago go first.
pub const SETTINGS_CACHED_BYTES_MAX: usize = 512 * 1024 * 1024;
/// Bytes of memory of earlier versions of subscriptions that are kept ready, since deliveries of a moment ago still name them.
pub const EARLIER_CACHED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Event types one subscription may name.
pub const SUBSCRIPTION_EVENTS_MAX: usize = 500;
/// Tag sets of one subscription.
pub const TAG_SETS_MAX: usize = 100;
/// Headers a subscription may add to its requests.
pub const CUSTOM_HEADERS_MAX: usize = 30;
/// Bytes of one such header's value.
pub const HEADER_VALUE_BYTES_MAX: usize = 4_096;
/// Exchanges one subscription has under way at a time.
pub const CONCURRENCY: Bounds<u32> = Bounds { min: 1, max: 1_000, default: 8 };
/// Exchanges that a rate limit allows within its span.
pub const RATE_LIMIT_COUNT: Bounds<u32> = Bounds { min: 1, max: 10_000, default: 100 };
/// The span of a rate limit.
pub const RATE_LIMIT_PER: Bounds<Duration> = Bounds {
    min: Duration::from_millis(100),
    max: Duration::from_secs(24 * 3600),
    default: Duration::from_secs(1),
};
/// Attempts of one pass through the retry schedule.
pub const RETRY_ATTEMPTS: Bounds<u32> = Bounds { min: 1, max: 30, default: 10 };
/// One gap of a retry schedule.
pub const RETRY_GAP_MAX: Duration = Duration::from_secs(7 * 24 * 3600);
/// Gaps of an own retry schedule: one between each two attempts.
pub const RETRY_GAPS_MAX: usize = RETRY_ATTEMPTS.max as usize - 1;
/// Deliveries that fail one after the other until their subscription becomes inactive, where its profile says so.
pub const DEACTIVATE_AFTER_FAILURES_MAX: u32 = 1_000;
/// The shortest time without a success after which the operator may have a failing subscription become inactive.
pub const DEACTIVATE_AFTER_MIN: Duration = Duration::from_secs(3600);
/// The longest.
pub const DEACTIVATE_AFTER_MAX: Duration = Duration::from_secs(90 * 24 * 3600);
/// Patterns of statuses that one subscription may name as success.
pub const SUCCESS_PATTERNS_MAX: usize = 20;
/// Characters of one such pattern.
pub const SUCCESS_PATTERN_CHARS_MAX: usize = 16;
/// The whole exchange: name, connection, request, response.
pub const TIMEOUT: Bounds<Duration> =
    Bounds { min: Duration::from_secs(1), max: Duration::from_secs(60), default: Duration::from_secs(15) };
/// How long after its event a delivery is sent for the first time.
pub const DELAY: Bounds<Duration> =
    Bounds { min: Duration::ZERO, max: Duration::from_secs(30 * 24 * 3600), default: Duration::ZERO };
/// How long a group takes events.
pub const GROUP_WINDOW: Bounds<Duration> = Bounds {
    min: Duration::from_secs(1),
    max: Duration::from_secs(24 * 3600),
    default: Duration::from_secs(60),
};
/// Events of a group, where the profile does not say.
pub const GROUP_EVENTS: Bounds<u32> = Bounds { min: 1, max: 1_000, default: 1_000 };
/// Bytes of the data of a group's events, where the profile does not say.
pub const GROUP_BYTES: Bounds<u64> = Bounds { min: 1, max: 1024 * 1024, default: 1024 * 1024 };
/// How long an old secret may go on signing.
pub const ROTATION_GRACE: Bounds<Duration> = Bounds {
    min: Duration::ZERO,
    max: Duration::from_secs(7 * 24 * 3600),
    default: Duration::from_secs(24 * 3600),
};
/// Secrets that sign at the same time.
pub const SECRETS_MAX: usize = 5;

// --- What a receiver sends -----------------------------------------------------------------------------------------

/// Bytes of a response's body that are read and kept.
pub const RESPONSE_BODY_BYTES_MAX: usize = 16 * 1024;
/// Bytes of a response's headers that are kept.
pub const RESPONSE_HEADERS_BYTES_MAX: usize = 8 * 1024;
/// Headers of a response that are kept; a `Retry-After` behind them is kept too.
pub const RESPONSE_HEADERS_MAX: usize = 100;
/// How long the response's body may take once the status is known.
pub const RESPONSE_BODY_TIME_MAX: Duration = Duration::from_secs(2);
/// The longest delay that `Retry-After` may ask for.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 3600);

// --- The way out ---------------------------------------------------------------------------------------------------

/// Names whose addresses are remembered.
pub const NAMES_KNOWN_MAX: usize = 8_192;
/// How long an address is believed, whatever its name server says. A second at least, so that a busy lane does not ask
/// at each of its dials; a minute at most, so that a receiver that moved is met again within the first retries.
pub const NAME_TIME: Bounds<Duration> =
    Bounds { min: Duration::from_secs(1), max: Duration::from_secs(60), default: Duration::from_secs(60) };
/// How long it is believed that a name has no address: somebody may be setting it up just now.
pub const NAME_MISSING_TIME: Duration = Duration::from_secs(10);
/// How long a name server that does not answer is left alone about a name.
pub const NAME_FAILED_TIME: Duration = Duration::from_secs(1);
/// Bytes of one PEM text of a subscription: its certificates, its key, its authorities.
pub const TLS_PEM_BYTES_MAX: usize = 32 * 1024;
/// Certificates in one such text.
pub const TLS_CERTIFICATES_MAX: usize = 20;
/// Channels whose connections are kept: of more than these the one that was used longest ago gives its connections up.
pub const CHANNELS_MAX: usize = 512;

// --- The life of a delivery ----------------------------------------------------------------------------------------

/// A delivery ends at the latest this long after its schedule would have ended.
pub const EXPIRY_AFTER_SCHEDULE: Duration = Duration::from_secs(24 * 3600);

/// Deliveries that may wait for one subscription; beyond it the oldest fail.
pub const BACKLOG_DELIVERIES_MAX: u64 = 1_000_000;
/// Bytes of events' data that may wait for one subscription; beyond it the oldest deliveries fail.
pub const BACKLOG_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// Events of one delivery: the most that a profile may allow a group.
pub const DELIVERY_EVENTS_MAX: usize = 10_000;
/// Bytes of their data.
pub const DELIVERY_EVENTS_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Groups of one subscription that take events at a time. Further ones are sent with their first event alone.
pub const OPEN_GROUPS_PER_SUBSCRIPTION_MAX: usize = 10_000;
/// Groups of all that take events at a time.
pub const OPEN_GROUPS_MAX: usize = 200_000;
/// Events that a list names of each delivery, the first ones; the delivery itself names all.
pub const DELIVERY_EVENTS_LISTED_MAX: usize = 250;

// --- Replays -------------------------------------------------------------------------------------------------------

/// Replays of one tenant that run at a time.
pub const REPLAYS_RUNNING_PER_TENANT_MAX: usize = 5;
/// Replays of one tenant that are remembered; the oldest that ended go first.
pub const REPLAYS_KEPT_PER_TENANT_MAX: usize = 1_000;
/// Deliveries that a replay queues within the span of its pace, which is bounded as that of a rate limit.
pub const REPLAY_PACE_COUNT: Bounds<u32> = Bounds { min: 1, max: 10_000, default: 1_000 };
/// Deliveries that may wait for a subscription before its replay goes on: a hundredth of the subscription's budget, so
/// that no replay crowds out what comes in.
pub const REPLAY_WAITING_MAX: u64 = 10_000;
/// Rows that one step of a replay looks at.
pub const REPLAY_STEP_ROWS_MAX: usize = 1_000;
/// How long one step of a replay may keep the writer.
pub const REPLAY_STEP_TIME_MAX: Duration = Duration::from_millis(3);
/// How long a replay is counted before the count is a lower bound.
pub const REPLAY_COUNT_TIME_MAX: Duration = Duration::from_millis(1_500);

// --- Commits and memory --------------------------------------------------------------------------------------------

/// Rows one commit writes, except for one larger single event.
pub const COMMIT_ROWS_MAX: usize = 2_000;
/// Bytes of events one commit writes, except for one larger single event.
pub const COMMIT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Subscriptions that are served by the commit of the event itself. An event that goes to more of them is served by steps in later
/// commits, but for those that are ordered.
pub const DELIVERIES_WITH_EVENT_MAX: usize = 50;
/// Large fan-outs that are open at a time. Of one tenant there are no more than are left for all others; above that its events that
/// bring one wait.
pub const OPEN_FANOUTS_MAX: usize = 1_000;
/// Bytes of events that wait for their commit; above it ingest answers 429, and earlier for a tenant that has more of
/// them than is left for all others.
pub const UNACKNOWLEDGED_BYTES_MAX: usize = 128 * 1024 * 1024;
/// Events that wait for their commit; as for the bytes. A second or two of work, so that an answer comes early.
pub const UNACKNOWLEDGED_EVENTS_MAX: usize = 65_536;
/// Bytes of requests' bodies that are read or worked on at a time, where a body is longer than the next limit; above it
/// publishing answers 429, as above. Parsed, and with the answers of a batch, each byte takes three to five of memory.
pub const REQUEST_BODIES_BYTES_MAX: usize = 48 * 1024 * 1024;
/// Bodies up to this length are taken without asking; there are as many as connections at most.
pub const REQUEST_BODY_FREE_BYTES_MAX: usize = 16 * 1024;
/// Longer ones take so many bytes more each time that they need more, and not what they announce: so one that does not come
/// keeps nobody out.
pub const REQUEST_BODY_STEP_BYTES: usize = 64 * 1024;
/// Longer ones at a time.
pub const REQUEST_BODIES_MAX: usize = 4_096;
/// Deliveries a lane keeps in memory; more wait in the store only. For deliveries of a kilobyte the bytes below come
/// first; a smaller number would send each batch of events through the store a second time.
pub const LANE_DELIVERIES_MAX: usize = 1_000;
/// Bytes of deliveries a lane keeps in memory.
pub const LANE_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of deliveries that all lanes keep in memory. A tenant takes more only while it holds no more than is left for all others.
pub const LANES_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Exchanges under way at a time, over all lanes: half of them for lanes whose receivers are slow, so that those that hang
/// leave the other half alone. Of each half a tenant has no more than are free for all others.
pub const EXCHANGES_MAX: usize = 2_048;
/// Bytes of memory that exchanges under way take: events and the bodies made of them. Shared as the exchanges are; one for
/// each tenant is always allowed.
pub const EXCHANGES_BYTES_MAX: usize = 512 * 1024 * 1024;
/// An exchange that takes at least so long makes its lane a slow one.
pub const SLOW_EXCHANGE: Duration = Duration::from_secs(1);
/// Exchanges under way at a time to one host and port.
pub const EXCHANGES_PER_HOST_MAX: usize = 1_024;
/// Of these, those of one lane: a quarter.
pub const EXCHANGES_PER_HOST_AND_LANE_MAX: u32 = 256;
/// Connections to one host and port that wait for their next exchange for more than a moment, over all tenants, since each tenant
/// has its own: as many as one lane has exchanges under way. As many of HTTP/2 are kept beside them.
pub const CONNECTIONS_PER_ADDRESS_MAX: usize = 256;
/// Failures in a row after which a lane is slowed down: it sends one probe after each pause.
pub const BREAKER_FAILURES: u32 = 10;
/// The first pause of a slowed lane; each failed probe doubles it.
pub const BREAKER_PAUSE_MIN: Duration = Duration::from_millis(500);
/// Its longest pause.
pub const BREAKER_PAUSE_MAX: Duration = Duration::from_secs(60);
/// Calls under way that make due what waits for a subscription.
pub const SEND_NOWS_MAX: usize = 16;
/// Tests of subscriptions under way at a time, of all tenants. Of one tenant there are no more than are free for all others, so
/// 32 of a tenant alone; more are answered 429.
pub const TESTS_MAX: usize = 64;
/// Handshakes of a profile, each of which is an exchange when a subscription is created.
pub const HANDSHAKES_PER_PROFILE_MAX: usize = 8;
/// Subscriptions whose handshakes wait to be made behind the answer that changed them; of one tenant no more than are free for all
/// others. What is beyond is not made, but for those that must pass: these are read from the store again.
pub const HANDSHAKES_WAITING_MAX: usize = 1_024;
/// Subscriptions whose handshakes are made at a time in the background; as for the tests, so 16 of a tenant alone.
pub const HANDSHAKES_UNDER_WAY_MAX: usize = 32;
/// Characters of what is said of a handshake that failed.
pub const VERIFICATION_DETAIL_CHARS_MAX: usize = 500;
/// Reads of lanes' next deliveries under way at a time.
pub const REFILLS_MAX: usize = 4;
/// Outcomes that wait for their commit; above it no new attempt starts.
pub const OUTCOMES_WAITING_MAX: usize = 10_000;
/// Bytes of responses in them; above it no new attempt starts.
pub const OUTCOMES_BYTES_MAX: usize = 32 * 1024 * 1024;

// --- Callers' connections ------------------------------------------------------------------------------------------

/// Connections of callers that are open at a time; further ones wait in the system's queue until one closes.
pub const CONNECTIONS_MAX: usize = 10_000;
/// The same on the listener of the figures, which only collectors reach.
pub const METRICS_CONNECTIONS_MAX: usize = 100;

// --- The inspector -------------------------------------------------------------------------------------------------

/// Bins of the inspector; a further one takes the place of another, of somebody who has many.
pub const INSPECTOR_BINS_MAX: usize = 1_000;
/// Requests that a bin keeps; a further one takes the place of its oldest.
pub const INSPECTOR_REQUESTS_PER_BIN_MAX: usize = 200;
/// Bytes of all that the inspector keeps; beyond it whoever has most loses the oldest requests of the fullest bin.
pub const INSPECTOR_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Bytes of requests on one page of a bin; the page ends before the request that would go beyond it, but not before its
/// first. Written as JSON or as a page for people they may be several times as long.
pub const INSPECTOR_PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes of such pages that are on their way to their readers at a time, a share of them to one; a further page is answered
/// 503.
pub const INSPECTOR_PAGES_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Bytes of bodies that the inspector is reading at a time, as far as it keeps them, a share of them from one sender; beyond
/// it the answer is 503.
pub const INSPECTOR_BODIES_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Answers that wait at a time, over all bins, a share of them for one sender; a further one is 503 at once.
pub const INSPECTOR_ANSWERS_WAITING_MAX: usize = 4_096;
/// Of these, those of one bin: as many as a lane has exchanges under way to one host.
pub const INSPECTOR_ANSWERS_WAITING_PER_BIN_MAX: usize = 256;
/// Bytes of a body that the inspector keeps.
pub const INSPECTOR_BODY_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of a body that the inspector reads; a longer one is answered 413.
pub const INSPECTOR_BODY_BYTES_READ_MAX: usize = 32 * 1024 * 1024;
/// A bin that nobody writes to and nobody looks at goes after this time.
pub const INSPECTOR_IDLE_MAX: Duration = Duration::from_secs(24 * 3600);
/// Characters of a bin's name; `postroad dev` takes shorter ones.
pub const INSPECTOR_BIN_CHARS: Bounds<usize> = Bounds { min: 8, max: 64, default: 24 };
/// Bytes of the body that a bin answers.
pub const INSPECTOR_ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Status that a bin answers.
pub const INSPECTOR_ANSWER_STATUS: Bounds<u32> = Bounds { min: 200, max: 599, default: 200 };
/// How long a bin may wait before it answers: longer than any exchange may take, so that every timeout can be tried.
pub const INSPECTOR_ANSWER_DELAY: Bounds<Duration> =
    Bounds { min: Duration::ZERO, max: Duration::from_secs(90), default: Duration::ZERO };

/// Tenants with counters of their own in the metrics, where they are asked for; the rest is counted together.
pub const METRICS_TENANTS_MAX: usize = 1_000;

/// Changes that a reader of the store's feed has not taken yet; one that falls further behind forgets all it remembers.
pub const CHANGES_WAITING_MAX: usize = 1_024;

// --- Lists ---------------------------------------------------------------------------------------------------------

/// Items of one page of a list.
pub const PAGE_ITEMS: Bounds<usize> = Bounds { min: 1, max: 250, default: 50 };
/// Bytes of events or settings on one page; it ends behind the item that reaches them and has a `next`, however many items were
/// asked for.
pub const PAGE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Rows one page may look at: a page with a rare filter may be short and still have a `next`.
pub const PAGE_ROWS_SCANNED_MAX: usize = 5_000;
