//! Why a configuration cannot be used: which key, where it stands, what is wrong, what to do.

use std::{
    io,
    path::{Path, PathBuf},
};

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
    /// The file holds keys that do not exist.
    #[error("{}", told(path, unknown))]
    UnknownKeys {
        /// The file.
        path: PathBuf,
        /// Each of them, in the order of their lines; at least one.
        unknown: Vec<UnknownKey>,
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

/// A key in the file that does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKey {
    /// The line, from 1.
    pub line: usize,
    /// What stands there.
    pub name: String,
    /// A section begins with it, and the file has none.
    pub is_section: bool,
    /// The valid key that it was most likely meant to be, where one is near.
    pub nearest: Option<&'static str>,
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

/// All keys that do not exist, each with its place.
fn told(path: &Path, unknown: &[UnknownKey]) -> String {
    const ALL_KEYS: &str = "(all keys: postroad serve --help)";
    match unknown {
        [only] => format!("{} {ALL_KEYS}", only.in_file(path)),
        several => {
            let lines = several.iter().map(|key| format!("\n  {}", key.in_file(path)));
            format!("{} keys do not exist {ALL_KEYS}:{}", several.len(), lines.collect::<String>())
        }
    }
}

impl UnknownKey {
    fn in_file(&self, path: &Path) -> String {
        let Self { line, name, is_section, nearest } = self;
        let nearest = nearest.map(|nearest| format!("; the nearest is \"{nearest}\"")).unwrap_or_default();
        let section = if *is_section { "; the file has no sections" } else { "" };
        format!("{}, line {line}: there is no key \"{name}\"{nearest}{section}", path.display())
    }
}
