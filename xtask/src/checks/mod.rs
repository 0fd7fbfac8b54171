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
use clap::{Arg, ArgMatches};

use self::{list::Product, outcome::Ended, table::Table};

/// The test binary that holds the checks.
const BINARY: &str = "postroad";
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
    let tests = run_tests(&products)?;
    let table = Table::new(&products, tests);
    println!("{table}");
    Ok(if table.is_all_passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Builds the tests as `./test` does, so that nothing is built twice, and runs those of these products. Their own words go
/// to standard error as they come.
fn run_tests(products: &[Product]) -> Result<Vec<Ended>> {
    let modules: Vec<_> = products.iter().map(|product| product.module).collect();
    let filter = format!("test(/^({})::/)", modules.join("|"));
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["nextest", "run", "--workspace", "--test", BINARY, "--no-fail-fast", "--no-tests", "pass"]);
    cargo.args(["--message-format", "libtest-json", "--message-format-version", "0.1"]);
    cargo.args(["--filterset", &filter]);
    cargo.env(READABLE_RESULTS.0, READABLE_RESULTS.1).stdout(Stdio::piped());
    let output = cargo.spawn().and_then(std::process::Child::wait_with_output).context("cargo nextest")?;
    let was_run = output.status.success() || output.status.code() == Some(TESTS_FAILED);
    ensure!(was_run, "the tests could not be built or run (cargo nextest ended with {})", output.status);
    outcome::read(str::from_utf8(&output.stdout).context("the results are no text")?)
}
