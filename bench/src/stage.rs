//! Where a run takes place: the server on its disk, the receiver, and generators between them.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use postroad_testkit::{ADMIN_KEY, ServerOptions, TestServer};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    behaviour::Behaviour,
    control::{Command, Worker},
    disk::{Disk, SyncCount},
    generator::{GeneratorReport, OnBreak, Plan, Target},
    ledger,
    load::Load,
    receiver,
    setup::Bench,
    tally::{self, TallyReport},
    template::tenant_id,
};

/// How often the receiver is asked whether all has arrived, and how long without news means that no more will come.
const DRAIN_STEP: Duration = Duration::from_millis(50);
const DRAIN_STEPS_MAX: u32 = 1_200;

/// The server and the count of its syncs, which only the slow disk has.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) server: TestServer,
    disk: Disk,
    syncs: SyncCount,
}

impl Stage {
    /// Starts `binary` on this disk; on the data in `data_dir`, or on an empty folder of its own.
    pub(super) async fn start(
        bench: &Bench,
        binary: &Path,
        disk: Disk,
        data_dir: Option<PathBuf>,
    ) -> Result<Self> {
        Self::start_with(bench, binary, disk, data_dir, Vec::new()).await
    }

    /// The same, with further arguments of `serve`.
    pub(super) async fn start_with(
        bench: &Bench,
        binary: &Path,
        disk: Disk,
        data_dir: Option<PathBuf>,
        arguments: Vec<String>,
    ) -> Result<Self> {
        let syncs = SyncCount::new(&bench.folder)?;
        let server = TestServer::start_with(ServerOptions {
            binary: Some(binary.to_owned()),
            arguments,
            folder: Some(bench.folder.clone()),
            environment: disk.environment(&bench.folder, &syncs)?,
            data_dir,
            ..ServerOptions::default()
        })
        .await
        .context("the server")?;
        Ok(Self { server, disk, syncs })
    }

    /// Syncs so far; `None` on a disk where they are not counted.
    pub(super) fn syncs(&self) -> Result<Option<u64>> {
        if self.disk == Disk::Slow { self.syncs.read().map(Some) } else { Ok(None) }
    }

    /// Creates a tenant.
    pub(super) async fn tenant(&self, number: u64) -> Result<()> {
        self.tenant_of(number, "standard").await
    }

    /// Creates a tenant of this profile.
    pub(super) async fn tenant_of(&self, number: u64, profile: &str) -> Result<()> {
        let path = format!("/v1/tenants/{}", tenant_id(number));
        let answer = self.server.put_json(&path, &json!({"profile": profile})).await?;
        ensure!(answer.status < 300, "a tenant was refused with {}: {}", answer.status, answer.text());
        Ok(())
    }

    /// Subscribes a URL of this tenant's; `settings` are further members of the subscription.
    pub(super) async fn subscribe(&self, tenant: u64, url: &str, settings: &Value) -> Result<Value> {
        let mut body = settings.clone();
        body["delivery"] = json!({"type": "push", "url": url});
        let path = format!("/v1/tenants/{}/subscriptions", tenant_id(tenant));
        let answer = self.server.post_json(&path, &body).await?;
        ensure!(answer.status == 201, "a subscription was refused with {}: {}", answer.status, answer.text());
        Ok(answer.json())
    }

    /// Creates the tenants and subscriptions that a shape of work asks for; they all deliver to `receiver`.
    pub(super) async fn furnish(&self, load: &Load, receiver: SocketAddr) -> Result<()> {
        for tenant in 0..load.tenants {
            self.tenant(tenant).await?;
            for number in 0..load.subscriptions {
                let url = format!("http://{receiver}/{number}");
                self.subscribe(tenant, &url, &json!({"concurrency": load.concurrency})).await?;
            }
        }
        Ok(())
    }

    /// The tenants of a shape of work as a generator's target, from this number on.
    pub(super) fn target(load: &Load, first_tenant: u64, event_type: &str) -> Target {
        let (tenants, key, event_type) = (load.tenants, ADMIN_KEY.to_owned(), event_type.to_owned());
        Target::Server { first_tenant, tenants, key, event_type }
    }
}

