//! The profiles that come with Postroad, embedded when it is built: the folders of `profiles/` that hold a
//! `profile.toml` directly.
//!
//! What it lacks on purpose: a list of their names in the code. `build.rs` lists what is there.

use std::collections::BTreeMap;

/// Each profile's name with the paths and texts of its files.
type Files = &'static [(&'static str, &'static [(&'static str, &'static str)])];

const FILES: Files = include!(concat!(env!("OUT_DIR"), "/built_in_files.rs"));

/// The built-in profiles in the order of their names, each as the name of its folder and its files by path. The files
/// are what [`crate::Profile::load`] takes.
pub fn built_in() -> Vec<(String, BTreeMap<String, String>)> {
    FILES.iter().map(|(name, files)| ((*name).to_owned(), owned(files))).collect()
}

fn owned(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}
