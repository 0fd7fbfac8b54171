//! What the types of the handlers do not say about their fields: lengths, ranges, words and forms of ids. Each limit and each
//! word comes from where it is checked.

use postroad_domain::{
    AuditAction, CredentialKind, ErrorClass, Reason, ReplaySelection, Scope, Status,
    ids::{AttemptKind, AuditKind, DeliveryKind, EventKind, KeyKind, Kind, ReplayKind, SubscriptionKind},
    limits::{
        ATTRIBUTES_BYTES_MAX, BATCH_EVENTS_MAX, CONCURRENCY, CONTACTS_MAX, CUSTOM_HEADERS_MAX,
        DEACTIVATE_AFTER_FAILURES_MAX, DESCRIPTION_CHARS_MAX, EVENT_TYPE_CHARS_MAX, HEADER_VALUE_BYTES_MAX,
        IDEMPOTENCY_KEY_CHARS_MAX, KEY_RATE_LIMIT_COUNT, NAME_CHARS_MAX, RATE_LIMIT_COUNT, REPLAY_PACE_COUNT,
        RETENTION_BYTES, RETRY_ATTEMPTS, RETRY_GAPS_MAX, SUBSCRIPTION_EVENTS_MAX, SUCCESS_PATTERN_CHARS_MAX,
        SUCCESS_PATTERNS_MAX, TAG_CHARS_MAX, TAG_SETS_MAX, TAGS_MAX, TENANT_ID_CHARS_MAX, TLS_PEM_BYTES_MAX,
        URL_CHARS_MAX,
    },
    subscription::InactiveReason,
};
use serde_json::{Value, json};

use super::sides::NOT_NULL;
use crate::check::merge_patch;

/// Completes the schemas, and adds those that only the document has.
pub(super) fn complete(document: &mut Value) {
    let Some(components) = document.get_mut("components").map(|components| &mut components["schemas"]) else {
        return;
    };
    for patch in [named_words(), sent(), settings(), answered(), of_deliveries(), of_operators()] {
        merge_patch(components, patch);
    }
    let limit = components["RateLimitSettings"].clone();
    let description = "At most `count` calls within a span of the length `per`; more are refused.";
    components["KeyRateLimit"] = limit;
    merge_patch(
        &mut components["KeyRateLimit"],
        json!({"description": description, "properties": {"count": {"maximum": KEY_RATE_LIMIT_COUNT.max}}}),
    );
    add_patches(components);
}

/// What a merge patch of a subscription may hold: every field may be left out.
fn add_patches(schemas: &mut Value) {
    for (name, of) in [
        ("DeliveryPatch", "DeliverySettings"),
        ("RateLimitPatch", "RateLimitSettings"),
        ("SubscriptionPatch", "SubscriptionSettings"),
    ] {
        let mut patch = schemas[of].clone();
        // What is required of the whole cannot be taken away by null: a field of its own says so.
        let kept = patch["required"].as_array().cloned().unwrap_or_default();
        patch[NOT_NULL] = Value::Array(kept);
        patch["required"] = json!([]);
        schemas[name] = patch;
    }
    let fields = &mut schemas["SubscriptionPatch"]["properties"];
    fields["delivery"] = json!({"$ref": "#/components/schemas/DeliveryPatch"});
    fields["rate_limit"] =
        json!({"oneOf": [{"$ref": "#/components/schemas/RateLimitPatch"}, {"type": "null"}]});
    fields["secret"] =
        json!({"type": "null", "description": "Null removes a secret that the profile does not require."});
    schemas["SubscriptionPatch"]["description"] =
        json!("A merge patch (RFC 7396): what is named is replaced, null sets back to the default.");
}

/// The form of the ids of a kind.
pub(super) fn id<K: Kind>() -> Value {
    json!({"type": "string", "pattern": format!("^{}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$", K::PREFIX)})
}

/// The form of a tenant's id.
pub(super) fn tenant_id() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": TENANT_ID_CHARS_MAX, "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]*$"})
}

/// The form of the wire code of an event type.
pub(super) fn event_type() -> Value {
    json!({
        "type": "string", "minLength": 1, "maxLength": EVENT_TYPE_CHARS_MAX,
        "pattern": "^[A-Za-z0-9][A-Za-z0-9_./:-]*$",
    })
}

fn id_or_null<K: Kind>() -> Value {
    let mut id = id::<K>();
    id["type"] = json!(["string", "null"]);
    id
}

fn span() -> Value {
    json!({"minLength": 2, "pattern": r"^(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$"})
}

fn text(min: usize, max: usize) -> Value {
    json!({"minLength": min, "maxLength": max})
}

fn words(words: impl IntoIterator<Item = &'static str>) -> Value {
    json!({"enum": words.into_iter().collect::<Vec<_>>()})
}

