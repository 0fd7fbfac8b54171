//! The accepted counts: a committed file, one line for each piece.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// Counts and what they were made by.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    /// The compiler and the processor's kind: other ones make other instructions of the same text.
    pub(super) made_by: String,
    /// Instructions of each piece.
    pub(super) counts: BTreeMap<String, u64>,
}

/// What became of one piece.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Growth {
    pub(super) name: String,
    pub(super) accepted: Option<u64>,
    pub(super) counted: Option<u64>,
}

impl Record {
    /// Of this machine and its compiler.
    pub(super) fn new(counts: BTreeMap<String, u64>) -> Result<Self> {
        let rustc = Command::new("rustc").arg("--version").output().context("rustc --version")?;
        let version = String::from_utf8(rustc.stdout)?;
        let made_by = format!("{}, {}", version.trim(), std::env::consts::ARCH);
        Ok(Self { made_by, counts })
    }

    pub(super) fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file).with_context(|| {
            format!(
                "{}: no counts are accepted yet; `cargo xtask guard --accept` makes the first",
                file.display()
            )
        })?;
        serde_json::from_str(&text).with_context(|| file.display().to_string())
    }

    pub(super) fn write(&self, file: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        fs::write(file, text).with_context(|| file.display().to_string())
    }

    /// Each piece that either of them knows.
    pub(super) fn compare(&self, counted: &Self) -> Vec<Growth> {
        let mut names: Vec<_> = self.counts.keys().chain(counted.counts.keys()).collect();
        names.sort();
        names.dedup();
        let of = |record: &Self, name: &String| record.counts.get(name).copied();
        let growth =
            |name| Growth { accepted: of(self, name), counted: of(counted, name), name: name.clone() };
        names.into_iter().map(growth).collect()
    }
}

impl Growth {
    /// A piece that is new or gone is beyond any bound: whoever changed that accepts the counts anew.
    pub(super) fn is_beyond(&self, percent_max: f64) -> bool {
        self.percent().is_none_or(|percent| percent > percent_max)
    }

    pub(super) fn in_words(&self) -> String {
        match (self.accepted, self.counted, self.percent()) {
            (_, None, _) => "is not there any more".to_owned(),
            (None, Some(_), _) => "is new".to_owned(),
            (Some(accepted), Some(_), percent) => {
                format!("{:+.2} % of the accepted {accepted}", percent.unwrap_or_default())
            }
        }
    }

    fn percent(&self) -> Option<f64> {
        let (accepted, counted) = (self.accepted? as f64, self.counted? as f64);
        Some((counted - accepted) / accepted * 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(counts: &[(&str, u64)]) -> Record {
        let counts = counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
        Record { made_by: "a compiler".to_owned(), counts }
    }

    #[test]
    fn what_grew_beyond_the_bound_is_refused_and_what_is_new_or_gone_too() {
        let accepted = record(&[("dearer", 1_000), ("gone", 1), ("cheaper", 1_000), ("same", 1_000)]);
        let counted = record(&[("dearer", 1_051), ("new", 1), ("cheaper", 10), ("same", 1_050)]);
        let growths = accepted.compare(&counted);
        let beyond: Vec<_> = growths
            .iter()
            .filter(|growth| growth.is_beyond(5.0))
            .map(|growth| growth.name.as_str())
            .collect();
        assert_eq!(beyond, ["dearer", "gone", "new"]);
        assert_eq!(growths[1].in_words(), "+5.10 % of the accepted 1000");
    }
}
