//! One value with its place, and the ways to read it.

use std::fmt::Display;

use postroad_domain::{Invalid, limits::Bounds};
use postroad_engine::whole_number;
use serde_json::{Map, Number, Value};

use super::{Faults, Object, Shape};

/// A value on its way to a checked type. Each way of reading gives `None` after it has added a fault.
pub(crate) struct Field<'f> {
    path: String,
    value: Value,
    faults: &'f Faults,
}

impl<'f> Field<'f> {
    pub(crate) fn new(path: String, value: Value, faults: &'f Faults) -> Self {
        Self { path, value, faults }
    }

    /// The root of a request.
    pub(crate) fn root(value: Value, faults: &'f Faults) -> Self {
        Self::new(String::new(), value, faults)
    }

    /// A member of an object, whatever it is.
    pub(crate) fn member(&self, name: &str) -> Option<&Value> {
        self.value.get(name)
    }

    /// Adds a fault of a member of this object.
    pub(crate) fn refuse_member(&self, name: &str, message: &str) {
        self.faults.add(&format!("{}.{name}", self.path), message);
    }

    /// Adds a fault of this field.
    pub(crate) fn refuse<T>(&self, message: impl Into<String>) -> Option<T> {
        self.faults.add(&self.path, message);
        None
    }

    /// Whether it is a string, where something else would do too.
    pub(crate) fn is_text(&self) -> bool {
        self.value.is_string()
    }

    /// A string.
    pub(crate) fn text(self) -> Option<String> {
        match self.value {
            Value::String(text) => Some(text),
            _ => self.refuse(format!("must be a string, not {}", kind_of(&self.value))),
        }
    }

    /// A string that becomes something else.
    pub(crate) fn parsed<T>(self, parse: impl FnOnce(&str) -> Result<T, Invalid>) -> Option<T> {
        let Value::String(text) = &self.value else { return self.text().and(None) };
        match parse(text) {
            Ok(parsed) => Some(parsed),
            Err(why) => self.refuse(why.to_string()),
        }
    }

    /// A string, or a number as it was written.
    pub(crate) fn text_or_number(self) -> Option<String> {
        match self.value {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            _ => self.refuse(format!("must be a string or a number, not {}", kind_of(&self.value))),
        }
    }

    /// `true` or `false`.
    pub(crate) fn flag(self) -> Option<bool> {
        match self.value {
            Value::Bool(flag) => Some(flag),
            _ => self.refuse(format!("must be true or false, not {}", kind_of(&self.value))),
        }
    }

    /// A number as it was written.
    pub(crate) fn number(self) -> Option<Number> {
        match self.value {
            Value::Number(number) => Some(number),
            _ => self.refuse(format!("must be a number, not {}", kind_of(&self.value))),
        }
    }

    /// A whole number within its bounds.
    pub(crate) fn number_within<T>(self, bounds: Bounds<T>) -> Option<T>
    where
        T: TryFrom<u64> + PartialOrd + Display + Copy,
    {
        let Value::Number(number) = &self.value else { return self.number().and(None) };
        whole_number(number, bounds).map_err(|why| self.faults.add(&self.path, why.to_string())).ok()
    }

    /// A list of at most `max` values that are each read in the same way. All faults are found before it gives up.
    pub(crate) fn list<T>(self, max: usize, read: impl Fn(Field<'f>) -> Option<T>) -> Option<Vec<T>> {
        let read: Vec<Option<T>> = self.items(max)?.into_iter().map(read).collect();
        read.into_iter().collect()
    }

    /// A list of at most `max` values. A longer one is refused before anything is made of its values: of half a million in
    /// one body, each would take more memory than it has bytes.
    pub(crate) fn items(self, max: usize) -> Option<Vec<Field<'f>>> {
        let Self { path, value, faults } = self;
        let Value::Array(items) = value else {
            let field = Self { path, value, faults };
            return field.refuse(format!("must be a list, not {}", kind_of(&field.value)));
        };
        if items.len() > max {
            faults.add(&path, format!("holds {} values; {max} are allowed", items.len()));
            return None;
        }
        let items = items.into_iter().enumerate();
        Some(items.map(|(index, item)| Self::new(format!("{path}[{index}]"), item, faults)).collect())
    }

    /// An object.
    pub(crate) fn object(self, shape: &Shape) -> Option<Object<'f>> {
        match self.value {
            Value::Object(fields) => Some(Object::open(self.path, fields, shape, self.faults)),
            _ => self.refuse(format!("must be an object, not {}", kind_of(&self.value))),
        }
    }

    /// An object of names that are not ours to know.
    pub(crate) fn any_object(self) -> Option<Map<String, Value>> {
        match self.value {
            Value::Object(fields) => Some(fields),
            _ => self.refuse(format!("must be an object, not {}", kind_of(&self.value))),
        }
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
