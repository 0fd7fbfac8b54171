//! A schema as a graph: its subschemas, and which of them are asked about the same value or about a value within it.
//!
//! The keywords of all drafts are read, also where a draft ignores some: the graph may have an edge too many, never one
//! too few.

use std::collections::HashMap;

use postroad_domain::Invalid;
use serde_json::{Map, Value};

/// Keywords whose schema, or whose list or object of schemas, is asked about the same value.
const IN_PLACE: [&str; 9] =
    ["allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "dependencies"];
/// Keywords whose schemas are asked about members or items, several of them possibly about the same one.
const WITHIN: [&str; 9] = [
    "patternProperties",
    "additionalProperties",
    "propertyNames",
    "items",
    "additionalItems",
    "contains",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contentSchema",
];
/// Keywords whose schemas are each asked about a member or item of its own.
const WITHIN_ALONE: [&str; 2] = ["properties", "prefixItems"];
/// Keywords that keep schemas for references.
const KEPT: [&str; 2] = ["$defs", "definitions"];
const REFERENCES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];
/// Keywords whose content is data and not a schema.
const DATA: [&str; 4] = ["const", "default", "enum", "examples"];

/// One subschema. The numbers are places in the list of all of them; the root is 0.
#[derive(Default)]
pub(super) struct Subschema {
    /// How many faults it can find in one value by itself, at most.
    pub(super) weight: u64,
    pub(super) in_place: Vec<usize>,
    pub(super) within: Vec<usize>,
    pub(super) within_alone: Vec<usize>,
}

/// Reads the graph; refuses references that leave the schema or lead nowhere.
pub(super) fn read(root: &Value) -> Result<Vec<Subschema>, Invalid> {
    refuse_embedded_resources(root, true)?;
    let mut reader = Reader { root, places: HashMap::new(), values: Vec::new(), graph: Vec::new() };
    reader.place_of(root);
    reader.walk(0);
    let anchors = anchors(&reader.values)?;
    let mut next = 0;
    while let Some(value) = reader.values.get(next).copied() {
        for reference in REFERENCES.iter().filter_map(|keyword| value.get(keyword)?.as_str()) {
            let target = reader.target(reference, &anchors)?;
            let walked = reader.values.len();
            let place = reader.place_of(target);
            reader.graph[next].in_place.push(place);
            reader.walk(walked);
        }
        next += 1;
    }
    for (value, subschema) in reader.values.iter().zip(&mut reader.graph) {
        if value.get("unevaluatedProperties").is_some() || value.get("unevaluatedItems").is_some() {
            // To learn what is left over, the validator asks the subschemas beside the keyword once more, and those
            // whether their branches fit.
            subschema.in_place = subschema.in_place.repeat(3);
        }
    }
    Ok(reader.graph)
}

struct Reader<'a> {
    root: &'a Value,
    places: HashMap<*const Value, usize>,
    values: Vec<&'a Value>,
    graph: Vec<Subschema>,
}

impl<'a> Reader<'a> {
    fn place_of(&mut self, value: &'a Value) -> usize {
        *self.places.entry(std::ptr::from_ref(value)).or_insert_with(|| {
            self.values.push(value);
            self.graph.push(Subschema { weight: weight_of(value), ..Subschema::default() });
            self.values.len() - 1
        })
    }

    /// Reads what is inside the subschemas from a place on, and inside those.
    fn walk(&mut self, first: usize) {
        let mut next = first;
        while let Some(value) = self.values.get(next).copied() {
            if let Value::Object(members) = value {
                self.graph[next].in_place = self.inside(members, &IN_PLACE);
                self.graph[next].within = self.inside(members, &WITHIN);
                self.graph[next].within_alone = self.inside(members, &WITHIN_ALONE);
                self.inside(members, &KEPT);
            }
            next += 1;
        }
    }

