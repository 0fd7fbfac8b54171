//! A built-in profile with a few texts changed, in a folder for `--profiles`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

/// Writes all files of the profile below a new folder, its `profile.toml` with the replacements. Panics when a text to
/// replace does not occur: a check against an unchanged profile would prove nothing.
pub(crate) fn write(profile: &str, replacements: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    let copy = folder.path().join(profile);
    copy_folder(&built_in(profile), &copy);
    let path = copy.join("profile.toml");
    let mut text = fs::read_to_string(&path).expect("a profile has a profile.toml");
    for (found, replacement) in replacements {
        assert!(text.contains(found), "{found:?} does not occur in the profile {profile}");
        text = text.replace(found, replacement);
    }
    fs::write(&path, text).expect("the folder takes files");
    folder
}

/// Where the built-in profile's files are.
fn built_in(profile: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles").join(profile)
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).expect("the folder is new");
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.expect("a folder can be listed");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}
