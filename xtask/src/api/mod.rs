//! `cargo xtask api`: the book's pages of the API (`docs/api`), made of the document that the server publishes.
//!
//! **Invariant:** the same document gives the same pages, whatever the order of its members. Lacking on purpose: anything
//! that the document does not say; what is missing on a page is missing in the code's comments.

mod pages;
mod schemas;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::{Command as Process, ExitCode},
};

use anyhow::{Context, Result, ensure};
use cargo_metadata::MetadataCommand;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::Value;

/// Pages by their names.
type Pages = BTreeMap<String, String>;

/// The command line of this part.
pub(crate) fn command() -> Command {
    let check = Arg::new("check").long("check").action(ArgAction::SetTrue);
    Command::new("api")
        .about("Writes the pages of the API, docs/api, of what the built server says about itself")
        .arg(check.help("Writes nothing, and fails when the pages are not those of the server"))
}

/// Asks the program, then writes or compares.
///
/// # Errors
/// The program is not there or does not answer, or the pages cannot be read or written.
pub(crate) fn run(options: &ArgMatches) -> Result<ExitCode> {
    let metadata = MetadataCommand::new().no_deps().exec()?;
    let folder = metadata.workspace_root.join("docs/api").into_std_path_buf();
    let wanted = pages::all(&document()?);
    if !options.get_flag("check") {
        write(&folder, &wanted)?;
        println!("{} pages written to {}", wanted.len(), folder.display());
        return Ok(ExitCode::SUCCESS);
    }
    let there = read(&folder)?;
    let names: BTreeSet<_> = wanted.keys().chain(there.keys()).collect();
    let stale: Vec<_> = names.into_iter().filter(|name| wanted.get(*name) != there.get(*name)).collect();
    if stale.is_empty() {
        println!("the pages of the API are those of the server");
        return Ok(ExitCode::SUCCESS);
    }
    println!("not what the server says: {stale:?} in docs/api; `cargo xtask api` writes them anew");
    Ok(ExitCode::FAILURE)
}

fn document() -> Result<Value> {
    let program = std::env::current_exe().context("the path of this program")?.with_file_name("postroad");
    let output = Process::new(&program).arg("openapi").output();
    let output = output.with_context(|| format!("{} (cargo build makes it)", program.display()))?;
    ensure!(output.status.success(), "`postroad openapi`: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("`postroad openapi` prints no JSON")
}

fn read(folder: &Path) -> Result<Pages> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    entries
        .map(|entry| {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Ok((name, fs::read_to_string(&path).with_context(|| path.display().to_string())?))
        })
        .collect()
}

/// Makes the folder hold these pages and nothing else.
fn write(folder: &Path, pages: &Pages) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for name in read(folder)?.keys().filter(|name| !pages.contains_key(*name)) {
        fs::remove_file(folder.join(name))?;
    }
    for (name, text) in pages {
        fs::write(folder.join(name), text).with_context(|| name.clone())?;
    }
    Ok(())
}
