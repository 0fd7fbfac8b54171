//! Where and how a subscription is sent.

use postroad_domain::{CustomHeader, limits::CUSTOM_HEADERS_MAX, subscription::Push};
use postroad_engine::HeaderDraft;
use postroad_profile::Profile;
use serde::Serialize;
use serde_json::{Number, Value};
use utoipa::ToSchema;

use super::tls::TlsJson;
use crate::{
    check::{Body, BoundedVec, Faults, Field, Object, Read, Shape, body},
    v1::options::MASK,
};

const MASK_OF_A_VALUE: &str = "is the mask of a value that was not shown to you: give the value itself";

body! {
    /// Where and how.
    #[derive(Debug, Serialize, ToSchema)]
    pub(crate) struct DeliverySettings {
        /// `push`: each event is sent to a URL.
        #[schema(required = false, default = "push", value_type = String)]
        r#type: Option<String>,
        /// Where to: http or https, without a user name or password. Required, unless an option of the profile names an endpoint of
        /// the tenant in its place; then it is null.
        pub(super) url: Option<String>,
        /// One of the profile's methods; by default its first.
        #[schema(required = false, value_type = String)]
        pub(super) method: Option<String>,
        /// One of the profile's content types; by default its first. Null where the profile sends no body.
        pub(super) content_type: Option<String>,
        /// Your own headers, in their order. Their values are shown as `********` unless the key has `subscriptions:write`.
        #[schema(required = false, value_type = Vec<HeaderSetting>)]
        pub(super) headers: Option<BoundedVec<HeaderSetting, CUSTOM_HEADERS_MAX>>,
        /// The whole value of the header `Authorization`: `Basic …`. Shown as `********` unless the key has
        /// `subscriptions:write`.
        pub(super) authorization: Option<String>,
        /// Client certificate and trusted authorities; null for none, and those that the machine trusts.
        pub(super) tls: Option<TlsJson>,
        /// The newest version of HTTP that is offered to an https receiver: `1.1`, or `2`, which falls back to 1.1 where the
        /// receiver does not offer it. By default the profile's.
        #[schema(required = false, value_type = String)]
        pub(super) http_version: Option<String>,
    }
}

body! {
    /// A header that is added to each request.
    #[derive(Debug, Serialize, ToSchema)]
    pub(crate) struct HeaderSetting {
        /// As it is sent.
        name: String,
        /// Visible ASCII, spaces and tabs inside.
        value: String,
    }
}

/// The way out of a subscription, which has only the settings of its kind.
#[derive(Debug, Serialize)]
#[serde(untagged)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every subscription is pushed; a box would cost each of them"
)]
pub(crate) enum TargetJson {
    /// Each event is sent to a URL.
    Push(DeliverySettings),
    /// The customer reads the log.
    Pull(PullSettings),
}

/// How the log is read. It is not in the document: this version refuses it.
#[derive(Debug, Serialize)]
pub(crate) struct PullSettings {
    r#type: &'static str,
    max_batch_bytes: Number,
}

/// The names that a pull subscription has besides. Those of a push one are refused with the rest of it.
const PULL: Shape =
    Shape { known: &["max_batch_bytes", "start"], flattened: Some(&DeliverySettings::SHAPE), later: &[] };

impl TargetJson {
    /// One that is read in batches of at most so many bytes.
    pub(super) fn pull(max_batch_bytes: u32) -> Self {
        Self::Pull(PullSettings { r#type: "pull", max_batch_bytes: max_batch_bytes.into() })
    }

    /// The same without the key of the client certificate.
    pub(super) fn without_key(self) -> Self {
        match self {
            Self::Push(push) => Self::Push(DeliverySettings { tls: push.tls.map(TlsJson::masked), ..push }),
            pull @ Self::Pull(_) => pull,
        }
    }

    /// The same with masks in the places of the headers' values and of `authorization`.
    pub(super) fn without_values(self) -> Self {
        match self {
            Self::Push(push) => Self::Push(push.without_values()),
            pull @ Self::Pull(_) => pull,
        }
    }

    /// Adds a fault for each mask that a caller gives back in the place of a value.
    pub(super) fn note_masks(&self, faults: &Faults) {
        if let Self::Push(push) = self {
            push.note_masks(faults);
        }
    }
}

impl Read for TargetJson {
    fn read(field: Field<'_>) -> Option<Self> {
        if field.member("type").is_some_and(|kind| kind == "pull") {
            let object: Option<Object<'_>> = field.object(&PULL);
            return object.map(|_| Self::pull(0));
        }
        let wrong = field.member("type").and_then(Value::as_str).filter(|kind| *kind != "push").is_some();
        if wrong {
            field.refuse_member("type", "must be push");
        }
        DeliverySettings::read(field).map(Self::Push)
    }

    fn stand_in() -> Self {
        Self::Push(DeliverySettings::stand_in())
    }

    fn note_unknown(field: Field<'_>) {
        let is_pull = field.member("type").is_some_and(|kind| kind == "pull");
        if is_pull { drop(field.object(&PULL)) } else { DeliverySettings::note_unknown(field) }
    }
}

impl DeliverySettings {
    /// As it is written: method, content type and version are those in force.
    pub(super) fn of(push: &Push, profile: &Profile) -> Self {
        let header =
            |header: &CustomHeader| HeaderSetting { name: header.name.clone(), value: header.value.clone() };
        let version = push.http_version.unwrap_or(profile.delivery.http_version);
        Self {
            r#type: Some("push".to_owned()),
            url: push.url.as_ref().map(|url| url.as_str().to_owned()),
            method: Some(method_of(push, profile)),
            content_type: content_type_of(push, profile),
            headers: Some(push.headers.iter().map(header).collect()),
            authorization: push.authorization.clone(),
            tls: push.tls.as_ref().map(TlsJson::of),
            http_version: Some(version.as_str().to_owned()),
        }
    }

    fn without_values(self) -> Self {
        let mask = || MASK.to_owned();
        let masked = |header| HeaderSetting { value: mask(), ..header };
        let headers = self.headers.map(|headers| headers.into_inner().into_iter().map(masked).collect());
        Self { headers, authorization: self.authorization.map(|_| mask()), ..self }
    }

    /// A header has no name of its own that would tell which value it stood for: there may be several of one name.
    fn note_masks(&self, faults: &Faults) {
        if self.authorization.as_deref() == Some(MASK) {
            faults.add("delivery.authorization", MASK_OF_A_VALUE);
        }
        for (index, header) in self.headers.iter().flat_map(BoundedVec::iter).enumerate() {
            if header.value == MASK {
                faults.add(&format!("delivery.headers[{index}].value"), MASK_OF_A_VALUE);
            }
        }
        if let Some(tls) = &self.tls {
            tls.note_masks(faults);
        }
    }
}

impl From<HeaderSetting> for HeaderDraft {
    fn from(HeaderSetting { name, value }: HeaderSetting) -> Self {
        Self { name, value }
    }
}

fn method_of(push: &Push, profile: &Profile) -> String {
    let methods = profile.methods_to(push.url.is_none());
    push.method.clone().or_else(|| methods.first().cloned()).unwrap_or_default()
}

fn content_type_of(push: &Push, profile: &Profile) -> Option<String> {
    push.content_type.clone().or_else(|| profile.content_types().next().map(str::to_owned))
}