    fn inside(&mut self, members: &'a Map<String, Value>, keywords: &[&str]) -> Vec<usize> {
        let mut places = Vec::new();
        for keyword in keywords {
            match members.get(*keyword) {
                Some(Value::Array(items)) => places.extend(items.iter().map(|item| self.place_of(item))),
                Some(Value::Object(named)) if holds_named_schemas(keyword) => {
                    places.extend(named.values().map(|item| self.place_of(item)));
                }
                Some(value) => places.push(self.place_of(value)),
                None => {}
            }
        }
        places
    }

    fn target(&self, reference: &str, anchors: &HashMap<&str, &'a Value>) -> Result<&'a Value, Invalid> {
        let root_id = self.root.get("$id").and_then(Value::as_str).map(|id| id.trim_end_matches('#'));
        let within_root = root_id.and_then(|id| reference.strip_prefix(id)).unwrap_or(reference);
        let Some(fragment) = within_root.strip_prefix('#') else {
            return Err(about(
                reference,
                "leads out of the schema: nothing is fetched, so put it below `$defs`",
            ));
        };
        if fragment.contains('%') {
            return Err(about(reference, "must be written without percent signs"));
        }
        let target = match fragment {
            "" => Some(self.root),
            pointer if pointer.starts_with('/') => self.root.pointer(pointer),
            anchor => anchors.get(anchor).copied(),
        };
        target
            .filter(|value| value.is_object() || value.is_boolean())
            .ok_or_else(|| about(reference, "leads to nothing that is a schema"))
    }
}

fn about(reference: &str, problem: &str) -> Invalid {
    let shown: String = reference.chars().take(120).collect();
    Invalid::new(format!("has a reference, {shown}, that {problem}"))
}

fn holds_named_schemas(keyword: &str) -> bool {
    KEPT.contains(&keyword)
        || matches!(keyword, "properties" | "patternProperties" | "dependentSchemas" | "dependencies")
}

fn weight_of(schema: &Value) -> u64 {
    let Value::Object(members) = schema else { return 1 };
    // Only `required` and its kind report more than one fault a keyword.
    let names = |value: &Value| match value {
        Value::Array(items) => items.len(),
        Value::Object(named) => named.values().filter_map(Value::as_array).map(Vec::len).sum(),
        _ => 0,
    };
    let required = ["required", "dependentRequired", "dependencies"];
    let listed: usize = required.iter().filter_map(|keyword| members.get(*keyword)).map(names).sum();
    (1 + members.len() + listed) as u64
}

fn anchors<'a>(subschemas: &[&'a Value]) -> Result<HashMap<&'a str, &'a Value>, Invalid> {
    let mut anchors = HashMap::new();
    for &value in subschemas {
        let plain = ["$anchor", "$dynamicAnchor"].iter().filter_map(|keyword| value.get(keyword)?.as_str());
        // Up to draft 7 an anchor is written as an `$id` that begins with '#'.
        let old = value.get("$id").and_then(Value::as_str).and_then(|id| id.strip_prefix('#'));
        for anchor in plain.chain(old) {
            if anchors.insert(anchor, value).is_some_and(|other: &Value| !std::ptr::eq(other, value)) {
                return Err(Invalid::new("uses the same anchor twice"));
            }
        }
    }
    Ok(anchors)
}

/// An `$id` or `$schema` below the root would change what the references below it mean.
fn refuse_embedded_resources(value: &Value, is_root: bool) -> Result<(), Invalid> {
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| refuse_embedded_resources(item, false)),
        Value::Object(members) => {
            let text = |keyword: &str| members.get(keyword).and_then(Value::as_str);
            let has_own_id = text("$id").is_some_and(|id| !id.starts_with('#'));
            if !is_root && (has_own_id || text("$schema").is_some()) {
                return Err(Invalid::new(
                    "must have `$id` and `$schema` at its root only: refer to a part by #/$defs/… or an anchor",
                ));
            }
            let schemas = members.iter().filter(|(name, _)| !DATA.contains(&name.as_str()));
            schemas.map(|(_, inner)| inner).try_for_each(|inner| refuse_embedded_resources(inner, false))
        }
        _ => Ok(()),
    }
}
