//! The values that are in force for one subscription.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{
    OptionCondition, OptionOwner, OptionSchema, OptionType, check_list, field_problem::FieldProblem,
};
use crate::template::Fact;

/// The value of every declared option, in the order of the profile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OptionValues(Vec<OptionValue>);

#[derive(Clone, Debug, PartialEq)]
enum OptionValue {
    None,
    Text(String),
    Integer(i64),
    Boolean(bool),
    Json(String),
}

impl OptionValues {
    pub(crate) fn get(&self, index: usize) -> Fact<'_> {
        match self.0.get(index) {
            None | Some(OptionValue::None) => Fact::None,
            Some(OptionValue::Text(text)) => Fact::text(text),
            Some(OptionValue::Integer(number)) => Fact::Integer(*number),
            Some(OptionValue::Boolean(boolean)) => Fact::Boolean(*boolean),
            Some(OptionValue::Json(text)) => Fact::Json(Cow::Borrowed(text)),
        }
    }
}

/// What is checked: the words with which its problems are told.
struct Kind {
    /// The object that holds the values.
    holder: &'static str,
    noun: &'static str,
}

const OPTIONS: Kind = Kind { holder: "options", noun: "an option" };
const ATTRIBUTES: Kind = Kind { holder: "attributes", noun: "an attribute" };

/// Checks one owner's options: unknown ones, wrong ones, missing ones.
pub(crate) fn check(
    schemas: &[OptionSchema],
    owner: OptionOwner,
    given: &Map<String, Value>,
) -> Vec<FieldProblem> {
    check_kind(&OPTIONS, schemas, owner, given)
}

/// Checks what a tenant's lists of endpoints hold. [`check`] leaves that out, since it is asked for every subscription.
pub(crate) fn check_endpoints(schemas: &[OptionSchema], tenant: &Map<String, Value>) -> Vec<FieldProblem> {
    let lists = schemas.iter().filter(|schema| schema.value_type == OptionType::Endpoints);
    let given = lists.filter_map(|schema| Some((schema, tenant.get(&schema.name)?.as_array()?)));
    given.flat_map(|(schema, list)| check_list(&format!("options.{}", schema.name), list)).collect()
}

/// Checks the attributes of an event, which are declared as of both owners.
pub(crate) fn check_attributes(schemas: &[OptionSchema], given: &Map<String, Value>) -> Vec<FieldProblem> {
    check_kind(&ATTRIBUTES, schemas, OptionOwner::Both, given)
}

fn check_kind(
    kind: &Kind,
    schemas: &[OptionSchema],
    owner: OptionOwner,
    given: &Map<String, Value>,
) -> Vec<FieldProblem> {
    let mut problems = Vec::new();
    for (name, value) in given {
        let schema = schemas.iter().find(|schema| schema.name == *name && schema.belongs_to(owner));
        match schema.map(|schema| schema.check(value)) {
            None => problems.push(kind.problem(name, kind.unknown(schemas, owner, name))),
            Some(Err(why)) => problems.push(kind.problem(name, why.to_string())),
            Some(Ok(())) => {}
        }
    }
    let missing = schemas.iter().filter(|schema| schema.required && schema.owner == owner);
    for schema in missing.filter(|schema| !given.contains_key(&schema.name)) {
        problems.push(kind.problem(&schema.name, "is required".to_owned()));
    }
    for schema in schemas.iter().filter(|schema| schema.owner == owner) {
        let Some(with) = &schema.with else { continue };
        let OptionCondition { option, value } = with;
        match (with.holds(schemas, given), given.contains_key(&schema.name)) {
            (true, false) => {
                problems.push(kind.problem(&schema.name, format!("is required where `{option}` is {value}")));
            }
            (false, true) => {
                let why = format!("belongs to `{option}` {value}: leave it out, or set `{option}` to that");
                problems.push(kind.problem(&schema.name, why));
            }
            _ => {}
        }
    }
    problems
}

impl OptionCondition {
    /// Whether it holds for an owner with these values.
    pub(crate) fn holds(&self, schemas: &[OptionSchema], given: &Map<String, Value>) -> bool {
        let other = schemas.iter().find(|schema| schema.name == self.option);
        let default = other.and_then(|other| other.default.as_ref());
        given.get(&self.option).or(default) == Some(&self.value)
    }
}

/// The values in force: the subscription's, else the tenant's, else the default.
pub(crate) fn resolve(
    schemas: &[OptionSchema],
    tenant: &Map<String, Value>,
    subscription: &Map<String, Value>,
) -> Result<OptionValues, Vec<FieldProblem>> {
    let mut problems = check(schemas, OptionOwner::Tenant, tenant);
    problems.extend(check(schemas, OptionOwner::Subscription, subscription));
    for schema in schemas.iter().filter(|schema| schema.required && schema.owner == OptionOwner::Both) {
        if !tenant.contains_key(&schema.name) && !subscription.contains_key(&schema.name) {
            problems.push(OPTIONS.problem(&schema.name, "is required".to_owned()));
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let value_of = |schema: &OptionSchema| {
        if schema.value_type == OptionType::Endpoints {
            // No template sees the keys in it.
            return OptionValue::None;
        }
        let given = subscription.get(&schema.name).or_else(|| tenant.get(&schema.name));
        given.or(schema.default.as_ref()).map_or(OptionValue::None, value_of_json)
    };
    Ok(OptionValues(schemas.iter().map(value_of).collect()))
}

fn value_of_json(value: &Value) -> OptionValue {
    match value {
        Value::Null => OptionValue::None,
        Value::Bool(boolean) => OptionValue::Boolean(*boolean),
        Value::String(text) => OptionValue::Text(text.clone()),
        Value::Number(number) => {
            number.as_i64().map_or_else(|| OptionValue::Json(number.to_string()), OptionValue::Integer)
        }
        Value::Array(_) | Value::Object(_) => OptionValue::Json(value.to_string()),
    }
}

impl Kind {
    fn problem(&self, name: &str, message: String) -> FieldProblem {
        FieldProblem { field: format!("{}.{name}", self.holder), message }
    }

    fn unknown(&self, schemas: &[OptionSchema], owner: OptionOwner, name: &str) -> String {
        let valid = schemas.iter().filter(|schema| schema.belongs_to(owner));
        match crate::problem::nearest(name, valid.map(|schema| schema.name.as_str())) {
            Some(nearest) => format!("is not {} of this profile; the nearest one is {nearest}", self.noun),
            None => format!("is not {}: this profile has none here", self.noun),
        }
    }
}
