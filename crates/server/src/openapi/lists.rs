//! Names for lists and for what is in them, as a person would choose them: `EventList` of `Event`. The types of the handlers
//! are generic, and their schemas come with spelt out items and with names such as `List_Event`.

use serde_json::{Value, json};

use super::flatten::name_of;

const GENERIC: &str = "List_";
const OF_TENANT: &str = "OfTenant_";

/// The name of a list in the document, and that of its items.
fn names(generic: &str) -> Option<(String, String)> {
    let item = generic.strip_prefix(GENERIC)?;
    let item = item.strip_prefix(OF_TENANT).map_or_else(|| item.to_owned(), |item| format!("{item}OfTenant"));
    Some((format!("{item}List"), item))
}

/// Gives every list its name and its items theirs.
pub(super) fn name_all(document: &mut Value) {
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    let lists: Vec<_> = schemas.keys().filter_map(|name| Some((name.clone(), names(name)?))).collect();
    for (generic, (list, item)) in lists {
        let Some(mut schema) = schemas.remove(&generic) else { continue };
        let items = &mut schema["properties"]["data"]["items"];
        let spelt_out = std::mem::replace(items, json!({"$ref": format!("#/components/schemas/{item}")}));
        schemas.entry(item).or_insert(spelt_out);
        schemas.insert(list, schema);
    }
    refer(document);
}

fn refer(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get_mut("$ref")
                && let Some((list, _)) = names(name_of(reference))
            {
                *reference = format!("#/components/schemas/{list}");
            }
            fields.values_mut().for_each(refer);
        }
        Value::Array(items) => items.iter_mut().for_each(refer),
        _ => {}
    }
}
