//! One run of one case: the disk, the bare work, the server.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::{Context, Result, ensure};
use postroad_testkit::{ADMIN_KEY, ServerOptions, TestServer};
use serde_json::json;
use tempfile::TempDir;

use super::{
    Options,
    cases::{Case, Pace},
    control::{Command, Worker},
    generator::{self, GeneratorReport, Target},
    measure, receiver,
    report::{Figures, Outcome, ServerFigures},
    tally::TallyReport,
};

const TENANT: &str = "bench";
/// What runs before the measuring begins: connections are made, caches filled.
const WARM_UP: Duration = Duration::from_secs(2);
/// How often the receiver is asked whether all has arrived, and how long without news means that no more will come.
const DRAIN_STEP: Duration = Duration::from_millis(100);
const DRAIN_STEPS_MAX: u32 = 150;

/// Measures `case` once.
pub(super) async fn run(case: &Case, options: &Options) -> Result<Outcome> {
    let disk = measure::disk(&options.folder)?;
    let bare = bare(case, options).await.context("the bare run")?;
    let server = if options.bare_only { None } else { Some(through(case, options).await?) };
    Ok(Outcome { disk, bare, server })
}

/// The work without the server. A batch is a way to hand over events; the receiver gets them one by one in any case.
async fn bare(case: &Case, options: &Options) -> Result<Figures> {
    let mut ends = Ends::start(case, options).await?;
    let pace = if case.batch > 1 { Pace::InLoop(64) } else { case.pace };
    let case = Case { batch: 1, pace, connections: 64, ..*case };
    let mut generator = ends.generator(&case, options, ends.receiver_address, Target::Receiver).await?;
    tokio::time::sleep(WARM_UP).await;
    ends.begin(&mut generator).await?;
    tokio::time::sleep(options.measured).await;
    let sent = ends.end(&mut generator).await?;
    let arrived = ends.drain(sent.accepted * case.subscriptions).await?;
    Ok(Figures::new(&case, sent, arrived))
}

/// The work through the server.
async fn through(case: &Case, options: &Options) -> Result<ServerFigures> {
    let mut ends = Ends::start(case, options).await?;
    let mut server = start_server(case, options, ends.receiver_address).await.context("the server")?;
    let bytes_before = measure::folder_bytes(&server.data_dir())?;
    let target = Target::Server { tenant: TENANT.to_owned(), key: ADMIN_KEY.to_owned() };
    let mut generator = ends.generator(case, options, server.address(), target).await?;
    tokio::time::sleep(WARM_UP).await;
    ends.begin(&mut generator).await?;
    let cpu_before = server.usage().cpu;
    tokio::time::sleep(options.measured).await;
    let cpu = server.usage().cpu - cpu_before;
    let sent = ends.end(&mut generator).await?;
    let arrived = ends.drain(sent.accepted * case.subscriptions).await?;
    let rss_bytes_peak = server.usage().rss_bytes_peak;
    // An orderly end folds the write-ahead log into the database, so that the folder has its lasting size.
    server.terminate().await?;
    let bytes = measure::folder_bytes(&server.data_dir())?.saturating_sub(bytes_before);
    Ok(ServerFigures {
        figures: Figures::new(case, sent, arrived),
        rss_bytes_peak,
        cpu_seconds: cpu.as_secs_f64(),
        cpu_micros_per_delivery: cpu.as_secs_f64() * 1e6 / arrived.arrived.max(1) as f64,
        bytes_per_event: bytes as f64 / sent.accepted.max(1) as f64,
    })
}

async fn start_server(case: &Case, options: &Options, receiver: SocketAddr) -> Result<TestServer> {
    let server = TestServer::start_with(ServerOptions {
        binary: Some(options.tools.postroad.clone()),
        folder: Some(options.folder.clone()),
        ..ServerOptions::default()
    })
    .await?;
    let tenant = server.put_json(&format!("/v1/tenants/{TENANT}"), &json!({"profile": "standard"})).await?;
    ensure!(tenant.status < 300, "the tenant was refused with {}: {}", tenant.status, tenant.text());
    for number in 0..case.subscriptions {
        let delivery = json!({"type": "push", "url": format!("http://{receiver}/{number}")});
        let body = json!({"delivery": delivery, "concurrency": case.concurrency});
        let answer = server.post_json(&format!("/v1/tenants/{TENANT}/subscriptions"), &body).await?;
        ensure!(answer.status == 201, "a subscription was refused with {}: {}", answer.status, answer.text());
    }
    Ok(server)
}

/// The receiver, and what it and the generator share.
struct Ends {
    receiver: Worker,
    receiver_address: SocketAddr,
    feed: PathBuf,
    /// Holds the feed's socket.
    _folder: TempDir,
}

impl Ends {
    async fn start(case: &Case, options: &Options) -> Result<Self> {
        // Not below the measured folder: the path of a Unix socket must be short.
        let folder = TempDir::new().context("a folder for the feed")?;
        let feed = folder.path().join("feed");
        let plan = receiver::Plan { subscriptions: case.subscriptions, feed: feed.clone() };
        let mut receiver = Worker::start(&options.tools.xtask, "bench-receiver", &plan).await?;
        let receiver_address = receiver.read().await?;
        Ok(Self { receiver, receiver_address, feed, _folder: folder })
    }

    async fn generator(
        &self,
        case: &Case,
        options: &Options,
        address: SocketAddr,
        target: Target,
    ) -> Result<Worker> {
        let plan = generator::Plan {
            address,
            target,
            pace: case.pace,
            batch: case.batch,
            connections: case.connections,
            subscriptions: case.subscriptions,
            feed: self.feed.clone(),
        };
        Worker::start(&options.tools.xtask, "bench-generator", &plan).await
    }

    async fn begin(&mut self, generator: &mut Worker) -> Result<()> {
        self.receiver.tell::<TallyReport>(Command::Begin).await?;
        generator.tell::<GeneratorReport>(Command::Begin).await?;
        Ok(())
    }

    async fn end(&mut self, generator: &mut Worker) -> Result<GeneratorReport> {
        self.receiver.tell::<TallyReport>(Command::End).await?;
        generator.tell(Command::End).await
    }

    /// Waits until `expected` arrivals are counted, or nothing has come for a while: then the rest is lost.
    async fn drain(&mut self, expected: u64) -> Result<TallyReport> {
        let mut report: TallyReport = self.receiver.tell(Command::Report).await?;
        let mut silent_steps = 0;
        while report.distinct < expected && silent_steps < DRAIN_STEPS_MAX {
            tokio::time::sleep(DRAIN_STEP).await;
            let before = report.distinct;
            report = self.receiver.tell(Command::Report).await?;
            silent_steps = if report.distinct == before { silent_steps + 1 } else { 0 };
        }
        Ok(report)
    }
}
