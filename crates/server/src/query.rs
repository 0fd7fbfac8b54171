//! Reading the query of a list: its filters, its page.

use http::Uri;
use postroad_domain::{Invalid, Timestamp, limits::PAGE_ITEMS};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    check::{Faults, Object, Shape},
    problem::{Code, Problem},
};

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List<T> {
    /// The items.
    pub(crate) data: Vec<T>,
    /// The `cursor` of the next page; null when this is the last. A page with a rare filter may be short and still
    /// have a next one.
    pub(crate) next: Option<String>,
}

/// Opens a query: a name that is not known or stands twice is a fault.
pub(crate) fn read<'f>(uri: &Uri, shape: &Shape, faults: &'f Faults) -> Object<'f> {
    let mut fields = Map::new();
    for (name, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        if fields.contains_key(name.as_ref()) {
            faults.add(&name, "is given twice");
        }
        fields.insert(name.into_owned(), Value::String(value.into_owned()));
    }
    Object::of_texts(fields, shape, faults)
}

/// How many items the caller wants.
pub(crate) fn limit(query: &mut Object<'_>) -> usize {
    let limit = query.field("limit").and_then(|field| {
        field.parsed(|text| {
            let number =
                text.parse().ok().filter(|number| (PAGE_ITEMS.min..=PAGE_ITEMS.max).contains(number));
            number.ok_or_else(|| {
                Invalid::new(format!("must be a whole number from {} to {}", PAGE_ITEMS.min, PAGE_ITEMS.max))
            })
        })
    });
    limit.unwrap_or(PAGE_ITEMS.default)
}

/// Where the page begins. `read` gives `None` for what this list never answered.
pub(crate) fn cursor<T>(
    query: &mut Object<'_>,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let Some(text) = query.field("cursor").and_then(crate::check::Field::text) else { return Ok(None) };
    let foreign = || Problem::new(Code::BadCursor, "Pass the `next` of a page of this list, unchanged.");
    read(&text).map(Some).ok_or_else(foreign)
}

/// A moment such as `since`.
pub(crate) fn time(query: &mut Object<'_>, name: &str) -> Option<Timestamp> {
    query.field(name)?.parsed(parse_time)
}

/// Reads an RFC 3339 time.
pub(crate) fn parse_time(text: &str) -> Result<Timestamp, Invalid> {
    Timestamp::parse(text)
        .ok_or_else(|| Invalid::new("must be an RFC 3339 time such as 2026-11-21T20:50:00Z"))
}
