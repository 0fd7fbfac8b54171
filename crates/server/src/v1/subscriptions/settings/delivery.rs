//! Where and how a push subscription is sent.

use postroad_domain::{
    CustomHeader, EndpointUrl, HttpVersion, Invalid,
    endpoint::check_header_value,
    limits::{CUSTOM_HEADERS_MAX, HEADER_VALUE_BYTES_MAX, NAME_CHARS_MAX},
    subscription::Push,
};
use postroad_profile::Profile;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::tls::{self, TlsJson};
use crate::{
    check::{Faults, Field, Shape},
    v1::options::MASK,
};

/// The fields of `delivery`.
pub(super) const SHAPE: Shape =
    Shape::of(&["type", "url", "method", "content_type", "headers", "authorization", "tls", "http_version"]);
const HEADER: Shape = Shape::of(&["name", "value"]);
const MASK_OF_A_VALUE: &str = "is the mask of a value that was not shown to you: give the value itself";

/// Where and how.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliverySettings {
    /// `push`: each event is sent to a URL.
    #[serde(rename = "type")]
    #[schema(required = false, default = "push")]
    type_: &'static str,
    /// Where to: http or https, without a user name or password.
    #[schema(max_length = 4096)]
    url: String,
    /// One of the profile's methods; by default its first.
    #[schema(required = false)]
    method: String,
    /// One of the profile's content types; by default its first. Null where the profile sends no body.
    content_type: Option<String>,
    /// Your own headers, in their order. Their values are shown as `********` unless the key has `subscriptions:write`.
    #[schema(required = false, max_items = 30)]
    headers: Vec<HeaderSetting>,
    /// The whole value of the header `Authorization`: `Basic …`. Shown as `********` unless the key has
    /// `subscriptions:write`.
    authorization: Option<String>,
    /// Client certificate and trusted authorities; null for none, and those that the machine trusts.
    tls: Option<TlsJson>,
    /// The newest version of HTTP that is offered to an https receiver: `1.1`, or `2`, which falls back to 1.1 where the
    /// receiver does not offer it. By default the profile's.
    #[schema(required = false)]
    http_version: &'static str,
}

/// A header that is added to each request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HeaderSetting {
    /// As it is sent.
    name: String,
    /// Visible ASCII, spaces and tabs inside.
    value: String,
}

impl DeliverySettings {
    /// As it is written: method, content type and version are those in force.
    pub(super) fn of(push: &Push, profile: &Profile) -> Self {
        let header =
            |header: &CustomHeader| HeaderSetting { name: header.name.clone(), value: header.value.clone() };
        Self {
            type_: "push",
            url: push.url.as_str().to_owned(),
            method: method_of(push, profile),
            content_type: content_type_of(push, profile),
            headers: push.headers.iter().map(header).collect(),
            authorization: push.authorization.clone(),
            tls: push.tls.as_ref().map(TlsJson::of),
            http_version: push.http_version.unwrap_or(profile.delivery.http_version).as_str(),
        }
    }

    /// The same without the key of the client certificate.
    pub(super) fn without_key(self) -> Self {
        Self { tls: self.tls.map(TlsJson::masked), ..self }
    }

    /// The same with masks in the places of the headers' values and of `authorization`.
    pub(super) fn without_values(self) -> Self {
        let mask = || MASK.to_owned();
        let headers = self.headers.into_iter().map(|header| HeaderSetting { value: mask(), ..header });
        Self { headers: headers.collect(), authorization: self.authorization.map(|_| mask()), ..self }
    }
}

/// Adds a fault for each mask that a caller gives back in the place of a header's value or of `authorization`. A header has
/// no name of its own that would tell which value it stood for: there may be several of one name.
pub(in crate::v1::subscriptions) fn note_masks(given: &Value, faults: &Faults) {
    let delivery = &given["delivery"];
    if delivery["authorization"] == MASK {
        faults.add("delivery.authorization", MASK_OF_A_VALUE);
    }
    for (index, header) in delivery["headers"].as_array().into_iter().flatten().enumerate() {
        if header["value"] == MASK {
            faults.add(&format!("delivery.headers[{index}].value"), MASK_OF_A_VALUE);
        }
    }
}

fn method_of(push: &Push, profile: &Profile) -> String {
    push.method.clone().or_else(|| profile.methods().first().cloned()).unwrap_or_default()
}

fn content_type_of(push: &Push, profile: &Profile) -> Option<String> {
    push.content_type.clone().or_else(|| profile.content_types().next().map(str::to_owned))
}

/// Checks `delivery`. Which methods and content types there are the profile decides.
pub(super) fn read(field: Field<'_>) -> Option<Push> {
    let mut delivery = field.object(&SHAPE)?;
    delivery.field("type").map_or(Some(()), |field| field.parsed(parse_type))?;
    let url = delivery.required("url").and_then(|field| field.parsed(EndpointUrl::parse));
    let method = delivery.field("method").and_then(|field| field.text_within(1, NAME_CHARS_MAX));
    let content_type = delivery.field("content_type").and_then(|field| field.text_within(1, NAME_CHARS_MAX));
    let headers = delivery.field("headers");
    let headers = headers.and_then(|field| field.list(CUSTOM_HEADERS_MAX, read_header));
    let authorization = delivery.field("authorization").and_then(|field| field.parsed(parse_authorization));
    let tls = delivery.field("tls").and_then(tls::read);
    let http_version = delivery.field("http_version").and_then(|field| field.parsed(parse_version));
    let headers = headers.unwrap_or_default();
    let push = Push::to(url?);
    Some(Push { method, content_type, headers, authorization, tls, http_version, ..push })
}

fn parse_type(text: &str) -> Result<(), Invalid> {
    match text {
        "push" => Ok(()),
        "pull" => Err(Invalid::new("is not available in this version as pull: write push")),
        _ => Err(Invalid::new("must be push")),
    }
}

fn parse_authorization(text: &str) -> Result<String, Invalid> {
    if text.is_empty() || text.len() > HEADER_VALUE_BYTES_MAX {
        return Err(Invalid::new(format!("must have 1 to {HEADER_VALUE_BYTES_MAX} bytes")));
    }
    check_header_value(text).map(|()| text.to_owned())
}

fn parse_version(text: &str) -> Result<HttpVersion, Invalid> {
    HttpVersion::parse(text).ok_or_else(|| Invalid::new("must be \"1.1\" or \"2\""))
}

/// A fault belongs to the name when the name would be refused with any value.
fn read_header(field: Field<'_>) -> Option<CustomHeader> {
    let mut header = field.object(&HEADER)?;
    let name = header
        .required("name")
        .and_then(|field| field.parsed(|name| CustomHeader::parse(name, "x").map(|_| name.to_owned())));
    let value = header.required("value");
    match name {
        Some(name) => value?.parsed(|value| CustomHeader::parse(&name, value)),
        None => value.and_then(Field::text).and(None),
    }
}
