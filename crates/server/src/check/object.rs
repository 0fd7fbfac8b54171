//! A JSON object whose names are known.

use serde_json::{Map, Value};

use super::{Faults, Field, nearest};

/// The names that an object may hold.
pub(crate) struct Shape {
    /// Those that are read.
    pub(crate) known: &'static [&'static str],
    /// Those that the contract has and this version does not do yet.
    pub(crate) later: &'static [&'static str],
    /// The names of another object that are read too, before those of its own.
    pub(crate) flattened: Option<&'static Shape>,
}

impl Shape {
    /// An object of which everything is built.
    pub(crate) const fn of(known: &'static [&'static str]) -> Self {
        Self { known, later: &[], flattened: None }
    }

    /// The same with the names of another before its own.
    pub(crate) const fn behind(self, other: &'static Self) -> Self {
        assert!(self.flattened.is_none(), "an object holds the names of one other only");
        Self { flattened: Some(other), ..self }
    }

    /// All that are read.
    fn names(&self) -> Vec<&'static str> {
        let mut names = self.flattened.map(Self::names).unwrap_or_default();
        names.extend(self.known);
        names
    }

    /// Whether it is read.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.known.contains(&name) || self.flattened.is_some_and(|other| other.knows(name))
    }

    fn comes_later(&self, name: &str) -> bool {
        self.later.contains(&name) || self.flattened.is_some_and(|other| other.comes_later(name))
    }
}

/// An object on its way to a checked type; each field is taken out once.
pub(crate) struct Object<'f> {
    path: String,
    fields: Map<String, Value>,
    faults: &'f Faults,
}

impl<'f> Object<'f> {
    /// Opens an object and notes every name that it should not hold.
    pub(super) fn open(path: String, fields: Map<String, Value>, shape: &Shape, faults: &'f Faults) -> Self {
        let object = Self { path, fields, faults };
        for name in object.fields.keys() {
            if shape.comes_later(name) {
                faults.add(&object.path_of(name), "is not available in this version");
            } else if !shape.knows(name) {
                faults.add(&object.path_of(name), unknown(name, shape));
            }
        }
        object
    }

    /// An object from names and texts: a query.
    pub(crate) fn of_texts(fields: Map<String, Value>, shape: &Shape, faults: &'f Faults) -> Self {
        Self::open(String::new(), fields, shape, faults)
    }

    /// A field, if it is there.
    pub(crate) fn field(&mut self, name: &str) -> Option<Field<'f>> {
        let value = self.fields.remove(name).filter(|value| !value.is_null())?;
        Some(Field::new(self.path_of(name), value, self.faults))
    }

    /// A field that must be there.
    pub(crate) fn required(&mut self, name: &str) -> Option<Field<'f>> {
        let field = self.field(name);
        if field.is_none() {
            self.faults.add(&self.path_of(name), "is required");
        }
        field
    }

    /// A field that must be there; `words` are what may stand in it.
    pub(crate) fn required_word(&mut self, name: &str, words: &[&str]) -> Option<Field<'f>> {
        let field = self.field(name);
        if field.is_none() {
            self.faults.add(&self.path_of(name), format!("is required: one of {}", words.join(", ")));
        }
        field
    }

    fn path_of(&self, name: &str) -> String {
        // A name from outside may be as long as the body.
        let name: String = name.chars().take(64).collect();
        if self.path.is_empty() { name } else { format!("{}.{name}", self.path) }
    }
}

/// The sentence about a name that nobody knows.
fn unknown(name: &str, shape: &Shape) -> String {
    match nearest(name, shape.names().into_iter()) {
        Some(near) => format!("is not known here: did you mean `{near}`?"),
        None => format!("is not known here; known: {}", shape.names().join(", ")),
    }
}
