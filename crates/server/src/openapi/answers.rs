//! The answers of each operation: the refusals that any call can meet stand in one table, and an operation has those that
//! its parameters, its body and its key can cause. Headers of answers stand here too.

use http::StatusCode;
use serde_json::{Value, json};

use crate::problem::{Code, Problem};

/// An operation, as far as it says what can go wrong.
pub(super) struct Operation<'a> {
    pub(super) path: &'a str,
    pub(super) id: &'a str,
    has_body: bool,
    has_query: bool,
    has_cursor: bool,
    has_conditions: bool,
    needs_key: bool,
    needs_scope: bool,
}

impl<'a> Operation<'a> {
    /// Reads what the document says about it.
    pub(super) fn of(path: &'a str, operation: &'a Value) -> Self {
        let parameters = || operation["parameters"].as_array().into_iter().flatten();
        let has = |place: &str, name: Option<&str>| {
            parameters().any(|parameter| {
                parameter["in"] == place && name.is_none_or(|name| parameter["name"] == name)
            })
        };
        let security = operation["security"].as_array();
        // Without one of its own, that of the whole document holds: any key.
        let keys = || security.into_iter().flatten().map(|requirement| &requirement["key"]);
        Self {
            path,
            id: operation["operationId"].as_str().unwrap_or_default(),
            has_body: !operation["requestBody"].is_null(),
            has_query: has("query", None),
            has_cursor: has("query", Some("cursor")),
            has_conditions: has("header", Some("If-Match")) || has("header", Some("Idempotency-Key")),
            needs_key: security.is_none() || keys().any(|scopes| !scopes.is_null()),
            needs_scope: keys().any(|scopes| scopes.as_array().is_some_and(|scopes| !scopes.is_empty())),
        }
    }

    /// Whether it can be refused for what is wrong with every call.
    fn can_be(&self, status: StatusCode) -> bool {
        match status {
            StatusCode::BAD_REQUEST => self.has_body || self.has_cursor,
            StatusCode::UNAUTHORIZED
            | StatusCode::TOO_MANY_REQUESTS
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::INTERNAL_SERVER_ERROR => self.needs_key,
            StatusCode::FORBIDDEN => self.needs_scope,
            StatusCode::NOT_FOUND => self.path.contains('{') || self.path.starts_with("/inspector"),
            StatusCode::REQUEST_TIMEOUT | StatusCode::PAYLOAD_TOO_LARGE => self.has_body,
            _ => self.has_body || self.has_query || self.has_conditions,
        }
    }
}

/// What can go wrong with every call: the kind of problem that stands for its status, what the document says of the
/// status, and a sentence as callers get it.
const COMMON: [(Code, &str, &str); 10] = [
    (
        Code::MalformedJson,
        "It cannot be parsed: the body, or the cursor of a list",
        "The body is not JSON: expected value at line 1 column 9.",
    ),
    (
        Code::Unauthorized,
        "The key is missing, wrong, expired or revoked",
        "The header `Authorization: Bearer <key>` is missing.",
    ),
    (Code::Forbidden, "The key does not allow this", "This needs a key with a scope that yours lacks."),
    (Code::NotFound, "There is no such object, or it is another tenant's", "There is no such tenant."),
    (Code::BodyTooSlow, "The body did not come in time", "The body must be here 60 seconds after its head."),
    (Code::BodyTooLarge, "The body is longer than allowed", "The body may have 262144 bytes here."),
    (Code::Invalid, "Understood, but a field is not valid", ""),
    (
        Code::RateLimited,
        "The key's rate limit is reached, or too much is under way",
        "This key may make 100 calls in 1s. Come again later.",
    ),
    (Code::Internal, "A defect of the server, whose log says more", "The request could not be finished."),
    (
        Code::StoreUnavailable,
        "The store is not available now",
        "The store cannot be reached. Come again later.",
    ),
];

