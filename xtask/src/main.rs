//! The project's own tools: `cargo xtask tidy` checks the house rules, `cargo xtask checks` runs the numbered checks of
//! the products, `cargo xtask bench` measures the server.
//!
//! Nothing here is shipped. What a tool needs to know about the server it learns as everybody does, from its command
//! line and its API.

mod bench;
mod checks;
mod tidy;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Arg, Command};

fn main() -> Result<ExitCode> {
    let matches = command_line().get_matches();
    match matches.subcommand() {
        Some(("tidy", _)) => return tidy::run(),
        Some(("checks", options)) => return checks::run(options),
        Some(("bench", options)) => bench::run(options)?,
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
        .subcommand(bench_command())
        .subcommand(Command::new("bench-receiver").hide(true).about("The receiving process of a benchmark"))
        .subcommand(Command::new("bench-generator").hide(true).about("The sending process of a benchmark"))
}

fn checks_command() -> Command {
    Command::new("checks")
        .about("Runs the numbered acceptance checks of the products and prints a table of them")
        .arg(checks::argument())
}

fn bench_command() -> Command {
    let number = clap::value_parser!(u32).range(1..);
    let flag = |name: &'static str| Arg::new(name).long(name).action(clap::ArgAction::SetTrue);
    Command::new("bench")
        .about("Measures the release binary, each case beside the same work done without it")
        .arg(
            Arg::new("case")
                .num_args(0..)
                .help("one, ten, batch, rate200, rate2000 (all of them when none is named)"),
        )
        .arg(
            Arg::new("seconds")
                .long("seconds")
                .default_value("10")
                .value_parser(number)
                .help("Measured time"),
        )
        .arg(
            Arg::new("runs")
                .long("runs")
                .default_value("1")
                .value_parser(number)
                .help("Runs of each case; the median counts"),
        )
        .arg(Arg::new("json").long("json").value_name("FILE").help("Writes every run's figures to FILE too"))
        .arg(
            Arg::new("folder")
                .long("folder")
                .value_name("DIR")
                .help("Where the data lies: the disk that is measured"),
        )
        .arg(flag("bare").help("Only the work without the server"))
        .arg(
            flag("no-build")
                .help("Takes the binaries that lie beside this one instead of building release ones"),
        )
}
