//! A crash at full load, and the return.

use std::time::Duration;

use anyhow::Result;

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
    tally::TallyReport,
    template::EVENT_TYPE,
};

/// SIGKILL amid 512 events in the loop.
pub(super) const CASE: Case = Case {
    name: "crash",
    meaning: "How soon a server that was killed at full load is back, and whether any event that it had acknowledged is lost.",
    load: Load::ONE.at(Pace::InLoop(512)),
    measure: |run| Box::pin(measure(run)),
};

/// Full load before the crash; longer adds nothing but a larger store.
const BEFORE_CRASH_MAX: Duration = Duration::from_secs(3);
/// How often the receiver is asked for the first redelivery, and how often in vain.
const STEP: Duration = Duration::from_millis(20);
const STEPS_MAX: u32 = 1_500;

async fn measure(run: &Run<'_>) -> Result<Findings> {
    let mut ends = Ends::start(run.bench, run.load.subscriptions, Behaviour::Well).await?;
    let mut stage = run.start().await?;
    stage.furnish(run.load, ends.address).await?;
    let sent = crash(run, &mut stage, &mut ends).await?;
    let owed = ends.missing()?;

    let spawned = now_micros();
    ends.receiver.tell::<TallyReport>(Command::Begin).await?;
    stage.server.start_again().await?;
    stage.server.wait_for_readiness(200).await;
    let ready = now_micros() - spawned;
    let first = first_arrival(&mut ends).await?;
    let (arrived, lost) = ends.drain_ledger().await?;

    let mut findings = Findings::default();
    findings.add("acknowledged before the crash", sent.accepted as f64, "events");
    findings.add("owed at the crash", owed as f64, "events");
    findings.add_micros("ready", ready);
    match first {
        Some(micros) => findings.add_micros("first redelivery", micros),
        None => findings.remark("nothing was delivered again after the crash: nothing was owed"),
    }
    findings.add("lost", lost as f64, "events");
    findings.add("twice", arrived.duplicates as f64, "deliveries");
    Ok(findings)
}

/// Loads the server fully and kills it; what it had sent is counted when this returns.
async fn crash(run: &Run<'_>, stage: &mut Stage, ends: &mut Ends) -> Result<GeneratorReport> {
    let target = Stage::target(run.load, 0, EVENT_TYPE);
    let plan = stage::plan(run.load, stage.server.address(), target);
    let plan = Plan { on_break: OnBreak::Stop, ..plan };
    let mut generator = ends.generator(run.bench, plan).await?;
    tokio::time::sleep(run.bench.scale.warm_up + run.bench.scale.measured.min(BEFORE_CRASH_MAX)).await;
    stage.server.kill9().await?;
    let sent = generator.tell(Command::End).await?;
    // What lay in the receiver's sockets is not the new server's.
    let mut before = ends.report().await?.distinct;
    loop {
        tokio::time::sleep(STEP).await;
        let now = ends.report().await?.distinct;
        if now == before {
            return Ok(sent);
        }
        before = now;
    }
}

/// From the start to the first arrival; `None` when none comes.
async fn first_arrival(ends: &mut Ends) -> Result<Option<u64>> {
    for _ in 0..STEPS_MAX {
        let report = ends.report().await?;
        if report.first_micros.is_some() || ends.missing()? == 0 {
            return Ok(report.first_micros);
        }
        tokio::time::sleep(STEP).await;
    }
    Ok(None)
}
