//! Far more than the server can take, from many tenants.
//!
//! Events come in batches: what a caller on a connection of its own waits for is never sent twice, so single events over
//! a few hundred connections would only be a longer loop. The batches under way together exceed what the server holds
//! for those who wait (128 MiB), so it has to refuse.

use anyhow::{Context, Result};

use super::Case;
use crate::{
    behaviour::Behaviour,
    control::Command,
    figure::Findings,
    generator::{GeneratorReport, OnBreak, Plan},
    load::Load,
    mark::now_micros,
    pace::Pace,
    run::Run,
    stage::{self, Ends, Stage},
    statistics::{Spread, per_second},
    tally::TallyReport,
    template::EVENT_TYPE,
    work,
};

/// Four times what can be sustained.
pub(super) const CASE: Case = Case {
    name: "overload",
    meaning: "What 20 tenants get who together send four times what the server can sustain, and how it recovers.",
    load: Load { tenants: 20, batch: 500, connections: 8, ..Load::ONE.at(Pace::InLoop(8_000)) },
    measure: |run| Box::pin(measure(run)),
};

/// How many times the rate that can be sustained.
const TIMES: f64 = 4.0;
/// With a batch of half a mebibyte on each: 160 MiB.
const CONNECTIONS: usize = 320;

async fn measure(run: &Run<'_>) -> Result<Findings> {
    let (sustained, _) = work::through(run, run.load).await?;
    let sustained = sustained.traffic.accepted_per_second();
    let pace = Pace::PerSecond((sustained * TIMES).max(1.0) as u32);
    let load = Load { connections: CONNECTIONS, ..run.load.at(pace) };
    let mut findings = Findings::default();
    findings.add("sustained", sustained, "events/s");
    findings.add("asked for", sustained * TIMES, "events/s");
    findings.extend(overload(run, &load).await?);
    Ok(findings)
}

async fn overload(run: &Run<'_>, load: &Load) -> Result<Findings> {
    let mut ends = Ends::start(run.bench, load.subscriptions, Behaviour::Well).await?;
    let stage = run.start().await?;
    stage.furnish(load, ends.address).await?;
    let plan = stage::plan(load, stage.server.address(), Stage::target(load, 0, EVENT_TYPE));
    let mut generator = ends.generator(run.bench, Plan { on_break: OnBreak::Reconnect, ..plan }).await?;
    ends.begin(&mut generator).await?;
    tokio::time::sleep(run.bench.scale.overload).await;
    let ended = now_micros();
    let at_the_end: TallyReport = ends.receiver.tell(Command::End).await?;
    let sent: GeneratorReport = generator.tell(Command::End).await.context("the generator")?;
    let (arrived, lost) = ends.drain_ledger().await?;
    let drain_micros = now_micros() - ended;
    let rss_bytes_peak = stage.server.usage().rss_bytes_peak;

    let mut findings = Findings::default();
    let answers: u64 = sent.statuses.values().sum();
    // Less than what was asked for when the answers came too late to keep to the plan.
    findings.add("answered", per_second(answers, sent.window_micros), "events/s");
    findings.add("accepted", per_second(sent.accepted_in_window, sent.window_micros), "events/s");
    for (status, count) in &sent.statuses {
        let name = if *status == 0 {
            "events on broken connections".to_owned()
        } else {
            format!("events answered {status}")
        };
        findings.add(name, *count as f64, "events");
    }
    add_shares(&sent, &mut findings);
    findings.add("under way in the end", sent.accepted.saturating_sub(at_the_end.distinct) as f64, "events");
    findings.add("drained after", drain_micros as f64 / 1e6, "s");
    findings.add_mebibytes("highest memory", rss_bytes_peak);
    findings.add_micros("answer p50", sent.answer_p50_micros);
    findings.add_micros("answer p99", sent.answer_p99_micros);
    findings.add("refused", sent.refused as f64, "events");
    findings.add("lost", lost as f64, "events");
    findings.add("twice", arrived.duplicates as f64, "deliveries");
    Ok(findings)
}

/// What each tenant got of what was accepted; with 20 of them a fair share is 5 %.
fn add_shares(sent: &GeneratorReport, findings: &mut Findings) {
    let all = sent.accepted_in_window.max(1) as f64;
    let shares: Vec<_> = sent.accepted_by_tenant.iter().map(|count| *count as f64 * 100.0 / all).collect();
    let spread = Spread::of(&shares);
    findings.add("smallest share of a tenant", spread.lowest, "%");
    findings.add("median share of a tenant", spread.median, "%");
    findings.add("largest share of a tenant", spread.highest, "%");
}
