//! How much goes through, beside what the machine gives; shared by the cases that differ only in the shape of the work.

use anyhow::Result;

use crate::{
    figure::Findings,
    run::Run,
    work::{self, Through},
};

/// Measures the work of the run.
pub(super) async fn measure(run: &Run<'_>) -> Result<Findings> {
    let (through, _) = work::through(run, run.load).await?;
    Ok(findings(run, &through))
}

/// The figures of a run as fast as it goes.
pub(super) fn findings(run: &Run<'_>, through: &Through) -> Findings {
    let traffic = &through.traffic;
    let delivered = traffic.delivered_per_second();
    let mut findings = Findings::default();
    findings.add("accepted", traffic.accepted_per_second(), "events/s");
    findings.add("delivered", delivered, "deliveries/s");
    findings.add("of B", delivered / run.bare.delivered_per_second().max(1.0), "");
    traffic.add_latency(&mut findings);
    findings.add_micros("answer p50", traffic.sent.answer_p50_micros);
    findings.add_micros("answer p99", traffic.sent.answer_p99_micros);
    add_cost(through, &mut findings);
    traffic.add_faults(&mut findings);
    findings
}

/// What the server used up.
pub(super) fn add_cost(through: &Through, findings: &mut Findings) {
    let deliveries = through.traffic.arrived.arrived.max(1) as f64;
    findings.add("processor per delivery", through.cpu.as_secs_f64() * 1e6 / deliveries, "µs");
    findings.add_mebibytes("highest memory", through.rss_bytes_peak);
    if let Some(syncs) = through.syncs {
        let events = through.traffic.sent.accepted_in_window.max(1) as f64;
        findings.add("syncs", syncs as f64, "");
        findings.add("syncs per event", syncs as f64 / events, "");
    }
}
