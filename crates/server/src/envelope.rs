//! An object with names that are known: some are carried byte for byte, the others are small enough to be parsed.
//!
//! **Invariants**
//! * What is carried stays byte for byte what came: key order, number spelling and escapes are the caller's.
//! * A name that stands twice is refused: nobody can say which value is meant.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserializer,
    de::{DeserializeSeed, MapAccess, Visitor},
};
use serde_json::{Map, Value, error::Category, value::RawValue};

use crate::{
    check::{Body, Faults, Field},
    json,
    problem::{Code, Problem},
};

/// An object of which `N` members are carried; its other fields are those of the body `B`.
pub(crate) trait Enveloped<const N: usize>: Body {
    /// The names of what is carried.
    const CARRIED: [&'static str; N];
}

/// The parts of an envelope.
pub(crate) struct Envelope<'a, B, const N: usize> {
    /// What is carried, in the order of the names; `None` where it did not come.
    pub(crate) carried: [Option<&'a RawValue>; N],
    small: Map<String, Value>,
    body: PhantomData<B>,
}

impl<'a, B: Enveloped<N>, const N: usize> Envelope<'a, B, N> {
    /// Takes an object apart. `path` is its place in the request, empty for the request's root.
    pub(crate) fn read(text: &'a str, path: &str) -> Result<Self, Problem> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let parts = EnvelopeSeed(PhantomData::<B>).deserialize(&mut reader);
        let parts = parts.and_then(|parts| reader.end().map(|()| parts));
        let parts = parts.map_err(|error| match error.classify() {
            // The envelope itself finds only one fault: that it is none.
            Category::Data => Problem::invalid_field(path, "must be an object"),
            Category::Syntax | Category::Eof | Category::Io => json::malformed(&error),
        })?;
        if let Some(name) = parts.repeated {
            let place = if path.is_empty() { "the body" } else { path };
            let detail = format!(
                "The key `{name}` stands twice in {place}, so that nobody can say which value is meant."
            );
            return Err(Problem::new(Code::DuplicateKey, detail));
        }
        Ok(Self { carried: parts.carried, small: parts.small, body: PhantomData })
    }

    /// What is parsed, with a fault for each name that is not known.
    pub(crate) fn small(self, path: &str, faults: &Faults) -> B {
        B::read(Field::new(path.to_owned(), Value::Object(self.small), faults)).unwrap_or_else(B::stand_in)
    }
}

struct Parts<'a, const N: usize> {
    carried: [Option<&'a RawValue>; N],
    small: Map<String, Value>,
    repeated: Option<String>,
}

struct EnvelopeSeed<B, const N: usize>(PhantomData<B>);

impl<'de, B: Enveloped<N>, const N: usize> DeserializeSeed<'de> for EnvelopeSeed<B, N> {
    type Value = Parts<'de, N>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, B: Enveloped<N>, const N: usize> Visitor<'de> for EnvelopeSeed<B, N> {
    type Value = Parts<'de, N>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut parts = Parts { carried: [None; N], small: Map::new(), repeated: None };
        while let Some((name, value)) = entries.next_entry::<String, &RawValue>()? {
            let place = B::CARRIED.iter().position(|carried| *carried == name);
            let is_repeated = match place.and_then(|place| parts.carried.get_mut(place)) {
                Some(carried) => carried.replace(value).is_some(),
                None => parts.small.insert(name.clone(), Self::small_value(&name, value)).is_some(),
            };
            if is_repeated {
                parts.repeated.get_or_insert(name);
            }
        }
        Ok(parts)
    }
}

impl<B: Enveloped<N>, const N: usize> EnvelopeSeed<B, N> {
    /// The value of a name that is read. What is too deep or holds half a surrogate pair is no text that could be meant,
    /// so it becomes a value of a wrong kind; what stands behind unknown names is not parsed at all.
    fn small_value(name: &str, raw: &RawValue) -> Value {
        if !B::SHAPE.knows(name) {
            return Value::Bool(false);
        }
        serde_json::from_str(raw.get()).unwrap_or(Value::Bool(false))
    }
}
