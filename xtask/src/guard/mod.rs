//! `cargo xtask guard`: counts the instructions of the hot path and refuses what became dearer.
//!
//! The pieces are those of `crates/testkit/examples/hot_path`. Instructions do not depend on what else the machine does, so
//! a small loss is seen on any day; what they mean in time tells the benchmark. The accepted counts are committed, and only
//! the compiler that they were counted with can be held to them.

mod count;
mod record;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use cargo_metadata::MetadataCommand;
use clap::{Arg, ArgAction, ArgMatches, Command};

use self::record::{Growth, Record};

/// How much a piece may grow until somebody must say that it is worth it, in percent.
const GROWTH_PERCENT_MAX: f64 = 5.0;

/// The command line of this part.
pub(crate) fn command() -> Command {
    Command::new("guard")
        .about("Counts the instructions of the hot path; fails when a piece became dearer than what was accepted")
        .arg(
            Arg::new("accept")
                .long("accept")
                .action(ArgAction::SetTrue)
                .help("Writes the counts down as the accepted ones: commit the file with the reason"),
        )
        .arg(
            Arg::new("built")
                .long("built")
                .action(ArgAction::SetTrue)
                .help("Takes the example as it was built before"),
        )
}

/// Counts, then compares or accepts.
///
/// # Errors
/// The example cannot be built or run, valgrind is missing, or the file of accepted counts cannot be read or written.
pub(crate) fn run(options: &ArgMatches) -> Result<ExitCode> {
    let metadata = MetadataCommand::new().no_deps().exec()?;
    let file = PathBuf::from(metadata.workspace_root.join("xtask/instructions.json"));
    if !options.get_flag("built") {
        count::build()?;
    }
    let example = metadata.target_directory.join("debug/examples/hot_path");
    let counted = Record::new(count::all(example.as_std_path())?)?;
    if options.get_flag("accept") {
        counted.write(&file)?;
        println!("{} counts accepted in {}: commit it with the reason", counted.counts.len(), file.display());
        return Ok(ExitCode::SUCCESS);
    }
    let accepted = Record::read(&file)?;
    Ok(judge(&accepted, &counted))
}

/// Tells each count beside the accepted one; refuses when one grew too much.
fn judge(accepted: &Record, counted: &Record) -> ExitCode {
    let growths = accepted.compare(counted);
    growths.iter().for_each(tell);
    let is_comparable = accepted.made_by == counted.made_by;
    if !is_comparable {
        println!(
            "not judged: the accepted counts are of {}, these of {}; `cargo xtask guard --accept` makes these the accepted ones",
            accepted.made_by, counted.made_by
        );
        return ExitCode::SUCCESS;
    }
    let refused: Vec<_> = growths.iter().filter(|growth| growth.is_beyond(GROWTH_PERCENT_MAX)).collect();
    if refused.is_empty() {
        return ExitCode::SUCCESS;
    }
    for growth in refused {
        eprintln!("{}: {}", growth.name, growth.in_words());
    }
    eprintln!(
        "A part of the hot path became more than {GROWTH_PERCENT_MAX} % dearer. Find out why (valgrind --tool=callgrind \
         target/debug/examples/hot_path 100 NAME), or accept it with `cargo xtask guard --accept` and say in the commit what \
         it is worth."
    );
    ExitCode::FAILURE
}

fn tell(growth: &Growth) {
    println!(
        "{:<40} {:>12} {}",
        growth.name,
        growth.counted.map_or("-".to_owned(), |count| count.to_string()),
        growth.in_words()
    );
}