/// A reference in the place of what the handler's type says.
pub(super) fn named(name: &str) -> Value {
    json!({"type": null, "$ref": format!("#/components/schemas/{name}")})
}

fn named_or_null(name: &str) -> Value {
    json!({"type": null, "oneOf": [{"$ref": format!("#/components/schemas/{name}")}, {"type": "null"}]})
}

/// Words that stand in several places, or with null.
fn named_words() -> Value {
    let named = |description: &str, words: Vec<&str>| json!({"type": "string", "description": description, "enum": words});
    json!({
        "AuditAction": named("What was done.", AuditAction::ALL.iter().map(|action| action.as_str()).collect()),
        "DeliveryReason": named("Why a delivery failed or was cancelled.", Reason::ALL.map(Reason::as_str).into()),
        "DeliveryStatus": named("Where a delivery is in its life.", Status::ALL.map(Status::as_str).into()),
        "DeliveryType": named("`push`: each event is sent to a URL.", vec!["push"]),
        "ErrorClass": named("Why no response came.", ErrorClass::ALL.map(ErrorClass::as_str).into()),
        "HttpVersion": named("A version of HTTP.", vec!["1.1", "2"]),
        "KeyKind": named("A single key, or a pair.", CredentialKind::ALL.map(CredentialKind::as_str).into()),
        "ReplaySelection": named("What is sent again.", ReplaySelection::ALL.map(ReplaySelection::as_str).into()),
        "ReplayStatus": named("How far a replay is.", vec!["running", "done", "cancelled", "failed"]),
        "ReplayFailure": named("Why a replay failed.", vec!["subscription_inactive", "subscription_deleted"]),
        "Scope": named("What a key allows.", Scope::ALL.map(Scope::as_str).into()),
    })
}

fn scopes() -> Value {
    json!({"items": named("Scope"), "maxItems": Scope::ALL.len()})
}

fn sent() -> Value {
    let attributes =
        format!("The attributes that the profile declares; at most {ATTRIBUTES_BYTES_MAX} bytes of JSON.");
    let tags = json!({"maxItems": TAGS_MAX, "items": text(1, TAG_CHARS_MAX)});
    let key_limit = json!({"oneOf": [{"$ref": "#/components/schemas/KeyRateLimit"}, {"type": "null"}]});
    json!({
        "NewEvent": {"properties": {
            "type": text(1, NAME_CHARS_MAX), "tags": tags, "attributes": {"description": attributes},
            "id": text(1, IDEMPOTENCY_KEY_CHARS_MAX),
        }},
        "NewEvents": {"properties": {"events": {"maxItems": BATCH_EVENTS_MAX}}},
        "Preview": {"properties": {"type": text(1, NAME_CHARS_MAX), "attributes": {"description": attributes}}},
        "Test": {"properties": {"type": text(1, NAME_CHARS_MAX)}},
        "Rotation": {"properties": {"grace": span()}},
        "NewKey": {"properties": {
            "name": text(1, NAME_CHARS_MAX), "scopes": scopes(),
            "kind": named_or_null("KeyKind"), "rate_limit": key_limit,
        }},
        "NewReplay": {"properties": {"status": named("ReplaySelection")}},
        // What a bin answers is set with defaults for what is not named.
        "BinAnswer": {"required": [], "properties": {"delay": span(), "headers": {"maxItems": CUSTOM_HEADERS_MAX}}},
    })
}

