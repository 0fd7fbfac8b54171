//! The cases: how much is sent, in which portions, to how many.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

/// One case of the benchmark.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Case {
    /// What the command line calls it; variants of one case share their name.
    pub(super) name: &'static str,
    /// Subscriptions that want every event.
    pub(super) subscriptions: u64,
    /// Exchanges that the server may have under way for each of them.
    pub(super) concurrency: u32,
    /// Events of one POST.
    pub(super) batch: u64,
    /// Connections of the generator.
    pub(super) connections: usize,
    pub(super) pace: Pace,
}

/// When the next event is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Pace {
    /// When fewer than so many events are on their way.
    InLoop(u32),
    /// So many times a second, whatever happens.
    PerSecond(u32),
}

/// Bytes of each event's data.
pub(super) const DATA_BYTES: usize = 1_024;

const ONE: Case = Case {
    name: "one",
    subscriptions: 1,
    concurrency: 64,
    batch: 1,
    connections: 64,
    pace: Pace::InLoop(64),
};

const CASES: [Case; 6] = [
    ONE,
    Case { pace: Pace::InLoop(512), ..ONE },
    Case { name: "ten", subscriptions: 10, pace: Pace::InLoop(64), ..ONE },
    Case { name: "batch", batch: 100, connections: 8, pace: Pace::InLoop(1_600), ..ONE },
    Case { name: "rate200", pace: Pace::PerSecond(200), ..ONE },
    Case { name: "rate2000", pace: Pace::PerSecond(2_000), ..ONE },
];

/// The cases of these names, all of them for none.
pub(super) fn select(names: &[String]) -> Result<Vec<Case>> {
    for name in names {
        let known = CASES.iter().any(|case| case.name == name);
        ensure!(known, "there is no case `{name}`: name any of one, ten, batch, rate200, rate2000");
    }
    let wanted = |case: &Case| names.is_empty() || names.iter().any(|name| case.name == name);
    Ok(CASES.into_iter().filter(wanted).collect())
}

impl Case {
    /// How the table calls it.
    pub(super) fn title(&self) -> String {
        match self.pace {
            Pace::InLoop(events) => format!("{}, {events} in the loop", self.name),
            Pace::PerSecond(_) => self.name.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_selects_all_variants_and_an_unknown_one_is_refused() {
        assert_eq!(select(&[]).unwrap().len(), CASES.len());
        assert_eq!(select(&["one".to_owned()]).unwrap().len(), 2);
        assert!(select(&["two".to_owned()]).unwrap_err().to_string().contains("rate2000"));
    }
}
