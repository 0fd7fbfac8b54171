//! The numbered acceptance checks of the products as a table: which test stands for each, and how it ended.
//!
//! A test belongs to a check by its name alone: `lh_6_…` is LH-6. A check passes when it has a test and all of its tests
//! pass; one without a test is MISSING, so that none can be forgotten. What a check demands is not repeated here.

mod list;
mod outcome;
mod table;

use std::{
    process::{Command, ExitCode, Stdio},
    str,
};

use anyhow::{Context, Result, ensure};
use cargo_metadata::MetadataCommand;
use clap::{Arg, ArgMatches};

use self::{list::Product, outcome::Ended, table::Table};

/// The package whose test binaries hold the checks.
const PACKAGE: &str = "postroad";
/// With this nextest agrees to write what it calls an experiment: results that a program can read.
const READABLE_RESULTS: (&str, &str) = ("NEXTEST_EXPERIMENTAL_LIBTEST_JSON", "1");
/// What nextest answers when everything was built and run, and some of it failed.
const TESTS_FAILED: i32 = 100;

/// The products to check, on the command line.
pub(crate) fn argument() -> Arg {
    let help = format!("{} (all of them when none is named)", list::prefixes_of_all());
    Arg::new("product").num_args(0..).help(help)
}

/// Runs the checks of the products that `matches` name, prints the table, and answers failure unless all pass.
///
/// # Errors
///
/// When a product is not known, or the tests cannot be built or run.
pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let names: Vec<_> = matches.get_many::<String>("product").into_iter().flatten().cloned().collect();
    let products = list::select(&names)?;
    let tests = run_tests(&existing_binaries(&products)?)?;
    let table = Table::new(&products, tests);
    println!("{table}");
    Ok(if table.is_all_passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Those of the products' binaries that are in the tree: cargo would refuse to run any if one is not.
fn existing_binaries(products: &[Product]) -> Result<Vec<&'static str>> {
    let metadata = MetadataCommand::new().no_deps().exec().context("cargo metadata")?;
    let package = metadata.packages.iter().find(|package| package.name.as_str() == PACKAGE);
    let targets = &package.with_context(|| format!("no package {PACKAGE}"))?.targets;
    let is_there = |binary: &&str| targets.iter().any(|target| target.is_test() && target.name == *binary);
    Ok(products.iter().map(|product| product.binary).filter(is_there).collect())
}

/// Builds and runs these test binaries. The tests' own words go to standard error as they come.
fn run_tests(binaries: &[&str]) -> Result<Vec<Ended>> {
    if binaries.is_empty() {
        return Ok(Vec::new());
    }
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["nextest", "run", "--package", PACKAGE, "--no-fail-fast", "--no-tests", "pass"]);
    cargo.args(["--message-format", "libtest-json", "--message-format-version", "0.1"]);
    cargo.args(binaries.iter().flat_map(|binary| ["--test", binary]));
    cargo.env(READABLE_RESULTS.0, READABLE_RESULTS.1).stdout(Stdio::piped());
    let output = cargo.spawn().and_then(std::process::Child::wait_with_output).context("cargo nextest")?;
    let was_run = output.status.success() || output.status.code() == Some(TESTS_FAILED);
    ensure!(was_run, "the tests could not be built or run (cargo nextest ended with {})", output.status);
    outcome::read(str::from_utf8(&output.stdout).context("the results are no text")?)
}
