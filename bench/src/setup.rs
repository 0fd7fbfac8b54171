//! What every run takes place with: the programs, built where they are missing, and the folder of the data.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    process::Command,
    rc::Rc,
};

use anyhow::{Context, Result, ensure};
use cargo_metadata::MetadataCommand;

use super::{scale::Scale, store::Store};

/// How the binaries are built; cargo calls their folder so too.
const PROFILE: &str = "dist";

/// What a benchmark is to take place with.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// The program that is measured, in place of the one that is built.
    pub(super) server: Option<PathBuf>,
    /// The program that it is compared with.
    pub(super) against: Option<PathBuf>,
    /// Where the data lies, in place of a folder below `target`.
    pub(super) folder: Option<PathBuf>,
    /// Only the work without the server.
    pub(super) bare_only: bool,
    /// The programs beside this one are taken as they are.
    pub(super) no_build: bool,
}

/// What every run takes place with.
pub(super) struct Bench {
    pub(super) scale: Scale,
    /// Where the server's data lies.
    pub(super) folder: PathBuf,
    pub(super) tools: Tools,
    /// Large stores that were filled already.
    pub(super) stores: RefCell<Vec<Rc<Store>>>,
}

/// The programs that take part.
#[derive(Debug)]
pub(super) struct Tools {
    pub(super) postroad: PathBuf,
    /// This program, as it is measured along.
    pub(super) bench: PathBuf,
}

impl Bench {
    /// Builds what is missing and makes the folder.
    pub(super) fn prepare(scale: Scale, wanted: &Wanted) -> Result<Self> {
        let target = MetadataCommand::new().no_deps().exec().context("cargo metadata")?.target_directory;
        let mut tools = if wanted.no_build {
            neighbours()?
        } else {
            build(target.join(PROFILE).as_std_path(), wanted.server.is_none())?
        };
        if let Some(server) = &wanted.server {
            tools.postroad.clone_from(server);
        }
        for program in std::iter::once(&tools.postroad).chain(&wanted.against).filter(|_| !wanted.bare_only) {
            ensure!(program.is_file(), "there is no program {}", program.display());
        }
        // The server runs in a folder of its own, where a relative path would lead nowhere.
        tools.postroad = std::path::absolute(&tools.postroad)?;
        let folder = wanted.folder.clone().unwrap_or_else(|| target.join("bench").into());
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let folder = std::fs::canonicalize(&folder).with_context(|| folder.display().to_string())?;
        Ok(Self { scale, folder, tools, stores: RefCell::default() })
    }
}

/// The binaries as servers run them. The generator and the receiver are measured along, so they are optimised too.
fn build(folder: &Path, with_server: bool) -> Result<Tools> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--profile", PROFILE, "--package", "bench"]);
    if with_server {
        cargo.args(["--package", "postroad"]);
    }
    ensure!(cargo.status().context("cargo build")?.success(), "the binaries cannot be built");
    Ok(Tools { postroad: folder.join("postroad"), bench: folder.join("bench") })
}

fn neighbours() -> Result<Tools> {
    let bench = std::env::current_exe().context("the path of this program")?;
    Ok(Tools { postroad: bench.with_file_name("postroad"), bench })
}