/// Gives an operation the refusals that it can meet, and takes away those that it cannot.
pub(super) fn complete(operation: &Operation<'_>, responses: &mut Value) {
    let Some(responses) = responses.as_object_mut() else { return };
    for (code, description, detail) in COMMON {
        let status = code.status();
        let key = status.as_str();
        if !operation.can_be(status) {
            // One that the operation itself names is not common.
            if responses.get(key).is_some_and(|known| is_common(known) && operation.path != "/health/ready") {
                responses.remove(key);
            }
            continue;
        }
        let known = responses.get(key).and_then(|known| known["description"].as_str()).map(ToOwned::to_owned);
        let own = known.filter(|_| matches!(status.as_u16(), 413 | 429));
        responses.insert(key.to_owned(), refusal(code, own.as_deref().unwrap_or(description), detail));
    }
    for (status, response) in responses.iter_mut() {
        if matches!(status.as_str(), "409" | "412") {
            let description = response["description"].as_str().unwrap_or_default().to_owned();
            *response = refusal(conflict_of(operation.id, status), &description, &format!("{description}."));
        }
        add_headers(operation, status, response);
    }
}

fn is_common(response: &Value) -> bool {
    response["content"]["application/problem+json"].is_object()
}

/// A refusal with a problem document as an example of it.
fn refusal(code: Code, description: &str, detail: &str) -> Value {
    let problem = match code {
        Code::Invalid => Problem::invalid_field("limit", "must be a whole number from 1 to 250"),
        code => Problem::new(code, detail),
    };
    json!({
        "description": description,
        "content": {"application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"},
            "example": problem.document(),
        }},
    })
}

/// The kind of problem that a conflict of an operation most often is.
fn conflict_of(operation: &str, status: &str) -> Code {
    if status == "412" {
        return Code::PreconditionFailed;
    }
    match operation {
        "put_tenant" => Code::TenantHasSubscriptions,
        "publish_event" => Code::IdempotencyConflict,
        "create_subscription" => Code::TooManySubscriptions,
        "rotate_secret" => Code::TooManySecrets,
        "create_key" => Code::TooManyKeys,
        "put_event_type" => Code::TooManyEventTypes,
        "retry_delivery" => Code::DeliveryWaiting,
        "cancel_delivery" => Code::DeliveryFinished,
        "start_replay" => Code::ReplayRunning,
        "cancel_replay" => Code::ReplayFinished,
        _ => Code::SubscriptionChanged,
    }
}

fn add_headers(operation: &Operation<'_>, status: &str, response: &mut Value) {
    let tagged =
        ["get_tenant", "put_tenant", "get_subscription", "create_subscription", "update_subscription"];
    let mut add = |name: &str, description: &str, schema: Value, example: &str| {
        response["headers"][name] =
            json!({"description": description, "required": true, "schema": schema, "example": example});
    };
    let text = || json!({"type": "string"});
    match status {
        "401" => add("WWW-Authenticate", "The scheme of the keys", text(), "Bearer"),
        "429" | "503" => {
            // A header's value is a text; that of a schema of numbers is read as one.
            add(
                "Retry-After",
                "Seconds after which to come again",
                json!({"type": "integer", "minimum": 1}),
                "1",
            );
            response["headers"]["Retry-After"]["example"] = json!(1);
        }
        "303" => add("Location", "The bin's page", text(), "/inspector/my-first-bin/requests"),
        _ => {}
    }
    let mut add = |name: &str, description: &str, example: &str| {
        response["headers"][name] = json!({"description": description, "required": true, "schema": {"type": "string"}, "example": example});
    };
    if status == "201" && operation.id != "create_key" {
        add("Location", "The path of what was created", "/v1/tenants/acme");
    }
    if matches!(status, "200" | "201") && tagged.contains(&operation.id) {
        add("ETag", "Names the version, for `If-Match`", "\"v1\"");
    }
}
