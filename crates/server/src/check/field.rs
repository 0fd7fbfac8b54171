//! One value with its place, and the ways to read it.

use std::fmt::Display;

use postroad_domain::{Invalid, limits::Bounds};
use serde_json::Value;

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

    /// Adds a fault of this field.
    pub(crate) fn refuse<T>(&self, message: impl Into<String>) -> Option<T> {
        self.faults.add(&self.path, message);
        None
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

    /// A string of `min` to `max` characters.
    pub(crate) fn text_within(self, min: usize, max: usize) -> Option<String> {
        self.parsed(|text| {
            let fits = (min..=max).contains(&text.chars().count());
            fits.then(|| text.to_owned())
                .ok_or_else(|| Invalid::new(format!("must have {min} to {max} characters")))
        })
    }

    /// `true` or `false`.
    pub(crate) fn flag(self) -> Option<bool> {
        match self.value {
            Value::Bool(flag) => Some(flag),
            _ => self.refuse(format!("must be true or false, not {}", kind_of(&self.value))),
        }
    }

    /// A whole number within its bounds.
    pub(crate) fn number<T>(self, bounds: Bounds<T>) -> Option<T>
    where
        T: TryFrom<u64> + PartialOrd + Display + Copy,
    {
        if !self.value.is_number() {
            return self.refuse(format!("must be a number, not {}", kind_of(&self.value)));
        }
        let number = self.value.as_u64().and_then(|number| T::try_from(number).ok());
        let number = number.filter(|number| (bounds.min..=bounds.max).contains(number));
        number.or_else(|| self.refuse(outside(bounds)))
    }

    /// A list of at most `max` values.
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

    /// Whether it is a list without values.
    pub(crate) fn is_empty_list(&self) -> bool {
        self.value.as_array().is_some_and(Vec::is_empty)
    }

    /// A list of at most `max` values that are each read in the same way. All faults are found before it gives up.
    pub(crate) fn list<T>(self, max: usize, read: impl Fn(Field<'f>) -> Option<T>) -> Option<Vec<T>> {
        let read: Vec<Option<T>> = self.items(max)?.into_iter().map(read).collect();
        read.into_iter().collect()
    }

    /// An object.
    pub(crate) fn object(self, shape: &Shape) -> Option<Object<'f>> {
        match self.value {
            Value::Object(fields) => Some(Object::open(self.path, fields, shape, self.faults)),
            _ => self.refuse(format!("must be an object, not {}", kind_of(&self.value))),
        }
    }

    /// An object of names that are not ours to know.
    pub(crate) fn any_object(self) -> Option<Value> {
        if self.value.is_object() {
            return Some(self.value);
        }
        self.refuse(format!("must be an object, not {}", kind_of(&self.value)))
    }
}

/// The sentence about a number outside its bounds.
pub(crate) fn outside<T: Display>(bounds: Bounds<T>) -> String {
    format!("must be a whole number from {} to {}", bounds.min, bounds.max)
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
