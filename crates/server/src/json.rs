//! Reading JSON text from outside.
//!
//! **Invariant:** no object with a key that stands twice is understood: readers differ in which value they take, and two
//! that differ about one request are a hole.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value, error::Category};

use crate::problem::{Code, Problem};

/// The body as text.
pub(crate) fn text(body: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(body).map_err(|error| {
        let offset = error.valid_up_to();
        Problem::new(
            Code::InvalidUtf8,
            format!("The body must be UTF-8; the byte at offset {offset} is not."),
        )
    })
}

/// A JSON value of which no object names a key twice.
pub(crate) fn value(body: &[u8]) -> Result<Value, Problem> {
    let parsed: Result<Strict, _> = serde_json::from_str(text(body)?);
    match parsed {
        Ok(Strict(value)) => Ok(value),
        // The only fault that `Strict` itself finds is a key that stands twice.
        Err(error) if error.classify() == Category::Data => {
            Err(Problem::new(Code::DuplicateKey, format!("In the body, {error}.")))
        }
        Err(error) => Err(malformed(&error)),
    }
}

/// Text that is not JSON, with the line and column where it ceases to be.
pub(crate) fn malformed(error: &serde_json::Error) -> Problem {
    let detail = match error.classify() {
        Category::Eof if (error.line(), error.column()) == (1, 0) => {
            "The body is empty; it must be JSON.".to_owned()
        }
        _ => format!("The body is not JSON: {error}."),
    };
    Problem::new(Code::MalformedJson, detail)
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((key, Strict(value))) = entries.next_entry::<String, Strict>()? {
            if map.contains_key(&key) {
                return Err(A::Error::custom(format_args!("the key `{key}` stands twice")));
            }
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}
