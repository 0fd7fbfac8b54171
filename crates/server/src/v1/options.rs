//! The profile's own options on their way in and out: values of those that a profile keeps like a secret are masked.
//!
//! **Invariant:** a mask is never taken for a value.

use postroad_profile::Profile;
use serde_json::{Map, Value};

use crate::check::Faults;

/// What stands for a secret where it is not shown: nothing of it.
pub(crate) const MASK: &str = "********";

/// What a mask is told that stands where a value is wanted.
pub(crate) const MASK_IS_NO_VALUE: &str =
    "is what stands for a value that is not shown: write the value itself";

/// Options as they are, an object.
pub(super) fn plain(options: &str) -> Map<String, Value> {
    parse(options)
}

/// The text of options that came; of none the text of an empty object.
pub(super) fn text_of(options: Option<Map<String, Value>>) -> String {
    Value::Object(options.unwrap_or_default()).to_string()
}

/// Options as they are shown. Of a profile that is not there nobody knows which ones are secret.
pub(super) fn shown(options: &str, profile: Option<&Profile>) -> Map<String, Value> {
    let mut options = parse(options);
    for (name, value) in &mut options {
        if profile.is_none_or(|profile| is_secret(profile, name)) {
            *value = Value::from(MASK);
        }
    }
    options
}

/// Takes each mask out of a patch of options where there is a value now: it says that the value stays.
pub(super) fn drop_masks(patch: &mut Value, current: &str, profile: &Profile) {
    let Value::Object(patch) = patch else { return };
    let current = parse(current);
    patch.retain(|name, value| !(is_mask(profile, name, value) && current.contains_key(name)));
}

/// Adds a fault for each mask that stands where a value is wanted.
pub(super) fn note_masks(options: &str, profile: &Profile, faults: &Faults) {
    for (name, value) in &parse(options) {
        if is_mask(profile, name, value) {
            faults.add(&format!("options.{name}"), MASK_IS_NO_VALUE);
        }
    }
}

/// Stored options were written from an object.
fn parse(options: &str) -> Map<String, Value> {
    serde_json::from_str(options).unwrap_or_default()
}

fn is_mask(profile: &Profile, name: &str, value: &Value) -> bool {
    value == MASK && is_secret(profile, name)
}

fn is_secret(profile: &Profile, name: &str) -> bool {
    profile.options.iter().any(|option| option.secret && option.name == name)
}
