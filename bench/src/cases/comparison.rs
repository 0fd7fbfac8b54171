//! The way of an event alone and beside something; shared by the cases that put something beside it.

use crate::{figure::Findings, traffic::Traffic};

/// The way of an event alone and beside something, and what of it was lost.
pub(super) fn add(alone: &Traffic, beside: &Traffic, findings: &mut Findings) {
    let (before, now) = (&alone.arrived, &beside.arrived);
    findings.add_micros("alone p50", before.latency_p50_micros);
    findings.add_micros("alone p99", before.latency_p99_micros);
    findings.add_micros("beside p50", now.latency_p50_micros);
    findings.add_micros("beside p99", now.latency_p99_micros);
    findings.add_micros("beside highest", now.latency_max_micros);
    let ratio = |now: u64, before: u64| now as f64 / before.max(1) as f64;
    findings.add("p50 to alone", ratio(now.latency_p50_micros, before.latency_p50_micros), "");
    findings.add("p99 to alone", ratio(now.latency_p99_micros, before.latency_p99_micros), "");
    beside.add_faults(findings);
}
