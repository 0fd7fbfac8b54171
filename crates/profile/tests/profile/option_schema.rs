//! What a profile takes, as JSON for forms and clients.

use serde_json::json;

use crate::facts::{built_in, with_request};

#[test]
fn options_become_json_schema_by_their_owner() {
    let profile = with_request(
        r#"
        request.content = [{ type = "text/plain", body = "x" }]
        [options.code]
        of = "tenant"
        type = "text"
        required = true
        min = 2
        max = 3
        pattern = "[A-Z]{2}|x"
        example = "AB"
        title = "Code"
        description = "Of the country."
        secret = true
        [options.color]
        type = "text"
        choices = ["red", "green"]
        default = "red"
        [options.ratio]
        of = "subscription"
        type = "number"
        min = 0.5
        max = 2
        [options.list]
        of = "subscription"
        type = "list"
        max = 2
        "#,
    );
    let schema = profile.option_schema();
    assert_eq!(
        schema["tenant"],
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "additionalProperties": false,
            "required": ["code"],
            "properties": {
                "code": {
                    "type": "string", "title": "Code", "description": "Of the country.", "examples": ["AB"],
                    "minLength": 2, "maxLength": 3, "pattern": "^(?:[A-Z]{2}|x)$", "writeOnly": true,
                },
                "color": { "type": "string", "enum": ["red", "green"], "default": "red" },
            },
        })
    );
    assert_eq!(
        schema["subscription"]["properties"],
        json!({
            "color": { "type": "string", "enum": ["red", "green"], "default": "red" },
            "ratio": { "type": "number", "minimum": 0.5, "maximum": 2 },
            "list": { "type": "array", "maxItems": 2 },
        })
    );
    assert_eq!(schema["subscription"]["required"], json!([]));
}

#[test]
fn fields_secrets_methods_and_content_types_stand_beside_the_options() {
    let leadhub = built_in("leadhub").option_schema();
    assert_eq!(leadhub["attributes"]["properties"]["extra"]["type"], "object");
    assert_eq!(leadhub["attributes"]["additionalProperties"], false);
    assert_eq!(leadhub["fields"]["name"], json!({ "is": "required" }));
    assert_eq!(leadhub["fields"]["filter"], json!({ "is": "optional" }));
    assert_eq!(leadhub["fields"].as_object().unwrap().len(), 22);
    assert_eq!(leadhub["secret"], json!({ "is": "optional", "supplied": "always", "rotation_grace": false }));
    assert_eq!(leadhub["content_types"], json!(["application/json"]));
    let standard = built_in("standard").option_schema();
    assert_eq!(standard["methods"], json!(["POST", "PUT", "PATCH"]));
    assert_eq!(
        standard["subscription"]["properties"]["signature"]["enum"],
        json!(["hmac-sha256", "ed25519"])
    );
    assert_eq!(built_in("leanbe").option_schema()["secret"]["supplied"], "at_rotation");
    assert_eq!(built_in("sleekplan").option_schema()["secret"]["is"], "none");
}

#[test]
fn a_limit_of_a_list_has_its_own_key() {
    let profile = with_request(
        "request.content = [{ type = \"text/plain\", body = \"x\" }]\nsubscription.headers = { max = 10 }",
    );
    assert_eq!(profile.option_schema()["fields"]["headers"], json!({ "is": "optional", "max": 10 }));
}
