//! What became of each object, as lines for people or as JSON for programs.

use std::{fmt, io};

use serde::Serialize;

use crate::output;

/// What became of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    /// It is new here.
    Created,
    /// It was here and is different now.
    Changed,
    /// It was here, and equal.
    Unchanged,
    /// It could not be carried over.
    Refused,
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Created, Self::Changed, Self::Unchanged, Self::Refused];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Refused => "refused",
        }
    }
}

/// One object.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Entry {
    /// `tenant`, `event type` or `subscription`.
    pub(super) kind: &'static str,
    /// Whose it is, or which tenant it is.
    pub(super) tenant: String,
    /// Its id or name here; for a subscription that is not here, none.
    pub(super) id: Option<String>,
    /// Its id or name there.
    pub(super) source: String,
    pub(super) outcome: Outcome,
    /// Why it was refused, or what of it could not be carried over.
    pub(super) remarks: Vec<String>,
}

impl fmt::Display for Entry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:<9}  {}", self.outcome.as_str(), self.kind)?;
        match (self.kind, &self.id) {
            ("tenant", _) => write!(out, " {}", self.tenant)?,
            (_, Some(id)) => write!(out, " {id} of {}", self.tenant)?,
            (_, None) => write!(out, " of {}", self.tenant)?,
        }
        if self.id.as_ref() != Some(&self.source) {
            write!(out, " ({})", self.source)?;
        }
        self.remarks.iter().try_for_each(|remark| write!(out, "\n           - {}", remark.replace('\n', " ")))
    }
}

/// All objects, told as they come or together at the end.
pub(super) struct Report {
    is_dry_run: bool,
    as_json: bool,
    entries: Vec<Entry>,
}

#[derive(Serialize)]
struct Document<'a> {
    dry_run: bool,
    objects: &'a [Entry],
}

impl Report {
    pub(super) fn new(is_dry_run: bool, as_json: bool) -> Self {
        Self { is_dry_run, as_json, entries: Vec::new() }
    }

    /// Tells of one object. Nobody may be reading: the work goes on, and the end says so.
    pub(super) fn add(&mut self, entry: Entry) {
        let is_worth_a_line = entry.outcome != Outcome::Unchanged || !entry.remarks.is_empty();
        if !self.as_json && is_worth_a_line {
            let _ = output::line(&entry);
        }
        self.entries.push(entry);
    }

    /// How many objects could not be carried over.
    pub(super) fn refused(&self) -> usize {
        self.count(Outcome::Refused)
    }

    /// Tells the sum.
    pub(super) fn end(&self) -> io::Result<()> {
        if self.as_json {
            let document = Document { dry_run: self.is_dry_run, objects: &self.entries };
            return output::line(serde_json::to_string_pretty(&document)?);
        }
        let sums: Vec<_> = Outcome::ALL
            .iter()
            .map(|outcome| format!("{} {}", self.count(*outcome), outcome.as_str()))
            .collect();
        let nothing = if self.is_dry_run { "; nothing was changed, this is what would be done" } else { "" };
        let objects = output::counted(self.entries.len() as u64, "object", "objects");
        output::line(format_args!("{objects}: {}{nothing}", sums.join(", ")))
    }

    fn count(&self, outcome: Outcome) -> usize {
        self.entries.iter().filter(|entry| entry.outcome == outcome).count()
    }
}
