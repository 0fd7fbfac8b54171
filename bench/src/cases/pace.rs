//! A fixed rate, whatever happens: how long an event is on its way when there is no crowd.

use anyhow::Result;

use super::{Case, throughput};
use crate::{figure::Findings, load::Load, pace::Pace, run::Run, work};

/// A quiet server.
pub(super) const PACE_200: Case = Case {
    name: "pace-200",
    meaning: "How long an event is on its way, from its POST to its arrival, at 200 events a second.",
    load: Load::ONE.at(Pace::PerSecond(200)),
    measure: |run| Box::pin(measure(run)),
};

/// A server that is used.
pub(super) const PACE_2000: Case = Case {
    name: "pace-2000",
    meaning: "How long an event is on its way, from its POST to its arrival, at 2,000 events a second.",
    load: Load::ONE.at(Pace::PerSecond(2_000)),
    measure: |run| Box::pin(measure(run)),
};

async fn measure(run: &Run<'_>) -> Result<Findings> {
    let (through, _) = work::through(run, run.load).await?;
    let traffic = &through.traffic;
    // Before and after: of a busy machine's syncs the faster one is taken, so that the noise flatters nobody.
    let sync_micros = run.sync.p50_micros.min(run.probe()?.p50_micros);
    let beyond = |micros: u64| (micros as f64 - sync_micros as f64) / 1_000.0;
    let mut findings = Findings::default();
    if traffic.arrived.latency_p50_micros < sync_micros {
        findings.remark(
            "the probe's syncs were slower than whole events: the machine was busy with something else",
        );
    }
    findings.add("delivered", traffic.delivered_per_second(), "deliveries/s");
    traffic.add_latency(&mut findings);
    // A lone event cannot be durable before the disk says so once; what lies beyond is ours.
    findings.add("p50 beyond one sync", beyond(traffic.arrived.latency_p50_micros), "ms");
    findings.add("p99 beyond one sync", beyond(traffic.arrived.latency_p99_micros), "ms");
    findings.add_micros("bare end to end p50", run.bare.arrived.latency_p50_micros);
    findings.add_micros("bare end to end p99", run.bare.arrived.latency_p99_micros);
    findings.add_micros("answer p50", traffic.sent.answer_p50_micros);
    findings.add_micros("answer p99", traffic.sent.answer_p99_micros);
    throughput::add_cost(&through, &mut findings);
    traffic.add_faults(&mut findings);
    Ok(findings)
}
