//! What a caller may set of a tenant: the fields, and how they are checked.

use postroad_domain::{
    Invalid,
    limits::{CONTACTS_MAX, NAME_CHARS_MAX},
    tenant::TenantSpec,
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    check::{Faults, Field, Object, Shape},
    problem::Problem,
};

const SHAPE: Shape = Shape::of(&["profile", "name", "contacts", "options"]);
/// RFC 5321, section 4.5.3.1.3.
const MAIL_CHARS_MAX: usize = 254;

/// What a caller may set of a tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TenantSettings {
    /// The profile: the product whose wire format this tenant's receivers expect.
    profile: String,
    /// A name that people see.
    #[schema(max_length = 255)]
    name: Option<String>,
    /// Mail addresses that hear of trouble; at most 20.
    #[schema(required = false, max_items = 20)]
    contacts: Vec<String>,
    /// The profile's own options.
    #[schema(required = false, value_type = Object)]
    options: Value,
}

impl TenantSettings {
    /// As it is shown.
    pub(super) fn of(spec: TenantSpec) -> Self {
        // Written by `read` below: it is an object.
        let options = serde_json::from_str(&spec.options).unwrap_or_default();
        Self { profile: spec.profile, name: spec.name, contacts: spec.contacts, options }
    }
}

/// Checks a body.
pub(super) fn read(body: Value) -> Result<TenantSpec, Problem> {
    let faults = Faults::default();
    let spec = Object::root(body, &SHAPE, &faults).and_then(read_fields);
    faults.finish(spec)
}

fn read_fields(mut body: Object<'_>) -> Option<TenantSpec> {
    let profile = body.required("profile").and_then(Field::text);
    let name = body.field("name").and_then(|field| field.text_within(1, NAME_CHARS_MAX));
    let contacts = body
        .field("contacts")
        .and_then(|field| field.list(CONTACTS_MAX, |contact| contact.parsed(parse_mail)))
        .unwrap_or_default();
    let options = body.field("options").and_then(Field::any_object);
    let options = options.map_or_else(|| "{}".to_owned(), |options| options.to_string());
    Some(TenantSpec { profile: profile?, name, contacts, options })
}

/// Whether mail arrives, only mail can tell; this catches what can never be an address.
fn parse_mail(text: &str) -> Result<String, Invalid> {
    let plausible = text.rsplit_once('@').is_some_and(|(who, host)| !who.is_empty() && !host.is_empty());
    let plain = !text.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    if plausible && plain && text.len() <= MAIL_CHARS_MAX {
        return Ok(text.to_owned());
    }
    Err(Invalid::new("must be a mail address such as jo@example.com"))
}
