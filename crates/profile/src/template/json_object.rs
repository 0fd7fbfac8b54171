//! JSON inside MiniJinja: prints as the bytes it came in, and is taken apart only where a template reaches into it.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use minijinja::value::{Enumerator, Object, ObjectRepr, Value};
use serde_json::value::RawValue;

use crate::json;

/// A JSON value of an event, an option or an attribute.
#[derive(Debug)]
pub(crate) struct JsonObject {
    text: String,
    parts: OnceLock<Parts>,
}

#[derive(Debug)]
enum Parts {
    Members(Vec<(Value, Value)>),
    Items(Vec<Value>),
    None,
}

impl JsonObject {
    pub(crate) fn new(text: String) -> Self {
        Self { text, parts: OnceLock::new() }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    fn parts(&self) -> &Parts {
        self.parts.get_or_init(|| match self.text.trim_start().as_bytes().first() {
            Some(b'{') => json::members(&self.text).map_or(Parts::None, |members| {
                Parts::Members(
                    members.into_iter().map(|(name, raw)| (Value::from(&*name), value(raw))).collect(),
                )
            }),
            Some(b'[') => json::items(&self.text)
                .map_or(Parts::None, |items| Parts::Items(items.into_iter().map(value).collect())),
            _ => Parts::None,
        })
    }
}

/// A part of a JSON value as MiniJinja calculates with it. Numbers with a fraction become doubles here; the filter
/// `member` keeps their spelling.
fn value(raw: &RawValue) -> Value {
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'n') => Value::from(()),
        Some(b't') => Value::from(true),
        Some(b'f') => Value::from(false),
        Some(b'"') => serde_json::from_str::<String>(text).map_or_else(|_| Value::from(text), Value::from),
        Some(b'-' | b'0'..=b'9') => number(text),
        _ => Value::from_object(JsonObject::new(text.to_owned())),
    }
}

fn number(text: &str) -> Value {
    match (text.parse::<i64>(), text.parse::<f64>()) {
        (Ok(integer), _) => Value::from(integer),
        (Err(_), Ok(double)) => Value::from(double),
        (Err(_), Err(_)) => Value::from(text),
    }
}

impl Object for JsonObject {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        match self.parts() {
            Parts::Members(_) => ObjectRepr::Map,
            Parts::Items(_) => ObjectRepr::Seq,
            Parts::None => ObjectRepr::Plain,
        }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match self.parts() {
            // The last of equal names counts, as for most readers.
            Parts::Members(members) => {
                members.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.clone())
            }
            Parts::Items(items) => items.get(key.as_usize()?).cloned(),
            Parts::None => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match self.parts() {
            Parts::Members(members) => {
                Enumerator::Values(members.iter().map(|(name, _)| name.clone()).collect())
            }
            Parts::Items(items) => Enumerator::Seq(items.len()),
            Parts::None => Enumerator::NonEnumerable,
        }
    }

    fn is_true(self: &Arc<Self>) -> bool {
        super::fact::Fact::json(&self.text).is_true()
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}
