//! The project's own tools: `cargo xtask tidy` checks the house rules, `cargo xtask checks` runs the numbered checks of
//! the products, `cargo xtask guard` counts instructions, `cargo xtask bench` measures the server, `cargo xtask api` writes
//! the pages of the API.
//!
//! Nothing here is shipped. What a tool needs to know about the server it learns as everybody does, from its command
//! line and its API.

mod api;
mod checks;
mod guard;
mod tidy;

use std::{
    ffi::OsString,
    process::{Command as Process, ExitCode},
};

use anyhow::{Context, Result};
use clap::{Arg, ArgMatches, Command, value_parser};

fn main() -> Result<ExitCode> {
    let matches = command_line().get_matches();
    match matches.subcommand() {
        Some(("tidy", _)) => tidy::run(),
        Some(("checks", options)) => checks::run(options),
        Some(("guard", options)) => guard::run(options),
        Some(("api", options)) => api::run(options),
        Some(("bench", options)) => bench(options),
        _ => unreachable!("clap demands one of the subcommands above"),
    }
}

fn command_line() -> Command {
    Command::new("xtask")
        .about("The project's own tools")
        .subcommand_required(true)
        .subcommand(Command::new("tidy").about("Checks the house rules (ARCHITECTURE.md, STYLE.md)"))
        .subcommand(checks_command())
        .subcommand(guard::command())
        .subcommand(api::command())
        .subcommand(bench_command())
}

fn checks_command() -> Command {
    Command::new("checks")
        .about("Runs the numbered acceptance checks of the products and prints a table of them")
        .arg(checks::argument())
}

/// All that stands behind `bench` is for the program of that name, `--help` too.
fn bench_command() -> Command {
    let arguments = Arg::new("arguments").num_args(0..).trailing_var_arg(true).allow_hyphen_values(true);
    Command::new("bench")
        .about("Measures the server (crate `bench`); `cargo xtask bench --help` tells how")
        .disable_help_flag(true)
        .arg(arguments.value_parser(value_parser!(OsString)))
}

/// The benchmark is a crate of its own, so that these tools are built without an HTTP stack.
fn bench(options: &ArgMatches) -> Result<ExitCode> {
    let mut cargo = Process::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["run", "--quiet", "--package", "bench", "--"]);
    cargo.args(options.get_many::<OsString>("arguments").into_iter().flatten());
    let status = cargo.status().context("cargo run")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
