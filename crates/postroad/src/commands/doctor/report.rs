//! What was found, as lines for people or as JSON for programs.

use std::{fmt, io};

use serde::Serialize;

use crate::output;

/// How it stands with one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    /// Nothing is to be done.
    Ok,
    /// It works, and may not for long.
    Warn,
    /// It does not work.
    Fail,
}

/// One thing that was checked.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Check {
    check: &'static str,
    verdict: Verdict,
    finding: String,
    remedy: Option<String>,
}

impl Check {
    pub(super) fn ok(check: &'static str, finding: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Ok, finding: finding.into(), remedy: None }
    }

    pub(super) fn warn(check: &'static str, finding: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Warn, finding: finding.into(), remedy: Some(remedy.into()) }
    }

    pub(super) fn fail(check: &'static str, finding: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Fail, finding: finding.into(), remedy: Some(remedy.into()) }
    }
}

/// `warn  disk         1.0 GiB free. To do: make room`
impl fmt::Display for Check {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Ok => "ok",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
        };
        // What other programs say may have several lines; a check has one.
        let finding = self.finding.replace('\n', " ");
        write!(out, "{verdict:<4}  {:<11}  {finding}", self.check)?;
        match &self.remedy {
            Some(remedy) => write!(out, ". To do: {remedy}"),
            None => Ok(()),
        }
    }
}

/// Everything that was checked, in its order.
#[derive(Debug, Default)]
pub(super) struct Report {
    checks: Vec<Check>,
}

#[derive(Serialize)]
struct Document<'a> {
    healthy: bool,
    checks: &'a [Check],
}

impl Report {
    pub(super) fn add(&mut self, check: Check) {
        self.checks.push(check);
    }

    pub(super) fn extend(&mut self, checks: impl IntoIterator<Item = Check>) {
        self.checks.extend(checks);
    }

    /// How many things do not work.
    pub(super) fn failed(&self) -> usize {
        self.checks.iter().filter(|check| check.verdict == Verdict::Fail).count()
    }

    pub(super) fn print(&self, as_json: bool) -> io::Result<()> {
        if as_json {
            let document = Document { healthy: self.failed() == 0, checks: &self.checks };
            return output::line(serde_json::to_string_pretty(&document)?);
        }
        self.checks.iter().try_for_each(output::line)
    }
}
