//! The named place of the case that measures how much is accepted while retention deletes.
//!
//! It lacks its measuring until `serve` has a retention: its target stands in the table already.

use anyhow::Result;

use super::{Case, Run};
use crate::bench::{figure::Findings, load::Load, pace::Pace};

/// Accepting while old events are deleted.
pub(super) const CASE: Case = Case {
    name: "retention",
    meaning: "How much is accepted while retention deletes, to how much is accepted otherwise.",
    load: Load::ONE.at(Pace::InLoop(512)),
    measure: |run| Box::pin(measure(run)),
};

#[expect(clippy::unused_async, reason = "it will wait for a server as the other cases do")]
async fn measure(_: &Run<'_>) -> Result<Findings> {
    let mut findings = Findings::default();
    findings.remark("not measured: this server has no retention yet");
    Ok(findings)
}
