//! The OpenAPI document: made from the same handlers that serve, so that it cannot drift from them.
//!
//! What the handlers' types cannot say is added here, each kind of fact in one file: [`schemas`] bounds and words,
//! [`parameters`], [`answers`] and their headers, [`examples`]. [`lists`], [`flatten`] and [`sides`] make the schemas plain for
//! generators of clients.

mod answers;
mod examples;
mod flatten;
mod lists;
mod parameters;
mod schemas;
mod sides;

use serde_json::{Value, json};
use utoipa::{
    OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

const KEYS: &str = "`Authorization: Bearer <key>`: the admin key, or a key of a tenant with the scope that the operation names.";

/// What stands above the paths; they come from the handlers.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Postroad",
        description = "Sends webhooks. 400 means that a request cannot be parsed, 422 that it was understood but a field \
                       is not valid; every refusal is a problem document (RFC 9457) with a stable `code`. Times are \
                       RFC 3339 in UTC. A durable answer (202, 201) is lost by no crash. The security of an operation names \
                       the scope that a tenant's key needs, or `admin` where only the admin key will do; where it names \
                       none, any key will do.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "events", description = "What happened: publish it, read it."),
        (name = "subscriptions", description = "Who wants which events, and how they are sent."),
        (name = "deliveries", description = "Events on their way, with each attempt."),
        (name = "replays", description = "Jobs that send a subscription again what it did not get."),
        (name = "tenants", description = "The customer accounts of your product."),
        (name = "keys", description = "What tenants' own software may do, and whoever acts for them."),
        (name = "audit", description = "Who changed what, when and from where."),
        (name = "profiles", description = "The wire formats that tenants' receivers expect."),
        (name = "event types", description = "What a tenant adds to the catalogue of its profile."),
        (name = "inspector", description = "The built-in webhook tester, where it is on: what is sent to `/inspect/{bin}` \
                                            and below is recorded and shown."),
        (name = "operation", description = "Health and figures of the node, and this document."),
    ),
    security(("key" = [])),
)]
struct Head;

/// The whole document, of what the handlers' types say.
pub(crate) fn complete(routes: &utoipa::openapi::OpenApi) -> Value {
    let made = serde_json::to_value(routes);
    let mut document = made.expect("the document is made of texts and maps with text keys");
    lists::name_all(&mut document);
    schemas::complete(&mut document);
    for_each_operation(&mut document, |_, operation| name_body(operation));
    flatten::flatten(&mut document);
    sides::complete(&mut document);
    for_each_operation(&mut document, |path, operation| {
        parameters::complete(path, operation);
        let mut responses = operation["responses"].take();
        answers::complete(&answers::Operation::of(path, operation), &mut responses);
        operation["responses"] = responses;
        examples::complete(operation);
    });
    document["components"]["responses"] = answers::common();
    document
}

fn for_each_operation(document: &mut Value, change: impl Fn(&str, &mut Value)) {
    for (path, operations) in document["paths"].as_object_mut().into_iter().flatten() {
        let operations = operations.as_object_mut().into_iter().flatten();
        operations.for_each(|(_, operation)| change(path, operation));
    }
}

/// A body that may be left out is an object where it is there; and a merge patch is of settings.
fn name_body(operation: &mut Value) {
    let is_patch = operation["operationId"] == "update_subscription";
    let Some(body) = operation.get_mut("requestBody") else { return };
    let schema = &mut body["content"]["application/json"]["schema"];
    if is_patch {
        *schema = json!({"$ref": "#/components/schemas/SubscriptionPatch"});
        return;
    }
    if let Some(object) = schema["oneOf"].get(0).cloned() {
        *schema = object;
        body["required"] = json!(false);
    }
}

/// The document without its paths.
pub(crate) fn head() -> utoipa::openapi::OpenApi {
    let mut document = Head::openapi();
    let key = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(KEYS)).build();
    let key = SecurityScheme::Http(key);
    document.components.get_or_insert_default().add_security_scheme("key", key);
    document
}
