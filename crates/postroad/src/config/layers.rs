//! What was given, layer by layer, before it is put together.

use std::ffi::OsString;

use super::{Config, ConfigError, Given, Purpose, file, load, put_together};

/// What the command line, the environment and the file say.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// The command line.
    pub flags: Given,
    /// The environment.
    pub environment: Given,
    /// The file that the command line or the environment names; nothing where none is named.
    pub file: Given,
}

impl Layers {
    /// Puts all of them beside the flags. `variable` looks into the environment; `dev` reads no file.
    ///
    /// Errors: a variable or the file cannot be read.
    pub fn read(
        purpose: Purpose,
        flags: &Given,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, ConfigError> {
        let environment = Given::from_environment(variable)?;
        let file = match purpose {
            Purpose::Serve => file::read(flags, &environment)?,
            Purpose::Dev => Given::default(),
        };
        Ok(Self { flags: flags.clone(), environment, file })
    }

    /// The configuration that they make.
    ///
    /// Errors: as [`load`] says.
    pub fn load(&self, purpose: Purpose) -> Result<Config, ConfigError> {
        load(purpose, &self.flags, &self.environment, &self.file)
    }

    /// The same for a command that works on the data and opens no server: with which keys one would be opened is nothing to
    /// it.
    ///
    /// Errors: the first value that cannot be used.
    pub fn load_for_data(&self) -> Result<Config, ConfigError> {
        put_together(Purpose::Serve, [&self.flags, &self.environment, &self.file])
    }

    /// Whether somebody gave this key a value; otherwise its default holds.
    pub fn gives(&self, name: &str) -> bool {
        [&self.flags, &self.environment, &self.file].into_iter().any(|layer| layer.first(name).is_some())
    }
}
