//! Putting the engine together, and taking it apart in the right order.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use postroad_domain::{Clock, TenantId, Timestamp, limits};
use postroad_egress::Egress;
use postroad_store::{
    Fanout, OpenSession, ReleaseLanes, Session, SettingKey, Store, StoreError, WaitingLanes,
};
use rand::rngs::StdRng;
use thiserror::Error;
use tokio::{
    sync::{Notify, Semaphore, mpsc},
    task::JoinHandle,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    accepting::body_room::bodies,
    commit::{CommitClock, CommitLoop, CommitQueues, Committer, Distributor, PublishGate},
    configuration::cache::ConfigCache,
    configuration::keys::KeyRing,
    configuration::profiles::{GivenProfile, Profiles},
    configuration::secret_box::{SecretBox, SecretError},
    configuration::shaping::EarlierShapings,
    history::replays::ReplaySchedule,
    ids::IdSource,
    sending::attempt::Attempts,
    sending::dispatch::Dispatcher,
    sending::lanes::{LaneLimits, LaneSet},
    shares::SharedRoom,
    telemetry::health::Health,
    telemetry::metrics::Metrics,
    telemetry::trace::Spans,
    upkeep::retention::Kept,
};

/// How long a node's session lives without a heartbeat.
const SESSION_LEASE: Duration = Duration::from_secs(15);
/// Lanes read at a time when the node starts.
const LANES_PAGE: usize = 1_000;
/// Unfinished fan-outs read when the node starts; the rest follows at the next start.
const FANOUTS_AT_START_MAX: usize = 100_000;

/// What the engine is made from: the three seams, chance, and the operator's keys.
pub struct Parts {
    /// Durable memory.
    pub store: Arc<dyn Store>,
    /// The way out.
    pub egress: Arc<dyn Egress>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub rng: StdRng,
    /// The keys that secrets are encrypted with.
    pub secrets: SecretBox,
    /// The profiles to serve.
    pub profiles: Vec<GivenProfile>,
    /// This node's name in logs and sessions.
    pub node_name: String,
}

/// Why the engine did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The secret key is not the one that the store's secrets were encrypted with.
    #[error("the secret key does not fit this store: {0}")]
    SecretKey(#[from] SecretError),
    /// The store is shared by several nodes, which this version cannot do yet.
    #[error("this store is shared by several nodes; this version runs on an embedded store only")]
    SharedStore,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A running engine. Operations are in the modules of their topics.
pub struct Engine {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) egress: Arc<dyn Egress>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<IdSource>,
    pub(crate) secrets: Arc<SecretBox>,
    pub(crate) profiles: Arc<Profiles>,
    pub(crate) configs: Arc<ConfigCache>,
    pub(crate) keys: KeyRing,
    /// One permit for each test of a subscription that is under way.
    pub(crate) tests: Semaphore,
    pub(crate) committer: Committer,
    pub(crate) gate: PublishGate,
    /// Of requests that publish.
    pub(crate) bodies: SharedRoom<TenantId>,
    pub(crate) dispatcher: Arc<Dispatcher>,
    pub(crate) health: Arc<Health>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) sweep_wanted: Notify,
    pub(crate) replays: ReplaySchedule,
    pub(crate) kept: Kept,
    session: Session,
    finish: CancellationToken,
    /// Ends after the last commit.
    writing: Mutex<Vec<JoinHandle<()>>>,
    /// Ended when everything is written.
    pub(crate) background: Mutex<Vec<JoinHandle<()>>>,
}

