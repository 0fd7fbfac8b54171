//! The filters of the language. Each is defined once, over [`Fact`].

use std::borrow::Cow;

use aws_lc_rs::digest;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use data_encoding::HEXLOWER;

use super::{escape, fact::Fact, filter_error::FilterError, moment};
use crate::ecmascript_json;

/// One filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    Base64,
    Base64Url,
    EcmascriptJson,
    Form,
    Hex,
    IsoMs,
    Json,
    Member,
    Raw,
    Rfc3339,
    Sha256Base64,
    Sha256Hex,
    Text,
    Unix,
    UnixMs,
    Url,
    Xml,
}

/// Every filter with its name.
pub(crate) const FILTERS: [(&str, Filter); 17] = [
    ("base64", Filter::Base64),
    ("base64url", Filter::Base64Url),
    ("ecmascript_json", Filter::EcmascriptJson),
    ("form", Filter::Form),
    ("hex", Filter::Hex),
    ("iso_ms", Filter::IsoMs),
    ("json", Filter::Json),
    ("member", Filter::Member),
    ("raw", Filter::Raw),
    ("rfc3339", Filter::Rfc3339),
    ("sha256_base64", Filter::Sha256Base64),
    ("sha256_hex", Filter::Sha256Hex),
    ("text", Filter::Text),
    ("unix", Filter::Unix),
    ("unix_ms", Filter::UnixMs),
    ("url", Filter::Url),
    ("xml", Filter::Xml),
];

impl Filter {
    /// The value behind the filter.
    pub(crate) fn apply<'a>(self, fact: Fact<'a>, arguments: &[Fact<'_>]) -> Result<Fact<'a>, FilterError> {
        Ok(match self {
            Self::Base64 => owned(STANDARD.encode(fact.into_text().as_bytes())),
            Self::Base64Url => owned(URL_SAFE_NO_PAD.encode(fact.into_text().as_bytes())),
            Self::EcmascriptJson => canonical(&fact.into_text())?,
            Self::Form => owned(escape::form(&fact.into_text())),
            Self::Hex => owned(HEXLOWER.encode(fact.into_text().as_bytes())),
            Self::IsoMs => owned(moment::rfc3339(moment::of(&fact)?, Some(3), None)?),
            Self::Json => json(fact),
            Self::Member => member(fact, arguments)?,
            Self::Raw => Fact::Text(fact.into_text()),
            Self::Rfc3339 => moment::rfc3339_filter(&fact, arguments)?,
            Self::Sha256Base64 => owned(STANDARD.encode(sha256(&fact.into_text()))),
            Self::Sha256Hex => owned(HEXLOWER.encode(sha256(&fact.into_text()).as_ref())),
            Self::Text => text(fact),
            Self::Unix => Fact::Integer(moment::of(&fact)?.as_secs()),
            Self::UnixMs => Fact::Integer(moment::of(&fact)?.as_millis()),
            Self::Url => owned(escape::url(&fact.into_text())),
            Self::Xml => owned(escape::xml(&fact.into_text())),
        })
    }
}

fn owned(text: String) -> Fact<'static> {
    Fact::Text(Cow::Owned(text))
}

fn sha256(text: &str) -> digest::Digest {
    digest::digest(&digest::SHA256, text.as_bytes())
}

/// The canonical form of a JSON text.
pub(crate) fn canonical(text: &str) -> Result<Fact<'static>, FilterError> {
    let bytes = ecmascript_json::canonical(text.as_bytes())
        .map_err(|error| FilterError::NotJson(error.to_string()))?;
    Ok(Fact::Json(Cow::Owned(String::from_utf8(bytes).expect("canonical JSON is UTF-8"))))
}

/// The value as JSON: texts and times get quotes, JSON stays as it is.
fn json(fact: Fact<'_>) -> Fact<'_> {
    match fact {
        Fact::Json(text) => Fact::Json(text),
        Fact::None => Fact::json("null"),
        Fact::Integer(_) | Fact::Boolean(_) => Fact::Json(fact.into_text()),
        Fact::Text(_) | Fact::Time(_) => Fact::Json(Cow::Owned(escape::json_text(&fact.into_text()))),
    }
}

/// The value as a form has it: a JSON text without its quotes, `null` as nothing, the rest as it is written.
fn text(fact: Fact<'_>) -> Fact<'_> {
    let Fact::Json(json) = fact else { return Fact::Text(fact.into_text()) };
    match json.trim_start().as_bytes().first() {
        Some(b'n') => Fact::text(""),
        Some(b'"') => match serde_json::from_str::<String>(&json) {
            Ok(text) => owned(text),
            Err(_) => Fact::Text(json),
        },
        _ => Fact::Text(json),
    }
}

/// One member of a JSON object, byte for byte; nothing when it is not there.
fn member<'a>(fact: Fact<'a>, arguments: &[Fact<'_>]) -> Result<Fact<'a>, FilterError> {
    let [Fact::Text(name)] = arguments else {
        return Err(FilterError::Arguments("`member` takes the name of the member, as in member(\"id\")"));
    };
    let text = fact.into_text();
    let members = crate::json::members(&text).map_err(|error| FilterError::NotJson(error.to_string()))?;
    let found = members.into_iter().rev().find(|(candidate, _)| candidate == name);
    Ok(found.map_or(Fact::None, |(_, value)| Fact::Json(Cow::Owned(value.get().to_owned()))))
}