/// A generator that nobody hears of: it has no feed, and a connection that breaks makes the run void.
pub(super) fn plan(load: &Load, address: SocketAddr, target: Target) -> Plan {
    Plan {
        address,
        target,
        pace: load.pace,
        first_number: 0,
        batch: load.batch,
        data_bytes: load.data_bytes,
        connections: load.connections,
        subscriptions: load.subscriptions,
        feed: None,
        on_break: OnBreak::Fail,
        ledger: None,
    }
}

/// Starts a generator.
pub(super) async fn generator(bench: &Bench, plan: &Plan) -> Result<Worker> {
    Worker::start(&bench.tools.bench, "generator", plan).await
}

/// The receiver, and what it and the generator share.
pub(super) struct Ends {
    pub(super) receiver: Worker,
    pub(super) address: SocketAddr,
    subscriptions: u64,
    /// Holds the feed's socket and the ledgers.
    folder: TempDir,
}

impl Ends {
    /// Starts a receiver of this behaviour for this many subscriptions.
    pub(super) async fn start(bench: &Bench, subscriptions: u64, behaviour: Behaviour) -> Result<Self> {
        // Not below the measured folder: the path of a Unix socket must be short.
        let folder = TempDir::new().context("a folder for the feed")?;
        let feed = folder.path().join("feed");
        // The numbers of events name the places in the ledger only where each arrives once.
        let ledger = (subscriptions == 1).then(|| folder.path().join("arrived"));
        let plan = receiver::Plan { subscriptions, feed, behaviour, ledger };
        let mut receiver = Worker::start(&bench.tools.bench, "receiver", &plan).await?;
        let address = receiver.read().await?;
        Ok(Self { receiver, address, subscriptions, folder })
    }

    /// Starts the generator whose events this receiver gets.
    pub(super) async fn generator(&self, bench: &Bench, plan: Plan) -> Result<Worker> {
        let feed = Some(self.folder.path().join("feed"));
        let ledger = (self.subscriptions == 1).then(|| self.folder.path().join("accepted"));
        generator(bench, &Plan { feed, ledger, ..plan }).await
    }

    /// The measured time begins.
    pub(super) async fn begin(&mut self, generator: &mut Worker) -> Result<()> {
        self.receiver.tell::<TallyReport>(Command::Begin).await?;
        generator.tell::<GeneratorReport>(Command::Begin).await?;
        Ok(())
    }

    /// The measured time ends.
    pub(super) async fn end(&mut self, generator: &mut Worker) -> Result<GeneratorReport> {
        self.receiver.tell::<TallyReport>(Command::End).await?;
        generator.tell(Command::End).await
    }

    /// What has arrived.
    pub(super) async fn report(&mut self) -> Result<TallyReport> {
        self.receiver.tell(Command::Report).await
    }

    /// Waits until `expected` arrivals are counted, or nothing has come for a while: then the rest is lost.
    pub(super) async fn drain(&mut self, expected: u64) -> Result<TallyReport> {
        self.wait(|_, report| Ok(report.distinct >= expected)).await
    }

    /// Waits until everything that was accepted has arrived, compared number by number, or nothing has come for a
    /// while. Answers how many have not.
    pub(super) async fn drain_ledger(&mut self) -> Result<(TallyReport, u64)> {
        let report = self.wait(|ends, _| Ok(ends.missing()? == 0)).await?;
        Ok((report, self.missing()?))
    }

    /// Accepted events that have not arrived, as the last reports of both ends say.
    pub(super) fn missing(&self) -> Result<u64> {
        let accepted = ledger::read(&self.folder.path().join("accepted"))?;
        let arrived = ledger::read(&self.folder.path().join("arrived"))?;
        Ok(tally::missing(&accepted, &arrived))
    }

    async fn wait(&mut self, is_done: impl Fn(&Self, &TallyReport) -> Result<bool>) -> Result<TallyReport> {
        let mut report = self.report().await?;
        let mut silent_steps = 0;
        while !is_done(self, &report)? && silent_steps < DRAIN_STEPS_MAX {
            tokio::time::sleep(DRAIN_STEP).await;
            let before = report.distinct;
            report = self.report().await?;
            silent_steps = if report.distinct == before { silent_steps + 1 } else { 0 };
        }
        Ok(report)
    }
}
