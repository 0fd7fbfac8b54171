//! Named endpoints: what a tenant keeps in an option of the type `endpoints`, and how a subscription names one in an option of the
//! type `endpoint`.
//!
//! **Invariant:** the key of one is in nothing that is printed.

use std::{collections::HashSet, fmt};

use postroad_domain::{
    EndpointUrl, Invalid,
    endpoint::check_header_value,
    limits::{ENDPOINT_KEY_BYTES_MAX, ENDPOINT_NAME_CHARS_MAX, ENDPOINTS_MAX},
};
use serde_json::{Map, Value, json};

use super::field_problem::FieldProblem;

/// The members of one.
const NAME: &str = "name";
const URL: &str = "url";
const API_KEY: &str = "api_key";

/// Somewhere to send to, under a name.
#[derive(Clone, PartialEq, Eq)]
pub struct NamedEndpoint {
    /// By which subscriptions name it.
    pub name: String,
    /// Where it is.
    pub url: EndpointUrl,
    /// What it wants to be shown.
    pub api_key: String,
}

impl fmt::Debug for NamedEndpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("NamedEndpoint")
            .field(NAME, &self.name)
            .field(URL, &self.url)
            .finish_non_exhaustive()
    }
}

impl NamedEndpoint {
    /// As it is kept, its key in plain.
    pub fn to_json(&self) -> Value {
        json!({ NAME: self.name, URL: self.url.as_str(), API_KEY: self.api_key })
    }

    /// Reads one that stands in the field `path`.
    pub(crate) fn read(path: &str, value: &Value) -> Result<Self, Vec<FieldProblem>> {
        let mut problems = Vec::new();
        let Some(members) = value.as_object() else {
            return Err(vec![problem(path, "must be an object with `name`, `url` and `api_key`")]);
        };
        for name in members.keys().filter(|name| ![NAME, URL, API_KEY].contains(&name.as_str())) {
            let why = "is no member of an endpoint, which has `name`, `url` and `api_key`";
            problems.push(problem(&format!("{path}.{name}"), why));
        }
        let mut member = |name: &str| text_of(path, members, name).map_err(|why| problems.push(why)).ok();
        let texts = [NAME, URL, API_KEY].map(&mut member);
        let mut checked = |name: &str, checked: Result<(), Invalid>| {
            if let Err(why) = checked {
                problems.push(problem(&format!("{path}.{name}"), &why.to_string()));
            }
        };
        let [name, url, api_key] = texts;
        checked(NAME, name.map_or(Ok(()), check_name));
        checked(API_KEY, api_key.map_or(Ok(()), check_key));
        let parsed = url.map(EndpointUrl::parse).transpose();
        checked(URL, parsed.as_ref().map(drop).map_err(Clone::clone));
        match (name, parsed, api_key) {
            (Some(name), Ok(Some(url)), Some(api_key)) if problems.is_empty() => {
                Ok(Self { name: name.to_owned(), url, api_key: api_key.to_owned() })
            }
            _ => Err(problems),
        }
    }
}

/// Every fault of a tenant's list of endpoints that stands in the field `path`.
pub(crate) fn check_list(path: &str, list: &[Value]) -> Vec<FieldProblem> {
    if list.len() > ENDPOINTS_MAX {
        return vec![problem(path, &format!("holds {} endpoints; {ENDPOINTS_MAX} are allowed", list.len()))];
    }
    let mut names = HashSet::new();
    let mut problems = Vec::new();
    for (index, value) in list.iter().enumerate() {
        let path = format!("{path}[{index}]");
        match NamedEndpoint::read(&path, value) {
            Err(found) => problems.extend(found),
            Ok(endpoint) => {
                if !names.insert(endpoint.name) {
                    let why = "is the name of another one of the list";
                    problems.push(problem(&format!("{path}.{NAME}"), why));
                }
            }
        }
    }
    problems
}

/// The endpoints of a list that was checked.
pub(crate) fn read_list(list: &Value) -> impl Iterator<Item = NamedEndpoint> {
    list.as_array().into_iter().flatten().filter_map(|value| NamedEndpoint::read("", value).ok())
}

/// A name as it may be given.
///
/// # Errors
///
/// It is too long, empty, or could not be told from another one by looking at it.
pub(crate) fn check_name(name: &str) -> Result<(), Invalid> {
    let is_plain = !name.chars().any(char::is_control) && name.trim() == name;
    if is_plain && (1..=ENDPOINT_NAME_CHARS_MAX).contains(&name.chars().count()) {
        return Ok(());
    }
    Err(Invalid::new(format!(
        "must have 1 to {ENDPOINT_NAME_CHARS_MAX} characters, no line break, and no space at its edge"
    )))
}

/// It may become a header.
fn check_key(key: &str) -> Result<(), Invalid> {
    if key.is_empty() || key.len() > ENDPOINT_KEY_BYTES_MAX {
        return Err(Invalid::new(format!("must have 1 to {ENDPOINT_KEY_BYTES_MAX} bytes")));
    }
    check_header_value(key)
}

fn text_of<'a>(path: &str, members: &'a Map<String, Value>, name: &str) -> Result<&'a str, FieldProblem> {
    let field = format!("{path}.{name}");
    match members.get(name) {
        Some(Value::String(text)) => Ok(text),
        Some(Value::Null) | None => Err(problem(&field, "is required")),
        Some(_) => Err(problem(&field, "must be a text")),
    }
}

fn problem(field: &str, message: &str) -> FieldProblem {
    FieldProblem { field: field.to_owned(), message: message.to_owned() }
}

/// The keys in a value of either type, each with its path within the value.
fn keys_in(value: &Value) -> Vec<(String, &Value)> {
    match value {
        Value::Array(items) => {
            let keys = items.iter().enumerate();
            keys.filter_map(|(index, item)| Some((format!("[{index}].{API_KEY}"), item.get(API_KEY)?)))
                .collect()
        }
        Value::Object(members) => {
            members.get(API_KEY).map(|key| (format!(".{API_KEY}"), key)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// The paths, within a value, of its keys that are a mask.
pub(super) fn masked_keys(value: &Value, mask: &str) -> Vec<String> {
    keys_in(value).into_iter().filter(|(_, key)| *key == mask).map(|(path, _)| path).collect()
}

/// A value with masks in the places of its keys.
pub(super) fn without_keys(value: &Value, mask: &str) -> Value {
    let mut shown = value.clone();
    let items = match &mut shown {
        Value::Array(items) => items.iter_mut().collect(),
        object @ Value::Object(_) => vec![object],
        _ => Vec::new(),
    };
    for key in items.into_iter().filter_map(|item| item.get_mut(API_KEY)) {
        *key = Value::from(mask);
    }
    shown
}
