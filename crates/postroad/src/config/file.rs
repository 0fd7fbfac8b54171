//! The configuration file: TOML, flat, every value a text.

use std::{
    fs,
    path::{Path, PathBuf},
};

use postroad_profile::near_word;
use toml::de::{DeTable, DeValue};

use super::{
    error::{ConfigError, Origin, UnknownKey},
    given::Given,
    keys::{KEYS, Key},
};

const KEY_OF_THE_FILE: &str = "config";

/// Reads the file that the flags or else the environment name; nothing when they name none.
pub(super) fn read(flags: &Given, environment: &Given) -> Result<Given, ConfigError> {
    let named = [flags, environment].into_iter().find_map(|layer| layer.first(KEY_OF_THE_FILE));
    let Some((path, origin)) = named else { return Ok(Given::default()) };
    let text = fs::read_to_string(path).map_err(|source| {
        let key = KEYS.iter().find(|key| key.name == KEY_OF_THE_FILE);
        let place = key.map(|key| origin.describe(key)).unwrap_or_default();
        ConfigError::Unreadable { place, path: PathBuf::from(path), source }
    })?;
    Given::from_file(Path::new(path), &text)
}

impl Given {
    /// The layer of a file with this text. `path` is for the errors.
    ///
    /// Errors: not TOML, keys that do not exist, a value that is not text.
    pub fn from_file(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let table = DeTable::parse(text).map_err(|error| ConfigError::NotToml {
            path: path.to_owned(),
            line: error.span().map_or(1, |span| line_at(text, span.start)),
            // Only the message: the whole error shows the line, in which a secret may stand.
            problem: error.message().to_owned(),
        })?;
        let (mut given, mut unknown) = (Self::default(), Vec::new());
        for (name, value) in table.get_ref() {
            let line = line_at(text, name.span().start);
            let Some(key) = find_key(name.get_ref()) else {
                unknown.push(UnknownKey {
                    line,
                    name: name.get_ref().to_string(),
                    is_section: matches!(value.get_ref(), DeValue::Table(_)),
                    nearest: near_word(name.get_ref(), keys_of_files().map(|key| key.name)),
                });
                continue;
            };
            let origin = Origin::File { path: path.to_owned(), line };
            let values = texts(key, value.get_ref())
                .ok_or_else(|| ConfigError::NotText { place: origin.describe(key), wanted: wanted(key) })?;
            given.add(key, values, origin);
        }
        if unknown.is_empty() {
            return Ok(given);
        }
        unknown.sort_by_key(|key| key.line);
        Err(ConfigError::UnknownKeys { path: path.to_owned(), unknown })
    }
}

fn keys_of_files() -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(|key| key.in_file)
}

fn find_key(name: &str) -> Option<&'static Key> {
    keys_of_files().find(|key| key.name == name)
}

fn wanted(key: &Key) -> &'static str {
    match key {
        key if key.is_list => "an array of texts in quotes",
        key if key.is_switch() => "true or false",
        _ => "a text in quotes",
    }
}

fn texts(key: &Key, value: &DeValue<'_>) -> Option<Vec<String>> {
    match value {
        DeValue::String(text) => Some(vec![text.to_string()]),
        DeValue::Boolean(is_on) if key.is_switch() => Some(vec![is_on.to_string()]),
        DeValue::Array(items) if key.is_list => {
            items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect()
        }
        _ => None,
    }
}

fn line_at(text: &str, position: usize) -> usize {
    1 + text.bytes().take(position).filter(|byte| *byte == b'\n').count()
}
