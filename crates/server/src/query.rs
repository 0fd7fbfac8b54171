//! Reading the query of a list: its filters, its page.

use std::fmt::Display;

use http::Uri;
use postroad_domain::{Invalid, TenantId, Timestamp, limits::PAGE_ITEMS};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    check::{Faults, Object, Shape},
    problem::{Problem, bad_cursor},
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

/// Something in a list over all tenants.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OfTenant<T> {
    /// Whose it is.
    tenant: String,
    #[serde(flatten)]
    item: T,
}

impl<T> OfTenant<T> {
    /// Puts the tenant to it.
    pub(crate) fn new(tenant: &TenantId, item: T) -> Self {
        Self { tenant: tenant.to_string(), item }
    }
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

/// Where the page begins: the inside of a `next` that this very list answered, which `read` understands. The list is known
/// by its path, so that a cursor of another list or of another tenant is refused.
pub(crate) fn after<T>(
    query: &mut Object<'_>,
    uri: &Uri,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let Some(text) = query.field("cursor").and_then(crate::check::Field::text) else { return Ok(None) };
    let inside = text.split_once('-').filter(|(mark, _)| *mark == mark_of(uri)).map(|(_, inside)| inside);
    inside.and_then(read).map(Some).ok_or_else(bad_cursor)
}

/// The `next` of a list: what [`after`] reads.
pub(crate) fn next(uri: &Uri, inside: Option<impl Display>) -> Option<String> {
    inside.map(|inside| format!("{}-{inside}", mark_of(uri)))
}

/// Tells lists apart; it protects nothing (FNV-1a).
fn mark_of(uri: &Uri) -> String {
    let hash = uri
        .path()
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{hash:08x}")
}

/// The tenant that a list over all tenants is filtered by.
pub(crate) fn tenant(query: &mut Object<'_>) -> Option<TenantId> {
    query.field("tenant").and_then(|field| field.parsed(TenantId::parse))
}

/// Where the page begins. `read` gives `None` for what this list never answered.
pub(crate) fn cursor<T>(
    query: &mut Object<'_>,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let Some(text) = query.field("cursor").and_then(crate::check::Field::text) else { return Ok(None) };
    read(&text).map(Some).ok_or_else(bad_cursor)
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
