//! What is wrong with profiles on disk: as a profile's own problems, with the path of the folder in front.

use std::{
    io,
    path::{Path, PathBuf},
};

use postroad_profile::ProfileProblem;
use thiserror::Error;

use super::ProfileFolderError;

/// One fault of the profiles that somebody named.
#[derive(Debug, Error)]
pub enum ProfilesProblem {
    /// The folder of profiles is not there or cannot be listed.
    #[error("{}: cannot be read as a folder of profiles: {source}", directory.display())]
    Directory {
        /// The folder.
        directory: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder is a profile and not a folder of profiles.
    #[error("{}: is a profile itself; name the folder that it stands in", directory.display())]
    DirectoryIsProfile {
        /// The folder.
        directory: PathBuf,
    },
    /// A path that is to be checked is not one of a profile.
    #[error("{}: is neither a profile.toml nor a folder that holds one", path.display())]
    NotAProfile {
        /// The path.
        path: PathBuf,
    },
    /// A profile's folder cannot be read.
    #[error(transparent)]
    Folder(#[from] ProfileFolderError),
    /// A profile is not right.
    #[error("{}", in_folder(folder, problem))]
    Profile {
        /// Its folder.
        folder: String,
        /// What is wrong, with the path within the folder.
        problem: ProfileProblem,
    },
    /// Two profiles have one name.
    #[error("{}: the name `{name}` is already that of {}", second.display(), first.display())]
    SameName {
        /// The name.
        name: String,
        /// The file of the one.
        first: PathBuf,
        /// The file of the other.
        second: PathBuf,
    },
}

/// All of them, one a line, for an error that ends a start.
pub fn told(problems: &[ProfilesProblem]) -> String {
    let lines = problems.iter().map(|problem| format!("\n  {problem}"));
    format!("the profiles cannot be used:{}", lines.collect::<String>())
}

fn in_folder(folder: &str, problem: &ProfileProblem) -> String {
    let path = Path::new(folder).join(&problem.file);
    let line = problem.line.map(|line| format!(":{line}")).unwrap_or_default();
    format!("{}{line}: {}", path.display(), problem.kind)
}
