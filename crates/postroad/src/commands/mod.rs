//! The commands, one module each.

pub mod data;
pub mod dev;
mod dispatch;
pub mod doctor;
pub mod import;
pub mod openapi;
pub mod profile;
pub mod remote;
pub mod replay;
pub mod send;
pub mod serve;

use thiserror::Error;

pub use self::dispatch::run;
use crate::config::{Config, ConfigError, Given, Layers, Purpose, unknown_variables};

/// Why a command failed; decides the exit code.
#[derive(Debug, Error)]
pub enum CommandError {
    /// The command line does not say enough, or something that makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// It was understood, and did not work. Typed errors come in by `anyhow::Error::msg`: their text is whole already,
    /// and their causes would say it twice.
    #[error("{0:#}")]
    Failed(#[from] anyhow::Error),
    /// Somebody at the keyboard had enough of it: what is to be known then. Nothing is wrong.
    #[error("{0}")]
    Interrupted(String),
}

impl CommandError {
    /// 2 for what the caller must write differently, 130 as shells expect it after Ctrl-C, 1 for the rest.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Config(_) => 2,
            Self::Failed(_) => 1,
            Self::Interrupted(_) => 130,
        }
    }
}

/// The configuration from the flags, this process's environment, and the file that they name.
fn load_config(purpose: Purpose, flags: &Given) -> Result<Config, ConfigError> {
    read_layers(purpose, flags)?.load(purpose)
}

/// The same before it is put together.
fn read_layers(purpose: Purpose, flags: &Given) -> Result<Layers, ConfigError> {
    Layers::read(purpose, flags, |name| std::env::var_os(name))
}

/// Warns of variables that look like settings and are none. Once, at the start of a server.
fn warn_of_unknown_variables() {
    for unknown in unknown_variables(std::env::vars_os()) {
        tracing::warn!("{unknown}");
    }
}
