//! `cargo xtask bench`: measures the binary as servers run it (profile `dist`), each case beside the same work done
//! without it.
//!
//! Three processes share the machine: the server, a generator that posts events, a receiver that counts what arrives.
//! In each run of a case the generator also posts the same signed bodies straight to the receiver: that *bare* figure
//! (B) is what the machine gives, and the ratio to it is what travels from one machine to another. The loop is closed
//! (an event is in the loop from its POST until the receiver has it) or open (a fixed rate, whatever happens). Each case
//! is measured on the disk as it is and on one whose syncs take 4 ms longer. Nothing is simulated, and no figure of the
//! server's own is believed.
//!
//! A case runs several times; the median counts, and the lowest and the highest stand beside it. Two states of the code
//! are compared by runs in turn (A B A B), pair by pair. What the machine does besides is noted before and after.

mod bare;
mod behaviour;
mod cases;
mod command_line;
mod control;
mod disk;
mod figure;
mod generator;
mod histogram;
mod ledger;
mod load;
mod machine;
mod mark;
mod measure;
mod pace;
mod receiver;
mod report;
mod run;
mod scale;
mod series;
mod setup;
mod signing;
mod stage;
mod statistics;
mod store;
mod tally;
mod target;
mod template;
mod traffic;
mod wire;
mod work;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::ArgMatches;

use self::{command_line::Asked, machine::Machine, report::Report, setup::Bench};

fn main() -> Result<()> {
    let matches = command_line::command().get_matches();
    match matches.subcommand() {
        Some(("probe", options)) => {
            let folder: &PathBuf = options.get_one("folder").context("clap demands a folder")?;
            disk::run_probe(folder)
        }
        Some(("receiver", _)) => receiver::run(),
        Some(("generator", _)) => generator::run(),
        _ => run(&matches),
    }
}

/// Runs the cases that `matches` name, prints their tables, and writes the file that is asked for.
///
/// # Errors
///
/// When a program cannot be built or started, breaks while it is measured, or loses an event.
fn run(matches: &ArgMatches) -> Result<()> {
    let asked = Asked::read(matches)?;
    let bench = Bench::prepare(asked.scale, &asked.setup)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let before = Machine::look()?;
    println!("{}", report::beginning(&before));
    let mut measured = Vec::new();
    for case in &asked.cases {
        for disk in &asked.disks {
            let series = runtime.block_on(series::measure(&asked, &bench, case, *disk))?;
            println!("{}", report::table(&series));
            measured.push(series);
        }
    }
    let after = Machine::look()?;
    println!("{}", report::end(&before, &after, &measured));
    let report = Report::new(&asked, &bench.tools.postroad, (before, after), &measured);
    if let Some(file) = &asked.json {
        std::fs::write(file, serde_json::to_string_pretty(&report)?)
            .with_context(|| file.display().to_string())?;
    }
    ensure!(!report.has_losses(), "acknowledged events were lost");
    Ok(())
}
