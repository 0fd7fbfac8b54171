//! How many rows a step of the sweep may still touch.

/// Rows that this step may still touch.
pub(super) struct Budget(pub(super) usize);

impl Budget {
    pub(super) fn is_used_up(&self) -> bool {
        self.0 == 0
    }

    pub(super) fn left(&self) -> usize {
        self.0
    }

    pub(super) fn take(&mut self, rows: usize) {
        self.0 = self.0.saturating_sub(rows);
    }
}