impl Engine {
    /// Starts an engine on a store: checks the key, goes on with what a crash or stop left, then is ready.
    pub async fn start(parts: Parts) -> Result<Arc<Self>, StartError> {
        let Parts { store, egress, clock, rng, secrets, profiles, node_name } = parts;
        let ids = Arc::new(IdSource::new(Arc::clone(&clock), rng));
        check_secret_key(&*store, &secrets, &ids).await?;
        let session = open_session(&*store, node_name, clock.now()).await?;

        let secrets = Arc::new(secrets);
        let profiles = Arc::new(Profiles::open(Arc::clone(&store), profiles, clock.now()).await?);
        let (configs, earlier) = configuration(&store, &profiles, &secrets);
        let (health, metrics) = (Arc::new(Health::default()), Arc::new(Metrics::new()));
        let finish = CancellationToken::new();
        let queues = CommitQueues::new(finish.clone());
        let (committer, fanouts) = (queues.committer.clone(), queues.fanouts.clone());
        let commit_clock = Arc::new(CommitClock::new(Arc::clone(&clock)));
        let dispatcher = Arc::new(Dispatcher {
            store: Arc::clone(&store),
            attempts: attempts(&egress, &clock, &ids, earlier),
            clock: Arc::clone(&clock),
            commit_clock: Arc::clone(&commit_clock),
            ids: Arc::clone(&ids),
            configs: Arc::clone(&configs),
            committer: committer.clone(),
            health: Arc::clone(&health),
            metrics: Arc::clone(&metrics),
            lanes: Mutex::new(LaneSet::new(lane_limits())),
            timer_changed: Notify::new(),
            tasks: TaskTracker::new(),
            abandon: CancellationToken::new(),
        });
        go_on_with_fanouts(&*store, &fanouts).await?;
        wake_waiting_lanes(&*store, &dispatcher).await?;

        let (news, news_in) = mpsc::unbounded_channel();
        let commit_loop = CommitLoop {
            store: Arc::clone(&store),
            clock: Arc::clone(&clock),
            commit_clock,
            session: session.id,
            health: Arc::clone(&health),
            metrics: Arc::clone(&metrics),
            news,
        };
        let distributor =
            Distributor { dispatcher: Arc::clone(&dispatcher), metrics: Arc::clone(&metrics), fanouts };
        let writing = vec![queues.start(commit_loop), tokio::spawn(distributor.run(news_in))];
        let engine = Arc::new(Self {
            keys: KeyRing::new(Arc::clone(&store)),
            store,
            egress,
            clock,
            ids,
            secrets,
            profiles,
            configs,
            tests: Semaphore::new(limits::TESTS_MAX),
            committer,
            gate: PublishGate::new(),
            bodies: bodies(),
            dispatcher,
            health,
            metrics,
            sweep_wanted: Notify::new(),
            replays: ReplaySchedule::default(),
            kept: Kept::default(),
            session,
            finish,
            writing: Mutex::new(writing),
            background: Mutex::new(Vec::new()),
        });
        engine.start_background();
        Ok(engine)
    }

    /// Stops: no new attempt starts; those under way may end within `grace` and are then given back, so that their
    /// deliveries stay queued; every outcome is written.
    pub async fn stop(&self, grace: Duration) {
        self.health.stop();
        self.dispatcher.tasks.close();
        tokio::select! {
            () = self.dispatcher.tasks.wait() => {}
            () = self.clock.sleep(grace) => {
                self.dispatcher.abandon.cancel();
                self.dispatcher.tasks.wait().await;
            }
        }
        self.finish.cancel();
        let writing = std::mem::take(&mut *self.writing.lock());
        for task in writing {
            let _ = task.await;
        }
        for task in std::mem::take(&mut *self.background.lock()) {
            task.abort();
        }
        self.write_key_uses().await;
        let release = ReleaseLanes { session: self.session.id, lanes: Vec::new() };
        if let Err(error) = self.store.release_lanes(release).await {
            tracing::warn!(%error, "the session could not be ended");
        }
    }

    /// Whether this node can take work: the store takes writes and the node is not stopping.
    pub fn is_ready(&self) -> bool {
        self.health.is_writable() && !self.health.is_stopping()
    }

    /// Begins a trace for this share of the events that come without one, from 0 to 1, where somebody listens to
    /// [`TRACE_TARGET`](crate::TRACE_TARGET).
    pub fn sample_traces(&self, ratio: f64) {
        self.spans().sample(ratio);
    }

