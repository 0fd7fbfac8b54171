//! The machine that measures, and what else it does.

use std::{fmt, fs};

use anyhow::{Context, Result};
use serde::Serialize;

/// The machine at one moment.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Machine {
    pub(super) processor: String,
    pub(super) processors: usize,
    /// Processes that wanted to run, on average over the last minute.
    pub(super) load: f64,
}

/// Above this load for each processor before the first run, somebody else is measured too.
const QUIET_LOAD_MAX: f64 = 0.25;

impl Machine {
    /// Looks at this machine now.
    pub(super) fn look() -> Result<Self> {
        let load = fs::read_to_string("/proc/loadavg").context("/proc/loadavg")?;
        let processors = fs::read_to_string("/proc/cpuinfo").context("/proc/cpuinfo")?;
        Ok(Self {
            processor: model(&processors).unwrap_or("unknown").to_owned(),
            processors: std::thread::available_parallelism().context("the number of processors")?.get(),
            load: first_number(&load).context("/proc/loadavg begins with a number")?,
        })
    }

    /// Whether others use it.
    pub(super) fn is_busy(&self) -> bool {
        self.load > QUIET_LOAD_MAX * self.processors as f64
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} × {}, load {:.2}", self.processors, self.processor, self.load)
    }
}

fn model(text: &str) -> Option<&str> {
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, model)| model.trim())
}

fn first_number(text: &str) -> Option<f64> {
    text.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_files_are_read() {
        assert_eq!(model("processor\t: 0\nmodel name\t: AMD EPYC\n"), Some("AMD EPYC"));
        assert_eq!(first_number("4.44 3.10 3.49 2/300 1\n"), Some(4.44));
        let machine = Machine { processor: "x".to_owned(), processors: 2, load: 4.44 };
        assert!(machine.is_busy() && !Machine { load: 0.4, ..machine.clone() }.is_busy());
        assert_eq!(machine.to_string(), "2 × x, load 4.44");
        Machine::look().unwrap();
    }
}
