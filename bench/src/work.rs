//! Work of one shape, measured: without the server, through it, and a store filled by it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::{
    behaviour::Behaviour,
    control::Command,
    generator::{GeneratorReport, Target},
    load::Load,
    mark::now_micros,
    measure,
    pace::Pace,
    run::Run,
    setup::Bench,
    stage::{self, Ends, Stage},
    template::EVENT_TYPE,
    traffic::Traffic,
};

/// The work without the server.
pub(super) async fn bare(bench: &Bench, load: &Load) -> Result<Traffic> {
    let load = load.bare();
    let mut ends = Ends::start(bench, load.subscriptions, Behaviour::Well).await?;
    let plan = stage::plan(&load, ends.address, Target::Receiver);
    let mut generator = ends.generator(bench, plan).await?;
    tokio::time::sleep(bench.scale.warm_up).await;
    ends.begin(&mut generator).await?;
    tokio::time::sleep(bench.scale.measured).await;
    let sent = ends.end(&mut generator).await?;
    let arrived = ends.drain(sent.accepted * load.subscriptions).await?;
    Ok(Traffic::new(&load, sent, arrived))
}

/// What a run through the server tells.
pub(super) struct Through {
    pub(super) traffic: Traffic,
    /// Processor time of the server in the measured time.
    pub(super) cpu: Duration,
    /// What it wrote to the disk in that time.
    pub(super) written_bytes: u64,
    /// Its syncs in that time, where they are counted.
    pub(super) syncs: Option<u64>,
    /// Resident memory before the first event, and the highest.
    pub(super) rss_bytes_idle: u64,
    pub(super) rss_bytes_peak: u64,
}

/// The work through a server on an empty folder. Answers the bytes that its data has grown by in the end, too.
pub(super) async fn through(run: &Run<'_>, load: &Load) -> Result<(Through, u64)> {
    let mut ends = Ends::start(run.bench, load.subscriptions, Behaviour::Well).await?;
    let mut stage = run.start().await?;
    stage.furnish(load, ends.address).await?;
    let bytes_before = measure::folder_bytes(&stage.server.data_dir())?;
    let (through, ()) = beside(run, load, &stage, &mut ends, async |measured| {
        tokio::time::sleep(measured).await;
        Ok(())
    })
    .await?;
    // An orderly end folds the write-ahead log into the database, so that the folder has its lasting size.
    stage.server.terminate().await?;
    let bytes = measure::folder_bytes(&stage.server.data_dir())?.saturating_sub(bytes_before);
    Ok((through, bytes))
}

/// The work through a server that is furnished, beside something else, which is told how long the measured time is
/// meant to be and says when it ends.
pub(super) async fn beside<T>(
    run: &Run<'_>,
    load: &Load,
    stage: &Stage,
    ends: &mut Ends,
    other: impl AsyncFnOnce(Duration) -> Result<T>,
) -> Result<(Through, T)> {
    let rss_bytes_idle = stage.server.usage().rss_bytes;
    let plan = stage::plan(load, stage.server.address(), Stage::target(load, 0, EVENT_TYPE));
    let mut generator = ends.generator(run.bench, plan).await?;
    tokio::time::sleep(run.bench.scale.warm_up).await;
    let (written, syncs) = (measure::written_bytes(stage.server.pid())?, stage.syncs()?);
    ends.begin(&mut generator).await?;
    let cpu = stage.server.usage().cpu;
    let other = other(run.bench.scale.measured).await?;
    let cpu = stage.server.usage().cpu.saturating_sub(cpu);
    let sent = ends.end(&mut generator).await?;
    let written_bytes = measure::written_bytes(stage.server.pid())?.saturating_sub(written);
    let syncs = stage.syncs()?.zip(syncs).map(|(after, before)| after - before);
    let arrived = ends.drain(sent.accepted * load.subscriptions).await?;
    let rss_bytes_peak = stage.server.usage().rss_bytes_peak;
    let traffic = Traffic::new(load, sent, arrived);
    Ok((Through { traffic, cpu, written_bytes, syncs, rss_bytes_idle, rss_bytes_peak }, other))
}

/// Events that are only to be there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filling<'a> {
    pub(super) tenant: u64,
    pub(super) event_type: &'a str,
    /// At least so many.
    pub(super) events: u64,
    pub(super) data_bytes: usize,
    /// The number of the first.
    pub(super) first_number: u64,
}

/// Bodies of a batch stay below what the server takes.
const BATCH_EVENTS_MAX: u64 = 1_000;
/// Connections that fill: enough that the server always has a batch to commit.
const FILLERS: usize = 4;

/// Fills through the API's batches, as fast as it goes. Answers how long it took.
pub(super) async fn fill(bench: &Bench, stage: &Stage, filling: Filling<'_>) -> Result<Duration> {
    let began = now_micros();
    let mut accepted = 0;
    while accepted < filling.events {
        let events = filling.events - accepted;
        let batch = events.min(BATCH_EVENTS_MAX);
        let load = Load { batch, data_bytes: filling.data_bytes, connections: FILLERS, ..Load::ONE };
        let load = load.at(Pace::Fill(events));
        let target = Stage::target(&load, filling.tenant, filling.event_type);
        let mut plan = stage::plan(&load, stage.server.address(), target);
        plan.first_number = filling.first_number + accepted;
        let mut generator = stage::generator(bench, &plan).await?;
        let report: GeneratorReport = generator.tell(Command::Finish).await.context("filling the store")?;
        ensure!(report.accepted > 0, "the server takes no events: {:?}", report.statuses);
        accepted += report.accepted;
    }
    Ok(Duration::from_micros(now_micros() - began))
}
