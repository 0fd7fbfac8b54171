//! What a caller may set of a tenant: the fields, and how they are checked.

use postroad_domain::{
    Invalid,
    limits::{CONTACTS_MAX, NAME_CHARS_MAX, RETENTION, RETENTION_BYTES},
    tenant::TenantSpec,
};
use postroad_engine::Engine;
use postroad_profile::Profile;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    check::{Faults, Field, Object, Shape, duration_text, parse_duration},
    problem::Problem,
    v1::options,
};

const SHAPE: Shape = Shape::of(&["profile", "name", "contacts", "options", "retention", "retention_bytes"]);
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
    /// Mail addresses of those who look after it; at most 20. They are kept and shown: this version sends no mail.
    #[schema(required = false, max_items = 20)]
    contacts: Vec<String>,
    /// The profile's own options: its option schema says which there are. Those that are secret are shown as `********`.
    #[schema(required = false, value_type = Object)]
    options: Value,
    /// How long its events are kept with their deliveries and attempts: `12h`, `30d`. Not longer than what the
    /// installation and the profile keep, and not shorter than a delivery may wait.
    #[schema(required = false)]
    retention: Option<String>,
    /// Bytes of its events' data that are kept; above it the oldest go, whatever their age.
    #[schema(required = false, minimum = 1048576)]
    retention_bytes: Option<u64>,
}

impl TenantSettings {
    /// As it is shown.
    pub(super) fn of(spec: TenantSpec, profile: Option<&Profile>) -> Self {
        let options = options::shown(&spec.options, profile);
        Self {
            profile: spec.profile,
            name: spec.name,
            contacts: spec.contacts,
            options,
            retention: spec.retention.map(duration_text),
            retention_bytes: spec.retention_bytes,
        }
    }
}

/// Checks a body, as far as no profile is needed; but with the one that it names, a mask is known from a value.
pub(super) fn read(body: Value, engine: &Engine) -> Result<TenantSpec, Problem> {
    let faults = Faults::default();
    let spec = Object::root(body, &SHAPE, &faults).and_then(read_fields);
    if let Some((spec, loaded)) =
        spec.as_ref().and_then(|spec| Some((spec, engine.configuration().profile(&spec.profile)?)))
    {
        options::note_masks(&spec.options, &loaded.profile, &faults);
    }
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
    let age = |field: Field<'_>| field.parsed(|text| parse_duration(text, RETENTION));
    let retention = body.field("retention").and_then(age);
    let retention_bytes = body.field("retention_bytes").and_then(|field| field.number(RETENTION_BYTES));
    Some(TenantSpec { profile: profile?, name, contacts, options, retention, retention_bytes, sealed: None })
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
