//! What a run of a case finds out: named figures with their units, and remarks.

use serde::Serialize;

/// One figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Figure {
    pub(super) name: String,
    pub(super) value: f64,
    /// Empty for a ratio.
    pub(super) unit: String,
}

/// Everything that a run found out.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Findings {
    pub(super) figures: Vec<Figure>,
    /// What a reader must know to understand them.
    pub(super) remarks: Vec<String>,
}

impl Findings {
    /// Adds a figure.
    pub(super) fn add(&mut self, name: impl Into<String>, value: f64, unit: &str) {
        self.figures.push(Figure { name: name.into(), value, unit: unit.to_owned() });
    }

    /// Adds a time that was measured in microseconds.
    pub(super) fn add_micros(&mut self, name: impl Into<String>, micros: u64) {
        self.add(name, micros as f64 / 1_000.0, "ms");
    }

    /// Adds a size that was measured in bytes.
    pub(super) fn add_mebibytes(&mut self, name: impl Into<String>, bytes: u64) {
        self.add(name, bytes as f64 / 1_048_576.0, "MiB");
    }

    /// Adds a remark.
    pub(super) fn remark(&mut self, text: impl Into<String>) {
        self.remarks.push(text.into());
    }

    /// Takes over all of `others`.
    pub(super) fn extend(&mut self, others: Self) {
        self.figures.extend(others.figures);
        self.remarks.extend(others.remarks);
    }

    /// The value of the figure of this name.
    pub(super) fn value(&self, name: &str) -> Option<f64> {
        self.figures.iter().find(|figure| figure.name == name).map(|figure| figure.value)
    }
}
