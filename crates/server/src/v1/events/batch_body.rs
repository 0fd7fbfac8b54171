//! The body of a batch: the texts of its items, which are each read for themselves.

use std::fmt;

use postroad_domain::limits::BATCH_EVENTS_MAX;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{error::Category, value::RawValue};

use crate::{
    check::Faults,
    json,
    problem::{Code, Problem},
};

/// The texts of a batch's items.
pub(super) fn read(text: &str) -> Result<Vec<&RawValue>, Problem> {
    let body: Body<'_> = serde_json::from_str(text).map_err(|error| match error.classify() {
        // The only faults of the kind that the visitors find.
        Category::Data => Problem::invalid_field("", "must be an object with a list `events`"),
        Category::Syntax | Category::Eof | Category::Io => json::malformed(&error),
    })?;
    if body.is_repeated {
        return Err(Problem::new(Code::DuplicateKey, "The key `events` stands twice in the body."));
    }
    let faults = Faults::default();
    for name in &body.unknown {
        faults.add(name, "is not known here; known: events");
    }
    match &body.items {
        None => faults.add("events", "is required"),
        Some(items) if items.count > BATCH_EVENTS_MAX => {
            faults.add("events", format!("holds {} events; {BATCH_EVENTS_MAX} are allowed", items.count));
        }
        Some(_) => {}
    }
    faults.finish(body.items.map(|items| items.texts))
}

#[derive(Default)]
struct Body<'a> {
    items: Option<Items<'a>>,
    unknown: Vec<String>,
    is_repeated: bool,
}

/// As many texts as are allowed, and how many there were: the texts of ten million empty items would take more memory
/// than the body.
struct Items<'a> {
    texts: Vec<&'a RawValue>,
    count: usize,
}

impl<'de> Deserialize<'de> for Body<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(BodyVisitor)
    }
}

impl<'de> Deserialize<'de> for Items<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ItemsVisitor)
    }
}

struct BodyVisitor;

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = Body<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a batch")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Body<'de>, A::Error> {
        let mut body = Body::default();
        while let Some(name) = entries.next_key::<String>()? {
            if name == "events" {
                body.is_repeated |= body.items.replace(entries.next_value()?).is_some();
                continue;
            }
            entries.next_value::<IgnoredAny>()?;
            if body.unknown.len() < BATCH_EVENTS_MAX {
                body.unknown.push(name.chars().take(64).collect());
            }
        }
        Ok(body)
    }
}

struct ItemsVisitor;

impl<'de> Visitor<'de> for ItemsVisitor {
    type Value = Items<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Items<'de>, A::Error> {
        let mut items = Items { texts: Vec::new(), count: 0 };
        while items.count < BATCH_EVENTS_MAX {
            let Some(text) = entries.next_element()? else { return Ok(items) };
            items.texts.push(text);
            items.count += 1;
        }
        while entries.next_element::<IgnoredAny>()?.is_some() {
            items.count += 1;
        }
        Ok(items)
    }
}
