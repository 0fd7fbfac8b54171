//! Why a configuration cannot be used: which key, where it stands, what is wrong, what to do.

use std::{io, path::PathBuf};

use postroad_domain::Invalid;
use thiserror::Error;

use super::Key;

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// On the command line.
    Flag,
    /// In an environment variable.
    Environment,
    /// In the configuration file.
    File {
        /// Which.
        path: PathBuf,
        /// On which line, from 1.
        line: usize,
    },
    /// In the table of keys.
    Default,
}

/// A configuration that cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// A value is not one that its key takes.
    #[error("{place}: {value} {problem}")]
    BadValue {
        /// The key's name.
        key: &'static str,
        /// Where it stands, in words that name the key.
        place: String,
        /// The value in quotes, or words in its place.
        value: String,
        /// What is wrong with it.
        problem: Invalid,
    },
    /// A value is not text.
    #[error("{place} must hold {wanted}")]
    NotText {
        /// Where it stands, in words that name the key.
        place: String,
        /// What it must hold.
        wanted: &'static str,
    },
    /// The file holds a key that does not exist.
    #[error(
        "{path}, line {line}: there is no key \"{name}\"; the nearest is \"{nearest}\" (all keys: postroad serve --help)"
    )]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What stands there.
        name: String,
        /// The valid key that looks most like it.
        nearest: &'static str,
    },
    /// The file is not TOML.
    #[error("{}, line {line}: this is not TOML: {problem}", path.display())]
    NotToml {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the parser missed.
        problem: String,
    },
    /// The file cannot be read.
    #[error("{place}: cannot read {}: {source}", path.display())]
    Unreadable {
        /// Who named the file, in words.
        place: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl ConfigError {
    /// A value that its key refused; the value is shown unless the key is a secret.
    pub(super) fn bad_value(key: &Key, values: &[String], origin: Origin, problem: Invalid) -> Self {
        let value = if key.is_secret { "the value".to_owned() } else { format!("{:?}", values.join(",")) };
        Self::BadValue { key: key.name, place: origin.describe(key), value, problem }
    }
}

impl Origin {
    /// The place in words, with the key's name as it is written there.
    pub(super) fn describe(&self, key: &Key) -> String {
        match self {
            Self::Flag => format!("the flag --{}", key.name),
            Self::Environment => format!("the environment variable {}", key.environment_name()),
            Self::File { path, line } => format!("{}, line {line}, key \"{}\"", path.display(), key.name),
            Self::Default => format!("the default of {}", key.name),
        }
    }
}
