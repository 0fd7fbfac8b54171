//! MiniJinja with the language's filters: for every template that is more than text and placeholders.

use std::{borrow::Cow, fmt, sync::Arc};

use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, escape_formatter,
    syntax::SyntaxConfig,
    value::{Object, ObjectRepr, Rest, Value, ValueKind},
};
use postroad_domain::Timestamp;

use super::{escape, fact::Fact, filter::FILTERS, json_object::JsonObject};

/// Instructions that one rendering may take: no template of a profile comes near, and none runs for ever.
const FUEL: u64 = 1_000_000;

/// The environment in which a profile's templates are compiled.
pub(crate) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    // Variables that do not exist were refused when the profile was loaded. What is left are members that one event's
    // data happens not to have: nothing, and no reason to send nothing.
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_syntax(
        SyntaxConfig::builder()
            .keep_trailing_newline(true)
            .build()
            .expect("the delimiters are the usual ones"),
    );
    environment.set_fuel(Some(FUEL));
    environment.remove_global("debug");
    environment.set_formatter(|out, state, value| match simple_fact(value) {
        Some(fact) => write!(out, "{fact}").map_err(Error::from),
        None => escape_formatter(out, state, value),
    });
    for (name, filter) in FILTERS {
        environment.add_filter(name, move |value: Value, arguments: Rest<Value>| {
            let arguments: Vec<_> = arguments.iter().map(to_fact).collect();
            filter
                .apply(to_fact(&value), &arguments)
                .map(to_value)
                .map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))
        });
    }
    environment
}

/// A fact for MiniJinja.
pub(crate) fn to_value(fact: Fact<'_>) -> Value {
    match fact {
        Fact::None => Value::from(()),
        Fact::Text(text) => Value::from(text.into_owned()),
        Fact::Json(text) => Value::from_object(JsonObject::new(text.into_owned())),
        Fact::Time(moment) => Value::from_object(Moment(moment)),
        Fact::Integer(number) => Value::from(number),
        Fact::Boolean(boolean) => Value::from(boolean),
    }
}

/// A value of MiniJinja for a filter. What a template made itself, a list or a map, becomes its JSON.
fn to_fact(value: &Value) -> Fact<'static> {
    simple_fact(value).map_or_else(
        || {
            let mut json = String::new();
            push_json(&mut json, value);
            Fact::Json(Cow::Owned(json))
        },
        |fact| match fact {
            Fact::Text(text) => Fact::Text(Cow::Owned(text.into_owned())),
            Fact::Json(text) => Fact::Json(Cow::Owned(text.into_owned())),
            Fact::None => Fact::None,
            Fact::Time(moment) => Fact::Time(moment),
            Fact::Integer(number) => Fact::Integer(number),
            Fact::Boolean(boolean) => Fact::Boolean(boolean),
        },
    )
}

/// The values that print as facts do.
fn simple_fact(value: &Value) -> Option<Fact<'_>> {
    if let Some(json) = value.downcast_object_ref::<JsonObject>() {
        return Some(Fact::json(json.text()));
    }
    if let Some(Moment(moment)) = value.downcast_object_ref::<Moment>() {
        return Some(Fact::Time(*moment));
    }
    match value.kind() {
        ValueKind::None | ValueKind::Undefined => Some(Fact::None),
        ValueKind::Bool => Some(Fact::Boolean(value.is_true())),
        ValueKind::String => value.as_str().map(Fact::text),
        ValueKind::Number if value.is_integer() => value.as_i64().map(Fact::Integer),
        _ => None,
    }
}

fn push_json(out: &mut String, value: &Value) {
    if let Some(fact) = simple_fact(value) {
        return match fact {
            Fact::None => out.push_str("null"),
            Fact::Text(_) | Fact::Time(_) => escape::push_json_text(out, &fact.into_text()),
            other => out.push_str(&other.into_text()),
        };
    }
    match value.kind() {
        ValueKind::Map => {
            let keys: Vec<_> = value.try_iter().into_iter().flatten().collect();
            push_all(out, ['{', '}'], &keys, |out, key| {
                escape::push_json_text(out, &key.to_string());
                out.push(':');
                push_json(out, &value.get_item(key).unwrap_or_default());
            });
        }
        ValueKind::Seq | ValueKind::Iterable => {
            let items: Vec<_> = value.try_iter().into_iter().flatten().collect();
            push_all(out, ['[', ']'], &items, push_json);
        }
        ValueKind::Number => out.push_str(&value.to_string()),
        _ => out.push_str("null"),
    }
}

fn push_all(
    out: &mut String,
    [open, close]: [char; 2],
    values: &[Value],
    push: impl Fn(&mut String, &Value),
) {
    out.push(open);
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        push(out, value);
    }
    out.push(close);
}

/// A time inside MiniJinja.
#[derive(Debug)]
struct Moment(Timestamp);

impl Object for Moment {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, out)
    }
}
