//! Lists the files of the profiles that come with Postroad, so that they are part of the program: a folder of
//! `profiles/` that holds a `profile.toml` is one, whatever its name. `src/built_in.rs` reads the list.
//!
//! What it lacks on purpose: checking them. A test loads each.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn Error>> {
    let manifest: PathBuf = env::var_os("CARGO_MANIFEST_DIR").ok_or("Cargo names no folder")?.into();
    let out: PathBuf = env::var_os("OUT_DIR").ok_or("Cargo names no folder for the list")?.into();
    let profiles = manifest.join("../../profiles").canonicalize()?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", profiles.display());
    let mut list = String::from("&[\n");
    for folder in entries(&profiles)?.iter().filter(|folder| folder.join("profile.toml").is_file()) {
        writeln!(list, "    ({:?}, &[", name_of(folder)?)?;
        list_files(folder, "", &mut list)?;
        list.push_str("    ]),\n");
    }
    list.push_str("]\n");
    fs::write(out.join("built_in_files.rs"), list)?;
    Ok(())
}

/// Adds the files of a folder and of the folders in it, each as its path with `/` and the macro that embeds it.
fn list_files(folder: &Path, prefix: &str, list: &mut String) -> Result<(), Box<dyn Error>> {
    for entry in entries(folder)? {
        let path = format!("{prefix}{}", name_of(&entry)?);
        if entry.is_dir() {
            list_files(&entry, &format!("{path}/"), list)?;
        } else {
            let file = entry.to_str().ok_or("a path is not text")?;
            writeln!(list, "        ({path:?}, include_str!({file:?})),")?;
        }
    }
    Ok(())
}

/// What a folder holds, in the order of the names, so that each build gives the same list. Hidden files are no part of a
/// profile.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if !name_of(&path)?.starts_with('.') {
            paths.push(path);
        }
    }
    paths.sort_unstable();
    Ok(paths)
}

fn name_of(path: &Path) -> Result<&str, Box<dyn Error>> {
    Ok(path.file_name().and_then(|name| name.to_str()).ok_or("a file's name is not text")?)
}
