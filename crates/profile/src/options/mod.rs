//! Options: values of its own that a profile lets a tenant or a subscription set, each with a type and limits.
//!
//! **Invariant:** values behind [`OptionValues`] are checked and complete: every declared option has a value, its
//! default or nothing.

mod json_schema;
mod read;
mod switch;
mod values;

use postroad_domain::Invalid;
use regex::Regex;
use serde_json::Value;

pub(crate) use json_schema::json_schema;
pub(crate) use read::{read_attributes, read_options, read_pattern};
pub(crate) use switch::OptionSwitch;
pub use values::{FieldProblem, OptionValues};
pub(crate) use values::{check, check_attributes, resolve};

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
        match (&self.pattern, value.as_str()) {
            (Some(pattern), Some(text)) if !pattern.is_match(text) => {
                Err(Invalid::new(format!("must match {}", pattern.as_str())))
            }
            _ => Ok(()),
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