fn settings() -> Value {
    let pem = json!({"maxLength": TLS_PEM_BYTES_MAX});
    json!({
        "TenantSettings": {"properties": {
            "name": text(1, NAME_CHARS_MAX), "retention": span(),
            "retention_bytes": {"minimum": RETENTION_BYTES.min, "maximum": RETENTION_BYTES.max},
            "contacts": {"maxItems": CONTACTS_MAX},
        }},
        "SubscriptionSettings": {"properties": {
            "name": text(1, NAME_CHARS_MAX), "description": text(0, DESCRIPTION_CHARS_MAX), "timeout": span(),
            "events": {"maxItems": SUBSCRIPTION_EVENTS_MAX, "items": text(1, NAME_CHARS_MAX)},
            "tag_sets": {"maxItems": TAG_SETS_MAX, "items": {
                "minItems": 1, "maxItems": TAGS_MAX, "items": text(1, TAG_CHARS_MAX),
            }},
            "success": {
                "minItems": 1, "maxItems": SUCCESS_PATTERNS_MAX, "items": text(1, SUCCESS_PATTERN_CHARS_MAX),
            },
            "concurrency": {
                "minimum": CONCURRENCY.min, "maximum": CONCURRENCY.max, "default": CONCURRENCY.default,
            },
        }},
        "DeliverySettings": {"properties": {
            "type": named("DeliveryType"), "http_version": named("HttpVersion"), "url": text(1, URL_CHARS_MAX),
            "headers": {"maxItems": CUSTOM_HEADERS_MAX}, "authorization": text(1, HEADER_VALUE_BYTES_MAX),
        }},
        "HeaderSetting": {"properties": {"name": {"minLength": 1}, "value": {"maxLength": HEADER_VALUE_BYTES_MAX}}},
        // A certificate is of no use without its key, nor the key without it.
        "TlsSettings": {
            "properties": {"client_certificate": pem, "client_key": pem, "ca": pem},
            "dependentRequired": {"client_certificate": ["client_key"], "client_key": ["client_certificate"]},
        },
        "RetrySettings": {"properties": {
            "attempts": {"minimum": RETRY_ATTEMPTS.min, "maximum": RETRY_ATTEMPTS.max},
            "backoff": {"maxItems": RETRY_GAPS_MAX, "items": span()},
        }},
        "RateLimitSettings": {"properties": {
            "count": {
                "minimum": RATE_LIMIT_COUNT.min.min(REPLAY_PACE_COUNT.min),
                "maximum": RATE_LIMIT_COUNT.max.max(REPLAY_PACE_COUNT.max),
            },
            "per": span(),
        }},
        "TenantEventTypeSettings": {"properties": {
            "schema": {"type": ["object", "boolean", "null"]},
            "title": text(1, NAME_CHARS_MAX), "group": text(1, NAME_CHARS_MAX), "description": text(0, DESCRIPTION_CHARS_MAX),
        }},
    })
}

fn answered() -> Value {
    json!({
        "Accepted": {"properties": {"id": id::<EventKind>()}},
        "Event": {"properties": {"id": id::<EventKind>()}},
        "EventType": {"properties": {"example_is": words(["published", "plausible"])}},
        "SubscriptionFacts": {"properties": {
            "id": id::<SubscriptionKind>(), "tenant": tenant_id(),
            "inactive_reason": words(InactiveReason::ALL.map(InactiveReason::as_str)), "version": {"minimum": 1},
        }},
        "Failures": {"properties": {"count": {"minimum": 1}}},
        "Verification": {"properties": {"state": words(["pending", "passed", "failed"])}},
        "Policy": {"properties": {
            "gone": words(["deactivate", "failure"]),
            "deactivate_after_failures": {"minimum": 1, "maximum": DEACTIVATE_AFTER_FAILURES_MAX},
            "retry_after": words(["honour", "ignore"]),
            "breaker": words(["on", "off"]),
            "http_version": named("HttpVersion"), "repeat": words(["always", "unsent"]),
        }},
        "Problem": {"properties": {"status": {"minimum": 400, "maximum": 599}, "errors": {"minItems": 1}}},
        "Health": {"properties": {"status": words(["live", "ready"])}},
        "InspectedRequest": {"properties": {"body_base64": {"contentEncoding": "base64"}}},
    })
}

fn of_deliveries() -> Value {
    let outcomes = [
        "delivered",
        "delivering",
        "pending",
        "failed",
        "cancelled",
        "not_matched",
        "inactive",
        "created_after",
        "not_recorded",
    ];
    json!({
        "Delivery": {"properties": {
            "id": id::<DeliveryKind>(), "subscription": id::<SubscriptionKind>(),
            "events": {"minItems": 1, "items": id::<EventKind>()},
            "status": named("DeliveryStatus"), "reason": named_or_null("DeliveryReason"),
        }},
        "Attempt": {"properties": {"id": id::<AttemptKind>(), "number": {"minimum": 1}}},
        "AttemptError": {"properties": {"class": named("ErrorClass")}},
        "AttemptResponse": {"properties": {"status": {"minimum": 100, "maximum": 999}}},
        "Explanation": {"properties": {
            "subscription": id::<SubscriptionKind>(), "delivery": id_or_null::<DeliveryKind>(),
            "outcome": words(outcomes), "error": named_or_null("ErrorClass"),
        }},
        "Replay": {"properties": {
            "id": id_or_null::<ReplayKind>(), "subscription": id::<SubscriptionKind>(),
            "selection": named("ReplaySelection"),
            "status": named_or_null("ReplayStatus"),
            "reason": named_or_null("ReplayFailure"),
        }},
    })
}

fn of_operators() -> Value {
    let key_limit = json!({"oneOf": [{"$ref": "#/components/schemas/KeyRateLimit"}, {"type": "null"}]});
    json!({
        "Key": {"properties": {
            "id": id::<KeyKind>(), "kind": named("KeyKind"), "scopes": scopes(),
            "rate_limit": key_limit,
        }},
        "AuditEntry": {"properties": {
            "id": id::<AuditKind>(), "action": named("AuditAction"),
        }},
    })
}
