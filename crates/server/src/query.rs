//! Reading the query of a list: its filters, its page.

use std::fmt::Display;

use axum::{Json, extract::FromRequestParts};
use http::{Uri, request::Parts};
use postroad_domain::{
    Actor, AuditAction, EventType, Invalid, Status, TenantId, Timestamp,
    ids::{Id, Kind},
    limits::PAGE_ITEMS,
    time::parse_time,
};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        Required,
        path::{Parameter, ParameterBuilder, ParameterIn},
    },
};

use crate::{
    check::{Faults, Field, Object, Shape},
    problem::{Problem, bad_cursor},
};

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List<T> {
    /// The items.
    pub(crate) data: Vec<T>,
    /// The `cursor` of the next page; null when this is the last. A page with large items or a rare filter may be
    /// short and still have a next one.
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

/// What a list is asked for. A name that is not known or stands twice is a fault.
pub(crate) struct Asked<F, C> {
    /// Which items.
    pub(crate) filter: F,
    /// Where the page begins: behind what this names.
    pub(crate) after: Option<C>,
    /// How many items at most.
    pub(crate) limit: usize,
    /// Of which list.
    pub(crate) of: ListPath,
}

/// The path of a list, which its cursors name.
pub(crate) struct ListPath(Uri);

/// The filters of a list. Declared by [`filters!`].
pub(crate) trait Filters: Sized {
    /// Their names.
    const SHAPE: Shape;

    /// Reads those that are there.
    fn read(query: &mut Object<'_>) -> Self;
}

/// The inside of a cursor.
pub(crate) trait Cursor: Sized {
    /// Reads what this list once answered; `None` for what it never did.
    fn parse_inside(text: &str) -> Option<Self>;
}

/// Declares the filters of a list: by their names and types, with what the document says of them.
macro_rules! filters {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $(#[doc = $doc:literal] $field_vis:vis $field:ident: $type:ty,)*
        }
    ) => {
        $(#[$meta])*
        $vis struct $name {
            $(#[doc = $doc] $field_vis $field: Option<$type>,)*
        }

        impl $crate::query::Filters for $name {
            const SHAPE: $crate::check::Shape =
                $crate::check::Shape::of(&[$($crate::check::wire_name(stringify!($field))),*]);

            fn read(query: &mut $crate::check::Object<'_>) -> Self {
                Self {
                    $($field: {
                        let field = query.field($crate::check::wire_name(stringify!($field)));
                        field.and_then(|field| field.parsed(<$type as $crate::query::Word>::parse_word))
                    },)*
                }
            }
        }

        impl utoipa::IntoParams for $name {
            fn into_params(
                _: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>,
            ) -> Vec<utoipa::openapi::path::Parameter> {
                vec![$($crate::query::parameter($crate::check::wire_name(stringify!($field)), $doc)),*]
            }
        }
    };
}
pub(crate) use filters;

/// Of a list without filters.
pub(crate) struct NoFilter;

impl Filters for NoFilter {
    const SHAPE: Shape = Shape::of(&[]);

    fn read(_: &mut Object<'_>) -> Self {
        Self
    }
}

filters! {
    /// The tenant that a list over all of them is filtered by.
    pub(crate) struct TenantFilter {
        /// Only of this tenant
        pub(crate) tenant: TenantId,
    }
}

/// The filters of a list over all tenants: of one of them, and those of its own list.
pub(crate) struct OfAny<F> {
    /// Only of this tenant.
    pub(crate) tenant: Option<TenantId>,
    /// As in the list of one tenant.
    pub(crate) filter: F,
}

impl<F: Filters> Filters for OfAny<F> {
    const SHAPE: Shape = F::SHAPE.behind(&TenantFilter::SHAPE);

    fn read(query: &mut Object<'_>) -> Self {
        Self { tenant: TenantFilter::read(query).tenant, filter: F::read(query) }
    }
}

impl<F: IntoParams> IntoParams for OfAny<F> {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut all = TenantFilter::into_params(&place);
        all.extend(F::into_params(place));
        all
    }
}

/// The parameters of every list for the document.
pub(crate) struct PageParams;

impl IntoParams for PageParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let limit = format!("{} to {}, by default {}", PAGE_ITEMS.min, PAGE_ITEMS.max, PAGE_ITEMS.default);
        vec![parameter("limit", &limit), parameter("cursor", "The `next` of the page before")]
    }
}

