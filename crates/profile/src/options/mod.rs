//! Options: values of its own that a profile lets a tenant or a subscription set, each with a type and limits.
//!
//! **Invariant:** values behind [`OptionValues`] are checked and complete: every declared option has a value, its
//! default or nothing.

mod endpoints;
mod field_problem;
mod json_schema;
mod read;
mod switch;
mod values;

use postroad_domain::Invalid;
use regex::Regex;
use serde_json::Value;

pub use endpoints::NamedEndpoint;
pub(crate) use endpoints::{check_list, read_list};
pub use field_problem::FieldProblem;
pub(crate) use json_schema::json_schema;
pub(crate) use read::{named_option, read_attributes, read_options, read_pattern};
pub(crate) use switch::OptionSwitch;
pub use values::OptionValues;
pub(crate) use values::{check, check_attributes, check_endpoints, resolve};

/// The option by which a subscription of a profile with several schemes chooses one.
pub(crate) const SIGNATURE_OPTION: &str = "signature";

/// Who may set an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionOwner {
    /// The tenant, in its `options`.
    Tenant,
    /// The subscription, in its `options`.
    Subscription,
    /// Both: the subscription's value counts, else the tenant's.
    Both,
}

/// The type of an option's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionType {
    /// Text.
    Text,
    /// A whole number of 64 bits.
    Integer,
    /// Any JSON number.
    Number,
    /// True or false.
    Boolean,
    /// A JSON list.
    List,
    /// A JSON object.
    Object,
    /// The endpoints that a tenant keeps under names: a list of `{name, url, api_key}`.
    Endpoints,
    /// One of them, by its name; or a whole one, which is to be added to them.
    Endpoint,
}

/// The value of another option of the same owner.
#[derive(Clone, Debug, PartialEq)]
pub struct OptionCondition {
    /// The key of the other option.
    pub option: String,
    /// The value that it must have.
    pub value: Value,
}

/// One option or attribute as the profile declares it.
#[derive(Clone, Debug)]
pub struct OptionSchema {
    /// Its key.
    pub name: String,
    /// What people see instead of the key.
    pub title: Option<String>,
    /// What it does.
    pub description: Option<String>,
    /// Who may set it.
    pub owner: OptionOwner,
    /// Its type.
    pub value_type: OptionType,
    /// Whether it must be set.
    pub required: bool,
    /// Whether answers and logs mask it like a secret.
    pub secret: bool,
    /// The value when it is not set.
    pub default: Option<Value>,
    /// The value with which examples are rendered, where it must be set.
    pub example: Option<Value>,
    /// The only values allowed; empty for any.
    pub choices: Vec<Value>,
    /// The smallest number, or the fewest characters or items.
    pub min: Option<f64>,
    /// The largest number, or the most characters or items.
    pub max: Option<f64>,
    /// What a text must match from its beginning to its end.
    pub pattern: Option<Regex>,
    /// Of an endpoint: the option that holds the endpoints of which it names one.
    pub from: Option<String>,
    /// It must be set where this holds, and cannot be set elsewhere.
    pub with: Option<OptionCondition>,
}

impl OptionSchema {
    /// Checks one value.
    ///
    /// # Errors
    ///
    /// What is wrong with it, without the option's name.
    pub fn check(&self, value: &Value) -> Result<(), Invalid> {
        if !self.value_type.fits(value) {
            return Err(Invalid::new(format!("must be {}", self.value_type.noun())));
        }
        if !self.choices.is_empty() && !self.choices.contains(value) {
            let choices: Vec<_> = self.choices.iter().map(Value::to_string).collect();
            return Err(Invalid::new(format!("must be one of {}", choices.join(", "))));
        }
        let (size, unit) = size(value);
        if let Some(min) = self.min.filter(|min| size < *min) {
            return Err(Invalid::new(format!("must be at least {min}{unit}")));
        }
        if let Some(max) = self.max.filter(|max| size > *max) {
            return Err(Invalid::new(format!("must be at most {max}{unit}")));
        }
        if self.value_type == OptionType::Endpoint {
            return value.as_str().map_or(Ok(()), endpoints::check_name);
        }
        match (&self.pattern, value.as_str()) {
            (Some(pattern), Some(text)) if !pattern.is_match(text) => {
                Err(Invalid::new(format!("must match {}", pattern.as_str())))
            }
            _ => Ok(()),
        }
    }

    /// Whether its value is kept encrypted.
    pub fn is_sealed(&self) -> bool {
        self.secret || self.value_type == OptionType::Endpoints
    }

    /// Its value as it is shown: a mask in the place of what is kept like a secret.
    pub fn shown(&self, value: &Value, mask: &str) -> Value {
        match self.value_type {
            _ if self.secret => Value::from(mask),
            OptionType::Endpoints | OptionType::Endpoint => endpoints::without_keys(value, mask),
            _ => value.clone(),
        }
    }

    /// The masks in a value that somebody gives back, each by its path within the value: of the value itself the empty one.
    pub fn masks_in(&self, value: &Value, mask: &str) -> Vec<String> {
        match self.value_type {
            _ if self.secret && value == mask => vec![String::new()],
            OptionType::Endpoints | OptionType::Endpoint => endpoints::masked_keys(value, mask),
            _ => Vec::new(),
        }
    }

    /// Whether the owner's `options` may hold it.
    pub fn belongs_to(&self, owner: OptionOwner) -> bool {
        self.owner == owner || self.owner == OptionOwner::Both
    }
}

impl OptionType {
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Integer => value.is_i64(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::List => value.is_array(),
            Self::Object => value.is_object(),
            Self::Endpoints => value.is_array(),
            Self::Endpoint => value.is_string() || value.is_object(),
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Boolean => "true or false",
            Self::List => "a list",
            Self::Object => "an object",
            Self::Endpoints => "a list of endpoints, each with `name`, `url` and `api_key`",
            Self::Endpoint => "the name of an endpoint, or a new one with `name`, `url` and `api_key`",
        }
    }
}

/// What `min` and `max` are compared with, and the unit that a complaint names.
fn size(value: &Value) -> (f64, &'static str) {
    match value {
        Value::Number(number) => (number.as_f64().unwrap_or_default(), ""),
        Value::String(text) => (text.chars().count() as f64, " characters"),
        Value::Array(items) => (items.len() as f64, " items"),
        Value::Object(members) => (members.len() as f64, " members"),
        Value::Bool(_) | Value::Null => (0.0, ""),
    }
}
