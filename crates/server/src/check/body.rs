//! What a body may hold, declared once: a struct whose fields are read by their names and types, and described by them in the
//! OpenAPI document.
//!
//! Reading finds what is no JSON of the right kind, what is missing and what nobody knows. Which values there may be is said
//! where they are checked: by the engine, in most cases.

use postroad_domain::{Timestamp, time::parse_time};
use serde::Serialize;
use serde_json::{Map, Number, Value, value::RawValue};

use super::{Faults, Field, Object, Shape};

/// A type that a field of a body can have. Whether a field may be absent the type says too: only an `Option` may.
pub(crate) trait Read: Sized {
    /// Reads a value that is there and not null; `None` after a fault.
    fn read(field: Field<'_>) -> Option<Self>;

    /// What stands in the place of a value after its fault was noted.
    fn stand_in() -> Self;

    /// Reads a field of an object.
    fn take(object: &mut Object<'_>, name: &str) -> Self {
        object.required(name).and_then(Self::read).unwrap_or_else(Self::stand_in)
    }

    /// Adds a fault for each name inside that nobody knows, and looks at nothing else.
    fn note_unknown(_: Field<'_>) {}
}

/// An object whose names are known. Declared by [`body!`].
pub(crate) trait Body: Read {
    /// The names.
    const SHAPE: Shape;

    /// Reads its fields; stand-ins are left where faults were noted.
    fn take_fields(object: &mut Object<'_>) -> Self;

    /// Adds a fault for each unknown name within one of its fields.
    fn note_unknown_within(object: &mut Object<'_>);
}

/// Reads a whole body.
pub(crate) fn read_body<T: Read>(body: Value, faults: &Faults) -> T {
    T::read(Field::root(body, faults)).unwrap_or_else(T::stand_in)
}

/// The name of a field in JSON: `type` of `r#type`.
pub(crate) const fn wire_name(name: &'static str) -> &'static str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}

/// Declares a body: a struct with its attributes and docs, optionally `of` another whose fields are flattened into it, and
/// the names that the contract has and this version does not do yet (`later`).
macro_rules! body {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident $(of $flat:ident: $flat_type:ident)? {
            $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $type:ty,)*
        }
        $(later [$($later:literal),*])?
    ) => {
        $(#[$meta])*
        $vis struct $name {
            $(#[serde(flatten)] $vis $flat: $flat_type,)?
            $($(#[$field_meta])* $field_vis $field: $type,)*
        }

        impl $crate::check::Body for $name {
            const SHAPE: $crate::check::Shape = $crate::check::Shape {
                known: &[$($crate::check::wire_name(stringify!($field))),*],
                flattened: $crate::check::body!(@flattened $($flat_type)?),
                later: &[$($($later),*)?],
            };

            fn take_fields(object: &mut $crate::check::Object<'_>) -> Self {
                Self {
                    $($flat: <$flat_type as $crate::check::Body>::take_fields(object),)?
                    $($field: $crate::check::Read::take(object, $crate::check::wire_name(stringify!($field))),)*
                }
            }

            fn note_unknown_within(object: &mut $crate::check::Object<'_>) {
                $(<$flat_type as $crate::check::Body>::note_unknown_within(object);)?
                $(if let Some(field) = object.field($crate::check::wire_name(stringify!($field))) {
                    <$type as $crate::check::Read>::note_unknown(field);
                })*
            }
        }

        impl $crate::check::Read for $name {
            fn read(field: $crate::check::Field<'_>) -> Option<Self> {
                let mut object = field.object(&<Self as $crate::check::Body>::SHAPE)?;
                Some($crate::check::Body::take_fields(&mut object))
            }

            fn stand_in() -> Self {
                Self {
                    $($flat: <$flat_type as $crate::check::Read>::stand_in(),)?
                    $($field: $crate::check::Read::stand_in(),)*
                }
            }

            fn note_unknown(field: $crate::check::Field<'_>) {
                if let Some(mut object) = field.object(&<Self as $crate::check::Body>::SHAPE) {
                    <Self as $crate::check::Body>::note_unknown_within(&mut object);
                }
            }
        }
    };
    (@flattened) => { None };
    (@flattened $type:ident) => { Some(&<$type as $crate::check::Body>::SHAPE) };
}
pub(crate) use body;

/// May be absent.
impl<T: Read> Read for Option<T> {
    fn read(field: Field<'_>) -> Option<Self> {
        T::read(field).map(Some)
    }

    fn stand_in() -> Self {
        None
    }

    fn take(object: &mut Object<'_>, name: &str) -> Self {
        object.field(name).and_then(T::read)
    }

    fn note_unknown(field: Field<'_>) {
        T::note_unknown(field);
    }
}

/// A list of at most `MAX` values. The type carries the limit, so that no body can hold a list without one.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct BoundedVec<T, const MAX: usize>(Vec<T>);

impl<T, const MAX: usize> BoundedVec<T, MAX> {
    /// The values.
    pub(crate) fn into_inner(self) -> Vec<T> {
        self.0
    }

    /// The values, to look at.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}

/// Of what an answer shows, which the engine has checked.
impl<T, const MAX: usize> FromIterator<T> for BoundedVec<T, MAX> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

/// An item at fault leaves its stand-in, so that the others keep their places.
impl<T: Read, const MAX: usize> Read for BoundedVec<T, MAX> {
    fn read(field: Field<'_>) -> Option<Self> {
        let items = field.items(MAX)?.into_iter();
        Some(items.map(|item| T::read(item).unwrap_or_else(T::stand_in)).collect())
    }

    fn stand_in() -> Self {
        Self(Vec::new())
    }
}

impl Read for String {
    fn read(field: Field<'_>) -> Option<Self> {
        field.text()
    }

    fn stand_in() -> Self {
        Self::new()
    }
}

impl Read for bool {
    fn read(field: Field<'_>) -> Option<Self> {
        field.flag()
    }

    fn stand_in() -> Self {
        false
    }
}

/// A number as it was written.
impl Read for Number {
    fn read(field: Field<'_>) -> Option<Self> {
        field.number()
    }

    fn stand_in() -> Self {
        0_u8.into()
    }
}

/// An object of names that are not ours to know.
impl Read for Map<String, Value> {
    fn read(field: Field<'_>) -> Option<Self> {
        field.any_object()
    }

    fn stand_in() -> Self {
        Self::new()
    }
}

/// A value that is carried byte for byte. In a request the [envelope](crate::envelope) keeps it, and here is only its name; in
/// an answer it is here.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct Carried(Option<Box<RawValue>>);

impl From<Option<Box<RawValue>>> for Carried {
    fn from(value: Option<Box<RawValue>>) -> Self {
        Self(value)
    }
}

impl Read for Carried {
    fn read(_: Field<'_>) -> Option<Self> {
        Some(Self::stand_in())
    }

    fn stand_in() -> Self {
        Self(None)
    }

    fn take(_: &mut Object<'_>, _: &str) -> Self {
        Self::stand_in()
    }
}

impl Read for Timestamp {
    fn read(field: Field<'_>) -> Option<Self> {
        field.parsed(parse_time)
    }

    fn stand_in() -> Self {
        Self::default()
    }
}