/// A parameter of a query, which need not be there.
pub(crate) fn parameter(name: &str, description: &str) -> Parameter {
    let made = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query);
    made.required(Required::False).description(Some(description.trim())).build()
}

impl<S: Send + Sync, F: Filters, C: Cursor> FromRequestParts<S> for Asked<F, C> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::read(&parts.uri)
    }
}

impl<F: Filters, C: Cursor> Asked<F, C> {
    const SHAPE: Shape = Shape::of(&["limit", "cursor"]).behind(&F::SHAPE);

    fn read(uri: &Uri) -> Result<Self, Problem> {
        let faults = Faults::default();
        let mut query = read(uri, &Self::SHAPE, &faults);
        let (filter, limit) = (F::read(&mut query), limit(&mut query));
        let of = ListPath(uri.clone());
        let after = match query.field("cursor").and_then(Field::text) {
            Some(cursor) => Some(of.inside(&cursor).and_then(C::parse_inside).ok_or_else(bad_cursor)?),
            None => None,
        };
        faults.finish(Some(Self { filter, after, limit, of }))
    }
}

impl ListPath {
    /// The page of this list with the inside of the cursor of the next one.
    pub(crate) fn page<T>(&self, data: Vec<T>, next: Option<impl Display>) -> Json<List<T>> {
        Json(List { data, next: next.map(|inside| format!("{}-{inside}", self.mark())) })
    }

    /// What is inside a cursor. The list is known by its path, so that a cursor of another list or of another tenant is
    /// refused.
    fn inside<'c>(&self, cursor: &'c str) -> Option<&'c str> {
        cursor.split_once('-').filter(|(mark, _)| *mark == self.mark()).map(|(_, inside)| inside)
    }

    /// Tells lists apart; it protects nothing (FNV-1a).
    fn mark(&self) -> String {
        let bytes = self.0.path().bytes();
        let hash =
            bytes.fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        format!("{hash:08x}")
    }
}

/// Cuts a list that is in memory as a whole to one page; answers with it where the next one begins. `key` is what the list
/// is sorted by.
pub(crate) fn cut<T, K: Ord>(
    mut all: Vec<T>,
    (after, limit): (Option<&K>, usize),
    key: impl Fn(&T) -> K,
) -> (Vec<T>, Option<K>) {
    all.retain(|item| after.is_none_or(|after| key(item) > *after));
    let is_last = all.len() <= limit;
    all.truncate(limit);
    let next = all.last().filter(|_| !is_last).map(key);
    (all, next)
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
    let Some(text) = query.field("cursor").and_then(Field::text) else { return Ok(None) };
    read(&text).map(Some).ok_or_else(bad_cursor)
}

/// A value of a filter.
pub(crate) trait Word: Sized {
    /// Reads it.
    fn parse_word(text: &str) -> Result<Self, Invalid>;
}

/// Values of filters and insides of cursors that are read in one way of their own.
macro_rules! words {
    ($($type:ty: $parse:expr;)*) => {$(
        impl Word for $type {
            fn parse_word(text: &str) -> Result<Self, Invalid> {
                $parse(text)
            }
        }
    )*};
}

words! {
    TenantId: TenantId::parse;
    EventType: EventType::parse;
    AuditAction: AuditAction::parse;
    Actor: str::parse;
    Timestamp: parse_time;
    Status: Status::parse;
    String: |text: &str| Ok(text.to_owned());
    bool: |text: &str| text.parse().map_err(|_| Invalid::new("must be true or false"));
}

impl<K: Kind> Word for Id<K> {
    fn parse_word(text: &str) -> Result<Self, Invalid> {
        text.parse()
    }
}

/// Whatever can be a filter can be inside a cursor.
impl<W: Word> Cursor for W {
    fn parse_inside(text: &str) -> Option<Self> {
        W::parse_word(text).ok()
    }
}

impl Cursor for i64 {
    fn parse_inside(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}
