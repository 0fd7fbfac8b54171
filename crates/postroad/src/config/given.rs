//! Values as somebody gave them, unchecked: one layer of the configuration.

use std::ffi::OsString;

use super::{
    error::{ConfigError, Origin},
    keys::{KEYS, Key},
};

/// The values of one layer: the command line's, the environment's or the file's.
#[derive(Clone, Debug, Default)]
pub struct Given {
    values: Vec<(&'static str, Vec<String>, Origin)>,
}

impl Given {
    /// Adds the values of one key.
    pub fn add(&mut self, key: &Key, values: Vec<String>, origin: Origin) {
        self.values.push((key.name, values, origin));
    }

    /// The values of a key and where they stand.
    pub fn get(&self, key: &Key) -> Option<(&[String], &Origin)> {
        let found = self.values.iter().find(|(name, ..)| *name == key.name);
        found.map(|(_, values, origin)| (values.as_slice(), origin))
    }

    /// The first value of a key, for those that are looked at before the rest.
    pub(super) fn first(&self, name: &str) -> Option<(&str, &Origin)> {
        let (_, values, origin) = self.values.iter().find(|(found, ..)| *found == name)?;
        values.first().map(|value| (value.as_str(), origin))
    }

    /// The layer of the environment, in which `variable` looks a variable up. An empty variable counts as not set: that
    /// is what compose files make of one that their caller did not set. Variables that belong to no key are left alone
    /// here, because orchestrators set `POSTROAD_PORT` and the like on their own; `unknown_variables` tells of the rest.
    ///
    /// Errors: a value that is not UTF-8.
    pub fn from_environment(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, ConfigError> {
        let mut given = Self::default();
        for key in &KEYS {
            let Some(value) = variable(&key.environment_name()).filter(|value| !value.is_empty()) else {
                continue;
            };
            let value = value.into_string().map_err(|_| ConfigError::NotText {
                place: Origin::Environment.describe(key),
                wanted: "UTF-8 text",
            })?;
            given.add(key, vec![value], Origin::Environment);
        }
        Ok(given)
    }
}
