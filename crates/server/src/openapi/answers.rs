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

/// What can go wrong with every call.
struct Common {
    /// The kind of problem that stands for its status.
    code: Code,
    /// Its name in the document.
    name: &'static str,
    /// What the document says of it.
    description: &'static str,
    /// The sentence of its example.
    detail: &'static str,
}

const fn common_of(
    code: Code,
    name: &'static str,
    description: &'static str,
    detail: &'static str,
) -> Common {
    Common { code, name, description, detail }
}

const COMMON: [Common; 10] = [
    common_of(
        Code::MalformedJson,
        "Unreadable",
        "It cannot be parsed: the body, or the cursor of a list",
        "The body is not JSON: expected value at line 1 column 9.",
    ),
    common_of(
        Code::Unauthorized,
        "Unauthorized",
        "The key is missing, wrong, expired or revoked",
        "The header `Authorization: Bearer <key>` is missing.",
    ),
    common_of(
        Code::Forbidden,
        "Forbidden",
        "The key does not allow this",
        "This needs a key with the scope `events:write`, which yours lacks.",
    ),
    common_of(
        Code::NotFound,
        "NotFound",
        "There is no such object, or it is another tenant's",
        "There is no such tenant.",
    ),
    common_of(
        Code::BodyTooSlow,
        "TooSlow",
        "The body did not come in time",
        "The body must be here 60 seconds after its head.",
    ),
    common_of(Code::BodyTooLarge, "TooLarge", "The body is too long", "The body may have 262144 bytes here."),
    common_of(Code::Invalid, "Invalid", "Understood, but a field is not valid", ""),
    common_of(
        Code::RateLimited,
        "TooMany",
        "The key's rate limit is reached",
        "This key may make 100 calls within 1s.",
    ),
    common_of(
        Code::Internal,
        "Internal",
        "A defect of the server, whose log says more",
        "The request could not be finished. The log of the server says why.",
    ),
    common_of(
        Code::StoreUnavailable,
        "Unavailable",
        "The store is not available now",
        "The store cannot be reached. Try again in a moment.",
    ),
];

/// The refusals that operations share, by their names.
pub(super) fn common() -> Value {
    let responses = COMMON.iter().map(|common| {
        let mut response = refusal(common.code, common.description, common.detail);
        add_headers_of_status(common.code.status().as_str(), &mut response);
        (common.name.to_owned(), response)
    });
    Value::Object(responses.collect())
}

/// Gives an operation the refusals that it can meet, and takes away those that it cannot.
pub(super) fn complete(operation: &Operation<'_>, responses: &mut Value) {
    let Some(responses) = responses.as_object_mut() else { return };
    for common in COMMON {
        let status = common.code.status();
        let key = status.as_str();
        if operation.can_be(status) {
            let own = responses.get(key).and_then(|known| own_description(status, known));
            let refusal = match own {
                Some(description) => refusal(common.code, &description, common.detail),
                None => json!({"$ref": format!("#/components/responses/{}", common.name)}),
            };
            responses.insert(key.to_owned(), refusal);
        } else if !responses.get(key).is_some_and(|known| is_for_now(status, known)) {
            responses.remove(key);
        }
    }
    for (status, response) in responses.iter_mut().filter(|(_, response)| response.get("$ref").is_none()) {
        let description = response["description"].as_str().unwrap_or_default().to_owned();
        match status.as_str() {
            "409" | "412" => {
                let sentence = format!("{description}.");
                *response = refusal(conflict_of(operation.id, status), &description, &sentence);
            }
            "503" => *response = refusal(Code::NotReady, &description, &format!("{description}.")),
            _ => {}
        }
        add_headers_of_status(status, response);
        add_headers_of_object(operation, status, response);
    }
}

/// Whether an operation that needs no key has an own reason to be asked again later.
fn is_for_now(status: StatusCode, response: &Value) -> bool {
    let description = response["description"].as_str().unwrap_or_default();
    // The one that all have comes from the handlers' table of refusals.
    status == StatusCode::SERVICE_UNAVAILABLE && !description.starts_with("The store is not available")
}

/// Where an operation says more of a status than all others do.
fn own_description(status: StatusCode, response: &Value) -> Option<String> {
    let may_differ = matches!(status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::TOO_MANY_REQUESTS);
    let description = response["description"].as_str().filter(|_| may_differ)?;
    // The one that all have comes from the handlers' table of refusals.
    (!description.starts_with("The key's rate limit")).then(|| description.to_owned())
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

/// Headers that come with a status, whatever was asked.
fn add_headers_of_status(status: &str, response: &mut Value) {
    match status {
        "401" => add_header(response, "WWW-Authenticate", "The scheme of the keys", "Bearer"),
        "303" => add_header(response, "Location", "The bin's page", "/inspector/my-first-bin/requests"),
        "429" | "503" => {
            response["headers"]["Retry-After"] = json!({
                "description": "Seconds after which to come again", "required": true,
                "schema": {"type": "integer", "minimum": 1}, "example": 1,
            });
        }
        _ => {}
    }
}

/// Headers that tell of what was created, read or changed.
fn add_headers_of_object(operation: &Operation<'_>, status: &str, response: &mut Value) {
    let tagged =
        ["get_tenant", "put_tenant", "get_subscription", "create_subscription", "update_subscription"];
    if status == "201" && operation.id != "create_key" {
        add_header(response, "Location", "The path of what was created", "/v1/tenants/acme");
    }
    if matches!(status, "200" | "201") && tagged.contains(&operation.id) {
        add_header(response, "ETag", "Names the version, for `If-Match`", "\"v1\"");
    }
}

fn add_header(response: &mut Value, name: &str, description: &str, example: &str) {
    response["headers"][name] = json!({
        "description": description, "required": true, "schema": {"type": "string"}, "example": example,
    });
}
