//! `postroad profile`: for people who write a wire contract or want to know one. No server is needed.

mod check;
mod show;

use std::path::PathBuf;

use super::CommandError;

/// What the command line of `profile` said; unchecked.
#[derive(Clone, Debug)]
pub enum ProfileCommand {
    /// `postroad profile check`.
    Check {
        /// Each a `profile.toml`, a folder that holds one, or a folder of such folders.
        files: Vec<PathBuf>,
    },
    /// `postroad profile show`.
    Show {
        /// The profile's name.
        name: String,
        /// The folder of further profiles; else the environment's.
        profiles: Option<PathBuf>,
    },
}

/// Does what was asked. `variable` looks into the environment.
///
/// Errors: a profile is not right, there is no such profile, or nobody reads the output.
pub fn run(command: ProfileCommand, variable: impl Fn(&str) -> Option<String>) -> Result<(), CommandError> {
    match command {
        ProfileCommand::Check { files } => check::run(&files),
        ProfileCommand::Show { name, profiles } => {
            let from_environment = || variable("POSTROAD_PROFILES").filter(|value| !value.is_empty());
            let directory = profiles.or_else(|| from_environment().map(PathBuf::from));
            show::run(&name, directory.as_deref())
        }
    }
}