    pub(crate) fn spans(&self) -> &Spans {
        &self.dispatcher.attempts.spans
    }

    /// The engine's figures.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    fn start_background(self: &Arc<Self>) {
        let tasks = vec![
            tokio::spawn(Arc::clone(&self.dispatcher).keep_time()),
            tokio::spawn(Arc::clone(self).keep_swept()),
            tokio::spawn(Arc::clone(self).keep_figures()),
            tokio::spawn(Arc::clone(self).keep_replays()),
            tokio::spawn(Arc::clone(self).keep_key_uses()),
            tokio::spawn(Arc::clone(self).keep_audit()),
        ];
        *self.background.lock() = tasks;
    }
}

/// What deliveries are shaped from: as it is now, and as it was.
fn configuration(
    store: &Arc<dyn Store>,
    profiles: &Arc<Profiles>,
    secrets: &Arc<SecretBox>,
) -> (Arc<ConfigCache>, EarlierShapings) {
    let parts = || (Arc::clone(store), Arc::clone(profiles), Arc::clone(secrets));
    let (now, earlier) = (parts(), parts());
    (Arc::new(ConfigCache::new(now.0, now.1, now.2)), EarlierShapings::new(earlier.0, earlier.1, earlier.2))
}

fn attempts(
    egress: &Arc<dyn Egress>,
    clock: &Arc<dyn Clock>,
    ids: &Arc<IdSource>,
    earlier: EarlierShapings,
) -> Attempts {
    let (clock, ids) = (Arc::clone(clock), Arc::clone(ids));
    let spans = Spans::new(Arc::clone(&clock), Arc::clone(&ids));
    Attempts { egress: Arc::clone(egress), clock, ids, spans, earlier }
}

fn lane_limits() -> LaneLimits {
    LaneLimits {
        lane_deliveries: limits::LANE_DELIVERIES_MAX,
        lane_bytes: limits::LANE_BYTES_MAX,
        all_bytes: limits::LANES_BYTES_MAX,
        exchanges: limits::EXCHANGES_MAX,
        exchange_bytes: limits::EXCHANGES_BYTES_MAX,
        host_exchanges: limits::EXCHANGES_PER_HOST_MAX,
        refills: limits::REFILLS_MAX,
    }
}

async fn open_session(store: &dyn Store, name: String, at: Timestamp) -> Result<Session, StartError> {
    let session = store.open_session(OpenSession { name, lease: SESSION_LEASE, at }).await?;
    if session.owns_everything { Ok(session) } else { Err(StartError::SharedStore) }
}

async fn check_secret_key(store: &dyn Store, secrets: &SecretBox, ids: &IdSource) -> Result<(), StartError> {
    match store.setting(SettingKey::SecretKeyCheck).await? {
        Some(value) => Ok(secrets.verify(&value)?),
        None => {
            let value = ids.with_rng(|rng| secrets.check_value(rng));
            Ok(store.put_setting(SettingKey::SecretKeyCheck, value).await?)
        }
    }
}

async fn go_on_with_fanouts(
    store: &dyn Store,
    fanouts: &mpsc::UnboundedSender<Fanout>,
) -> Result<(), StoreError> {
    for fanout in store.open_fanouts(FANOUTS_AT_START_MAX).await? {
        let _ = fanouts.send(fanout);
    }
    Ok(())
}

/// Memory learns which lanes have something to do, and nothing else: what waits stays in the store until its turn.
async fn wake_waiting_lanes(store: &dyn Store, dispatcher: &Arc<Dispatcher>) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let page = store.waiting_lanes(WaitingLanes { after, limit: LANES_PAGE }).await?;
        for waiting in &page {
            dispatcher.wake(waiting.lane, waiting.next_due);
        }
        match page.last() {
            Some(last) if page.len() == LANES_PAGE => after = Some(last.lane),
            _ => return Ok(()),
        }
    }
}
