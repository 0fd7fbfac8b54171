//! The table of problems: code, status, title. Codes are stable: callers decide on them.

use http::StatusCode;
use utoipa::ToSchema;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:ident, $title:literal;)*) => {
        /// A kind of problem; decide on this word.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
        #[schema(as = ProblemCode)]
        pub(crate) enum Code {
            $($(#[$doc])* #[schema(rename = $code)] $name,)*
        }

        impl Code {
            /// The word in the API.
            pub(crate) const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// The HTTP status.
            pub(crate) const fn status(self) -> StatusCode {
                match self {
                    $(Self::$name => StatusCode::$status,)*
                }
            }

            /// The kind in a few words.
            pub(crate) const fn title(self) -> &'static str {
                match self {
                    $(Self::$name => $title,)*
                }
            }
        }
    };
}

codes! {
    /// The body is not JSON.
    MalformedJson = "malformed_json", BAD_REQUEST, "The body is not JSON";
    /// The body is not text.
    InvalidUtf8 = "invalid_utf8", BAD_REQUEST, "The body is not UTF-8";
    /// A key stands twice in one object, so that nobody can say which value is meant.
    DuplicateKey = "duplicate_key", BAD_REQUEST, "A key stands twice";
    /// The connection broke before the body's end.
    IncompleteBody = "incomplete_body", BAD_REQUEST, "The body is incomplete";
    /// A cursor that the list did not make.
    BadCursor = "bad_cursor", BAD_REQUEST, "The cursor is not one of this list";
    /// The key is missing or wrong.
    Unauthorized = "unauthorized", UNAUTHORIZED, "A valid key is needed";
    /// The key does not allow this.
    Forbidden = "forbidden", FORBIDDEN, "The key does not allow this";
    /// The tenant is the operator's own.
    ReservedTenant = "reserved_tenant", FORBIDDEN, "Nobody else publishes in this tenant";
    /// No such route or object, or another tenant's.
    NotFound = "not_found", NOT_FOUND, "Not found";
    /// The route has other methods.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "The method is not allowed here";
    /// The body did not come in time.
    BodyTooSlow = "body_too_slow", REQUEST_TIMEOUT, "The body is too slow";
    /// The idempotency key was used before with other bytes.
    IdempotencyConflict = "idempotency_conflict", CONFLICT, "The idempotency key was used before";
    /// The subscription changed while it was being changed.
    SubscriptionChanged = "subscription_changed", CONFLICT, "The subscription changed in between";
    /// The profile of a tenant with subscriptions cannot be changed.
    TenantHasSubscriptions = "tenant_has_subscriptions", CONFLICT, "The tenant has subscriptions";
    /// The tenant has as many subscriptions as it may have.
    TooManySubscriptions = "too_many_subscriptions", CONFLICT, "No more subscriptions are allowed";
    /// The tenant has as many keys as it may have.
    TooManyKeys = "too_many_keys", CONFLICT, "No more keys are allowed";
    /// The tenant has as many event types of its own as it may have.
    TooManyEventTypes = "too_many_event_types", CONFLICT, "No more event types are allowed";
    /// The settings of the tenant would be larger than they may be.
    SettingsTooLarge = "settings_too_large", CONFLICT, "The settings of the tenant are too large";
    /// As many secrets sign as may.
    TooManySecrets = "too_many_secrets", CONFLICT, "Too many secrets sign";
    /// A delivery that still waits cannot be sent again.
    DeliveryWaiting = "delivery_waiting", CONFLICT, "The delivery is still waiting";
    /// A delivery that has ended cannot be called off.
    DeliveryFinished = "delivery_finished", CONFLICT, "The delivery has ended";
    /// Nothing is sent to an inactive subscription.
    SubscriptionInactive = "subscription_inactive", CONFLICT, "The subscription is not active";
    /// The profile has no handshake that applies to the subscription.
    NoHandshakes = "no_handshakes", CONFLICT, "There is no handshake to make";
    /// A handshake that was logged cannot be sent again.
    HandshakeNotRetried = "handshake_not_retried", CONFLICT, "A handshake is not sent again";
    /// The thing is not any more what `If-Match` names.
    PreconditionFailed = "precondition_failed", PRECONDITION_FAILED, "It changed in between";
    /// A replay to the subscription is running.
    ReplayRunning = "replay_running", CONFLICT, "A replay is running";
    /// As many replays of the tenant run as may.
    TooManyReplays = "too_many_replays", CONFLICT, "No more replays are allowed";
    /// A replay that has ended cannot be called off.
    ReplayFinished = "replay_finished", CONFLICT, "The replay has ended";
    /// The body is longer than allowed.
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "The body is too large";
    /// Fields that were understood but are not valid.
    Invalid = "invalid", UNPROCESSABLE_ENTITY, "A field is not valid";
    /// Neither the profile nor the tenant has such an event type.
    UnknownEventType = "unknown_event_type", UNPROCESSABLE_ENTITY, "The event type is not known";
    /// A number that the receivers of this profile could not read.
    NumberOutOfRange = "number_out_of_range", UNPROCESSABLE_ENTITY, "A number is out of range";
    /// The data does not fit the schema of its event type.
    SchemaMismatch = "schema_mismatch", UNPROCESSABLE_ENTITY, "The data does not fit its schema";
    /// The profile can make no request of this event.
    CannotBeRendered = "cannot_be_rendered", UNPROCESSABLE_ENTITY, "No request can be made";
    /// As many tests are under way as may.
    TooManyTests = "too_many_tests", TOO_MANY_REQUESTS, "Too many tests are under way";
    /// The tenant has as many calls of this kind under way as it may have.
    TooManyCalls = "too_many_calls", TOO_MANY_REQUESTS, "Too many such calls are under way";
    /// The key calls more often than it may.
    RateLimited = "rate_limited", TOO_MANY_REQUESTS, "The rate limit of the key is reached";
    /// Too much waits to be written.
    Overloaded = "overloaded", TOO_MANY_REQUESTS, "Too much waits to be written";
    /// The store cannot be reached.
    StoreUnavailable = "store_unavailable", SERVICE_UNAVAILABLE, "The store is not available";
    /// The store has no room.
    StoreFull = "store_full", SERVICE_UNAVAILABLE, "The store is full";
    /// The node is starting, stopping, or cannot write.
    NotReady = "not_ready", SERVICE_UNAVAILABLE, "Not ready";
    /// A defect of ours.
    Internal = "internal", INTERNAL_SERVER_ERROR, "Something failed here";
}

impl Code {
    /// Whether the same request can succeed a moment later.
    pub(crate) const fn is_for_now(self) -> bool {
        matches!(
            self,
            Self::Overloaded
                | Self::TooManyTests
                | Self::TooManyCalls
                | Self::StoreUnavailable
                | Self::StoreFull
                | Self::NotReady
        )
    }
}
