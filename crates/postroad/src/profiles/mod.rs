//! The profiles of a node: the built-in ones, and those of a folder, which replace built-in ones of their name or stand
//! beside them.
//!
//! **Invariants:** what counts is the `name` of a profile, never that of its folder; everything that is wrong with any
//! profile is told at once, each with the file's path as the caller can open it. Lacking on purpose: profiles that change
//! while a node runs.

mod folder;
mod problem;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use postroad_engine::GivenProfile;
use postroad_profile::built_in;

pub use self::{
    folder::{ProfileFolderError, read_folder},
    problem::{ProfilesProblem, told},
};

/// The file that makes a folder a profile.
const PROFILE_FILE: &str = "profile.toml";

/// A profile, or all that is wrong with it.
pub type Loaded = Result<GivenProfile, Vec<ProfilesProblem>>;

/// The files of one profile, unchecked.
#[derive(Clone, Debug)]
pub struct ProfileFiles {
    /// What complaints name it by: the path of its folder.
    pub name: String,
    /// The files by their path within the folder, with `/` between the parts.
    pub files: BTreeMap<String, String>,
}

/// All profiles: the built-in ones in the order of their names, each replaced where `directory` has one of its name, and
/// then the others of `directory` in the order of its sub-folders. A sub-folder without a `profile.toml` is skipped with
/// a warning.
///
/// # Errors
///
/// All that is wrong with `directory` and every profile in it.
pub fn all(directory: Option<&Path>) -> Result<Vec<GivenProfile>, Vec<ProfilesProblem>> {
    let mut own = directory.map_or_else(|| Ok(Vec::new()), of_directory)?;
    let mut profiles = Vec::with_capacity(own.len());
    for (name, files) in built_in() {
        profiles.push(match own.iter().position(|loaded| loaded.profile.name == name) {
            Some(place) => own.remove(place),
            None => ProfileFiles { name: format!("built-in/{name}"), files }.load()?,
        });
    }
    profiles.append(&mut own);
    Ok(profiles)
}

/// The profile of one folder.
///
/// # Errors
///
/// The folder cannot be read, or all that is wrong with its profile.
pub fn of_folder(folder: &Path) -> Loaded {
    // Asked first: a folder that is no profile may hold anything, and what it holds is not the problem.
    let files =
        if is_missing(&folder.join(PROFILE_FILE)) { Ok(BTreeMap::new()) } else { read_folder(folder) };
    let files = files.map_err(|error| vec![ProfilesProblem::Folder(error)])?;
    ProfileFiles { name: folder.display().to_string(), files }.load()
}

impl ProfileFiles {
    /// Checks them.
    ///
    /// # Errors
    ///
    /// All that is wrong with the profile.
    pub fn load(self) -> Loaded {
        let Self { name, files } = self;
        GivenProfile::load(files).map_err(|problems| {
            let told = |problem| ProfilesProblem::Profile { folder: name.clone(), problem };
            problems.into_iter().map(told).collect()
        })
    }
}

/// Each profile of a folder of profiles by itself, in the order of the sub-folders. Of two that have one name the second is
/// wrong.
///
/// # Errors
///
/// The folder cannot be read, or is a profile itself.
pub fn each_of(directory: &Path) -> Result<Vec<Loaded>, ProfilesProblem> {
    let (mut all, mut known) = (Vec::new(), Vec::new());
    for folder in folders_of(directory)? {
        all.push(of_folder(&folder).and_then(|loaded| with_own_name(loaded, folder, &mut known)));
    }
    Ok(all)
}

/// The profile, unless one of those that are `known` has its name.
fn with_own_name(loaded: GivenProfile, folder: PathBuf, known: &mut Vec<(String, PathBuf)>) -> Loaded {
    let name = loaded.profile.name.clone();
    if let Some((_, first)) = known.iter().find(|(other, _)| *other == name) {
        let (first, second) = (first.join(PROFILE_FILE), folder.join(PROFILE_FILE));
        return Err(vec![ProfilesProblem::SameName { name, first, second }]);
    }
    known.push((name, folder));
    Ok(loaded)
}

/// The profiles of each sub-folder.
fn of_directory(directory: &Path) -> Result<Vec<GivenProfile>, Vec<ProfilesProblem>> {
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    for loaded in each_of(directory).map_err(|problem| vec![problem])? {
        match loaded {
            Ok(loaded) => found.push(loaded),
            Err(mut of_this) => problems.append(&mut of_this),
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

/// The sub-folders that hold a profile, in the order of their names.
fn folders_of(directory: &Path) -> Result<Vec<PathBuf>, ProfilesProblem> {
    if !is_missing(&directory.join(PROFILE_FILE)) {
        return Err(ProfilesProblem::DirectoryIsProfile { directory: directory.to_owned() });
    }
    let names = folder::names(directory)
        .map_err(|source| ProfilesProblem::Directory { directory: directory.to_owned(), source })?;
    let mut folders: Vec<_> = names.into_iter().map(|name| directory.join(name)).collect();
    folders.retain(|folder| folder.is_dir());
    folders.retain(|folder| {
        let holds_one = !is_missing(&folder.join(PROFILE_FILE));
        if !holds_one {
            tracing::warn!("{} holds no {PROFILE_FILE} and is skipped", folder.display());
        }
        holds_one
    });
    Ok(folders)
}

/// Whether there is no such file; one that cannot be looked at is told by whoever reads it.
fn is_missing(path: &Path) -> bool {
    let absent = [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory];
    fs::metadata(path).is_err_and(|error| absent.contains(&error.kind()))
}
