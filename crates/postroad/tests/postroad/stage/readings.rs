//! What tests read of the API's answers, and the time they compare it with.

use postroad_domain::Timestamp;
use postroad_testkit::Reply;
use serde_json::Value;

/// The id of a subscription, event or delivery.
pub(crate) fn id_of(object: &Value) -> &str {
    object["id"].as_str().unwrap_or_else(|| panic!("no id: {object}"))
}

/// The secret of a new subscription or of a rotation.
pub(crate) fn secret_of(object: &Value) -> &str {
    object["secret"].as_str().unwrap_or_else(|| panic!("no secret: {object}"))
}

/// The names of the event types that `GET /v1/profiles/{name}` shows, in their order.
pub(crate) fn event_names(profile: &Value) -> Vec<&str> {
    let types = profile["event_types"].as_array().expect("a profile has event types");
    types.iter().map(|event_type| event_type["name"].as_str().expect("an event type has a name")).collect()
}

/// Panics unless the reply refuses this field (status 422) with this code; answers what it says about the field.
pub(crate) fn expect_refusal(reply: Reply, code: &str, field: &str) -> String {
    let problem = reply.expect_status(422).json();
    assert_eq!(problem["code"], code, "{problem}");
    let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("no fields: {problem}"));
    let found = errors.iter().find(|error| error["field"] == field);
    let message = found.and_then(|error| error["message"].as_str());
    message.unwrap_or_else(|| panic!("nothing about {field}: {problem}")).to_owned()
}

/// A time that the API or a body shows.
pub(crate) fn time(text: &Value) -> Timestamp {
    let parsed = text.as_str().and_then(Timestamp::parse);
    parsed.unwrap_or_else(|| panic!("not a time: {text}"))
}

/// The machine's time, for what the server stamps.
#[expect(clippy::disallowed_methods, reason = "the real program's stamps are compared with the real time")]
pub(crate) fn now() -> Timestamp {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp::default().after(since_1970.expect("the machine's clock stands after 1970"))
}
