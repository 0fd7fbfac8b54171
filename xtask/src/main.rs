//! The project's own tools: `cargo xtask tidy` checks the house rules, `cargo xtask checks` runs the numbered checks of
//! the products, `cargo xtask guard` counts instructions, `cargo xtask bench` measures the server, `cargo xtask api` writes
//! the pages of the API.
//!
//! Nothing here is shipped. What a tool needs to know about the server it learns as everybody does, from its command
//! line and its API.

mod api;
mod bench;
mod checks;
mod guard;
mod tidy;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, Result};
use clap::{Arg, Command};

fn main() -> Result<ExitCode> {
    let matches = command_line().get_matches();
    match matches.subcommand() {
        Some(("tidy", _)) => return tidy::run(),
        Some(("checks", options)) => return checks::run(options),
        Some(("guard", options)) => return guard::run(options),
        Some(("api", options)) => return api::run(options),
        Some(("bench", options)) => bench::run(options)?,
        Some(("bench-probe", options)) => {
            let folder: &PathBuf = options.get_one("folder").context("clap demands a folder")?;
            bench::run_probe(folder)?;
        }
        Some(("bench-receiver", _)) => bench::receiver::run()?,
        Some(("bench-generator", _)) => bench::generator::run()?,
        _ => unreachable!("clap demands one of the subcommands above"),
    }
    Ok(ExitCode::SUCCESS)
}

fn command_line() -> Command {
    Command::new("xtask")
        .about("The project's own tools")
        .subcommand_required(true)
        .subcommand(Command::new("tidy").about("Checks the house rules (ARCHITECTURE.md, STYLE.md)"))
        .subcommand(checks_command())
        .subcommand(guard::command())
        .subcommand(api::command())
        .subcommand(bench::command())
        .subcommand(
            Command::new("bench-probe")
                .hide(true)
                .about("The process that measures the disk of a benchmark")
                .arg(Arg::new("folder").required(true).value_parser(clap::value_parser!(PathBuf))),
        )
        .subcommand(Command::new("bench-receiver").hide(true).about("The receiving process of a benchmark"))
        .subcommand(Command::new("bench-generator").hide(true).about("The sending process of a benchmark"))
}

fn checks_command() -> Command {
    Command::new("checks")
        .about("Runs the numbered acceptance checks of the products and prints a table of them")
        .arg(checks::argument())
}
