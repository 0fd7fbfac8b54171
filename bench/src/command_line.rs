//! What the command line asks for.

use std::{path::PathBuf, time::Duration};

use anyhow::Result;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::{
    cases::{self, Case},
    disk::Disk,
    scale::Scale,
    setup::Wanted,
};

/// Runs of each case, and pairs of runs where two programs are compared.
const RUNS: u32 = 3;
const PAIRS: u32 = 5;

/// The command line. Its hidden subcommands are the other processes of a benchmark.
pub(crate) fn command() -> Command {
    let number = || value_parser!(u32).range(1..);
    let option =
        |name: &'static str, value_name, help| Arg::new(name).long(name).value_name(value_name).help(help);
    let flag = |name: &'static str, help| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    Command::new("bench")
        .about("Measures the binary as servers run it (profile `dist`), each case beside the same work done without it")
        .after_help(format!("Cases:\n{}", list_of_cases()))
        .arg(
            Arg::new("case")
                .num_args(0..)
                .help("Cases or groups of them: one, ten, pace-200 (all when none is named)"),
        )
        .args([
            option(
                "runs",
                "N",
                "Runs of each case, of which the median counts; pairs with --against [default: 3, 5 pairs]",
            )
            .value_parser(number()),
            option("seconds", "S", "Measured time of a run, after the warm-up [default: 10]")
                .value_parser(number()),
            option("disk", "DISK", "native, slow (4 ms are added to each sync) or both")
                .default_value("both")
                .value_parser(["native", "slow", "both"]),
            option("json", "FILE", "Writes every run's figures to FILE too"),
            option("server", "BINARY", "The server to measure, instead of building one")
                .value_parser(value_parser!(PathBuf)),
            option(
                "against",
                "BINARY",
                "Another state of the server: both run in turn, and the ratios are printed",
            )
            .value_parser(value_parser!(PathBuf)),
            option("folder", "DIR", "Where the data lies: the disk that is measured [default: target/bench]")
                .value_parser(value_parser!(PathBuf)),
            flag("quick", "A tiny scale: shows that a case works, not how fast it is"),
            flag("bare", "Only the work without the server"),
            flag("no-build", "Takes the binaries that lie beside this one instead of building them"),
        ])
        .args_conflicts_with_subcommands(true)
        .disable_help_subcommand(true)
        .subcommands([
            Command::new("probe")
                .hide(true)
                .about("Measures the disk")
                .arg(Arg::new("folder").required(true).value_parser(value_parser!(PathBuf))),
            Command::new("receiver").hide(true).about("Counts what arrives"),
            Command::new("generator").hide(true).about("Posts events"),
        ])
}

fn list_of_cases() -> String {
    cases::CASES.iter().map(|case| format!("  {}\n      {}\n", case.name, case.meaning)).collect()
}

/// What the command line asks for.
pub(super) struct Asked {
    pub(super) cases: Vec<&'static Case>,
    pub(super) disks: Vec<Disk>,
    /// Runs of each case, or pairs of runs.
    pub(super) runs: u32,
    pub(super) scale: Scale,
    pub(super) json: Option<PathBuf>,
    /// What it is to take place with.
    pub(super) setup: Wanted,
}

impl Asked {
    /// Reads the command's arguments.
    pub(super) fn read(matches: &ArgMatches) -> Result<Self> {
        let names: Vec<_> = matches.get_many::<String>("case").into_iter().flatten().cloned().collect();
        let number = |name| matches.get_one::<u32>(name).copied();
        let path = |name| matches.get_one::<PathBuf>(name).cloned();
        let against = path("against");
        let quick = matches.get_flag("quick");
        let runs = match (quick, &against) {
            (true, _) => 1,
            (false, Some(_)) => PAIRS,
            (false, None) => RUNS,
        };
        Ok(Self {
            cases: cases::select(&names)?,
            disks: match matches.get_one::<String>("disk").map(String::as_str) {
                Some("native") => vec![Disk::Native],
                Some("slow") => vec![Disk::Slow],
                _ => vec![Disk::Native, Disk::Slow],
            },
            runs: number("runs").unwrap_or(runs),
            scale: if quick {
                Scale::quick()
            } else {
                Scale::full(Duration::from_secs(number("seconds").unwrap_or(10).into()))
            },
            json: matches.get_one::<String>("json").map(PathBuf::from),
            setup: Wanted {
                against,
                server: path("server"),
                folder: path("folder"),
                bare_only: matches.get_flag("bare"),
                no_build: matches.get_flag("no-build"),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Asked> {
        let words = line.split_whitespace();
        Asked::read(&command().try_get_matches_from(std::iter::once("bench").chain(words))?)
    }

    #[test]
    fn without_arguments_every_case_runs_three_times_on_both_disks() {
        let asked = read("").unwrap();
        assert_eq!(asked.cases.len(), cases::CASES.len());
        assert_eq!((asked.runs, asked.disks), (3, vec![Disk::Native, Disk::Slow]));
        assert_eq!(asked.scale.measured, Duration::from_secs(10));
    }

    #[test]
    fn everything_can_be_chosen() {
        let asked = read("ten --runs 7 --seconds 2 --disk slow --json a.json --server b --folder c").unwrap();
        assert_eq!((asked.cases[0].name, asked.cases.len(), asked.runs), ("ten", 1, 7));
        assert_eq!((asked.disks, asked.scale.measured), (vec![Disk::Slow], Duration::from_secs(2)));
        assert_eq!((asked.json, asked.setup.server), (Some("a.json".into()), Some("b".into())));
    }

    #[test]
    fn two_programs_are_compared_in_five_pairs() {
        let asked = read("one --against ./older").unwrap();
        assert_eq!((asked.runs, asked.setup.against), (5, Some("./older".into())));
        assert_eq!(read("one --against ./older --runs 9").unwrap().runs, 9);
        assert_eq!(read("one --quick").unwrap().runs, 1);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in ["--runs 0", "--seconds 0", "--disk ram", "elephant", "--runs many"] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
