//! Examples of bodies and answers: one object for each schema in `examples.json`, from which those of lists are made. A test
//! holds each against its schema.

use serde_json::{Value, json};

use super::flatten::name_of;

/// By the names of their schemas.
const EXAMPLES: &str = include_str!("examples.json");

/// Gives every body and every answer with a schema an example.
pub(super) fn complete(operation: &mut Value) {
    let known: Value = serde_json::from_str(EXAMPLES).expect("a test reads the file");
    if let Some(body) = operation.get_mut("requestBody") {
        add(body, &known);
    }
    let answers = operation["responses"].as_object_mut().into_iter().flatten();
    answers.for_each(|(_, answer)| add(answer, &known));
}

fn add(message: &mut Value, known: &Value) {
    let Some(content) = message.get_mut("content").and_then(Value::as_object_mut) else { return };
    for (_, content) in content {
        let Some(name) = content["schema"]["$ref"].as_str().map(name_of) else { continue };
        let example = example_of(name, known);
        if content.get("example").is_none() && !example.is_null() {
            content["example"] = example;
        }
    }
}

fn example_of(name: &str, known: &Value) -> Value {
    if let Some(item) = name.strip_suffix("List") {
        return json!({"data": [example_of(item, known)], "next": null});
    }
    if let Some(item) = name.strip_suffix("OfTenant") {
        let mut item = example_of(item, known);
        item["tenant"] = json!("acme");
        return item;
    }
    known[name].clone()
}
