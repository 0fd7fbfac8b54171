//! Measures the release binary, each case beside the same work done without it.
//!
//! Three processes share the machine: the server, a generator that posts events, a receiver that counts what arrives.
//! For each case the generator also posts the same signed bodies straight to the receiver: that *bare* figure is what
//! the machine gives, and the ratio to it is what travels from one machine to another. The loop is closed (an event is in
//! the loop from its POST until the receiver has it) or open (a fixed rate, whatever happens). Nothing is simulated, and
//! no figure of the server's own is believed.

mod bare;
mod cases;
mod control;
pub(crate) mod generator;
mod histogram;
mod mark;
mod measure;
mod pace;
pub(crate) mod receiver;
mod report;
mod run;
mod sender;
mod tally;
mod template;
mod wire;

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use cargo_metadata::MetadataCommand;
use clap::ArgMatches;

use self::{cases::Case, report::CaseReport};

/// What the command line asked for.
#[derive(Debug)]
struct Options {
    cases: Vec<Case>,
    runs: u32,
    /// The time that is measured, after the warm-up.
    measured: Duration,
    /// Only the work without the server.
    bare_only: bool,
    /// Where the server's data lies.
    folder: PathBuf,
    tools: Tools,
}

/// The programs that take part.
#[derive(Debug)]
struct Tools {
    postroad: PathBuf,
    xtask: PathBuf,
}

/// Runs the cases that `matches` name and prints the table.
///
/// # Errors
///
/// When a program cannot be built or started, or breaks while it is measured.
pub(crate) fn run(matches: &ArgMatches) -> Result<()> {
    let options = options(matches)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let reports = runtime.block_on(measure_all(&options))?;
    println!("{}", report::table(&reports));
    if let Some(file) = matches.get_one::<String>("json") {
        std::fs::write(file, serde_json::to_string_pretty(&reports)?).with_context(|| file.clone())?;
    }
    Ok(())
}

async fn measure_all(options: &Options) -> Result<Vec<CaseReport>> {
    let mut reports = Vec::new();
    for case in &options.cases {
        let mut report = CaseReport::new(*case);
        for number in 1..=options.runs {
            eprintln!("{} ({number} of {})", case.title(), options.runs);
            report.runs.push(run::run(case, options).await?);
        }
        reports.push(report);
    }
    Ok(reports)
}

fn options(matches: &ArgMatches) -> Result<Options> {
    let names: Vec<_> = matches.get_many::<String>("case").into_iter().flatten().cloned().collect();
    let number = |name: &str| matches.get_one::<u32>(name).copied().unwrap_or(1);
    let cases = cases::select(&names)?;
    let target = MetadataCommand::new().no_deps().exec().context("cargo metadata")?.target_directory;
    let tools = if matches.get_flag("no-build") {
        neighbours()?
    } else {
        build(target.join("release").as_std_path())?
    };
    let folder =
        matches.get_one::<String>("folder").map_or_else(|| target.join("bench").into(), PathBuf::from);
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    Ok(Options {
        cases,
        runs: number("runs"),
        measured: Duration::from_secs(number("seconds").into()),
        bare_only: matches.get_flag("bare"),
        folder,
        tools,
    })
}

/// The release binaries. The generator and the receiver are measured along, so they are optimised too.
fn build(folder: &Path) -> Result<Tools> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let status = cargo.args(["build", "--release", "--package", "postroad", "--package", "xtask"]).status();
    ensure!(status.context("cargo build")?.success(), "the release binaries cannot be built");
    Ok(Tools { postroad: folder.join("postroad"), xtask: folder.join("xtask") })
}

fn neighbours() -> Result<Tools> {
    let xtask = std::env::current_exe().context("the path of this program")?;
    Ok(Tools { postroad: xtask.with_file_name("postroad"), xtask })
}
