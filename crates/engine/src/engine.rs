//! Putting the engine together, starting it, and taking it apart in the right order.

use std::{pin::pin, sync::Arc, time::Duration};

use parking_lot::Mutex;
use postroad_domain::{Clock, Timestamp};
use postroad_egress::Egress;
use postroad_mail::Mailer;
use postroad_store::{Fanout, OpenSession, ReleaseLanes, Session, SettingKey, Store, StoreError};
use rand::rngs::StdRng;
use thiserror::Error;
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    accepting::service::{AcceptingParts, AcceptingService},
    commit::{CommitParts, CommitQueues, Committer, commit_clock::CommitClock},
    configuration::{
        cache::ConfigCache,
        handshakes::{self, queue::Orders},
        profiles::{GivenProfile, Profiles},
        secret_box::{SecretBox, SecretError},
        service::{ConfigurationParts, ConfigurationService},
        shaping::EarlierShapings,
    },
    history::service::{HistoryParts, HistoryService},
    ids::IdSource,
    notifying::service::NotifyingService,
    operations::Operations,
    sending::service::{SendingParts, SendingService},
    telemetry::{health::Health, metrics::Metrics, trace::Spans},
    upkeep::service::{UpkeepParts, UpkeepService},
};

/// How long a node's session lives without a heartbeat.
const SESSION_LEASE: Duration = Duration::from_secs(15);
/// A store whose newest event is further ahead of the clock is worth a warning.
const CLOCK_AHEAD_MAX: Duration = Duration::from_secs(60);
/// Unfinished fan-outs read at a time when the node starts: a reading that takes long is ended.
const FANOUTS_PER_READ: usize = 32;

/// What the engine is made from: the three seams, the rng, and the operator's keys.
pub struct Parts {
    /// Durable memory.
    pub store: Arc<dyn Store>,
    /// The way out.
    pub egress: Arc<dyn Egress>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Where everything random comes from.
    pub rng: StdRng,
    /// The keys that secrets are encrypted with.
    pub secrets: SecretBox,
    /// The profiles to serve.
    pub profiles: Vec<GivenProfile>,
    /// For how long deliveries of a subscription fail without a success until it becomes inactive, whatever its profile says.
    pub deactivate_after: Option<Duration>,
    /// How contacts are told.
    pub notifying: Notifying,
    /// This node's name in logs and sessions.
    pub node_name: String,
}

/// How the contacts of tenants are told what happens to their deliveries.
#[derive(Clone, Default)]
pub struct Notifying {
    /// The way out for mail; without one nobody is told.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// What customers reach this server by: the calls in a mail stand behind it. May be empty.
    pub public_url: String,
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

/// A running engine. Its operations are those of its services.
pub struct Engine {
    accepting: Arc<AcceptingService>,
    sending: SendingService,
    history: Arc<HistoryService>,
    configuration: Arc<ConfigurationService>,
    upkeep: Arc<UpkeepService>,
    store: Arc<dyn Store>,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    spans: Arc<Spans>,
    session: Session,
    /// Nothing new is to be expected: what waits for its commit is written.
    finish: CancellationToken,
    /// There is no more time for that: of what waits, events are refused.
    give_up: CancellationToken,
    clock: Arc<dyn Clock>,
    /// Ends after the last commit.
    writing: Mutex<Vec<JoinHandle<()>>>,
    /// Ended when everything is written.
    background: Mutex<Vec<JoinHandle<()>>>,
}

impl Engine {
    /// Starts an engine on a store: checks the key, goes on with what a crash or stop left, then is ready.
    pub async fn start(parts: Parts) -> Result<Arc<Self>, StartError> {
        let Parts { store, egress, clock, rng, secrets, profiles, deactivate_after, notifying, node_name } =
            parts;
        let ids = Arc::new(IdSource::new(Arc::clone(&clock), rng));
        check_secret_key(&*store, &secrets, &ids).await?;
        let session = open_session(&*store, node_name, clock.now()).await?;
        let profiles = Arc::new(Profiles::open(Arc::clone(&store), profiles, clock.now()).await?);

        let finish = CancellationToken::new();
        let give_up = CancellationToken::new();
        let queues = CommitQueues::new(finish.clone(), give_up.clone());
        warn_of_clock(&*clock, session.newest);
        let commit_clock = Arc::new(CommitClock::new(Arc::clone(&clock), session.newest));
        let ground = Ground::new(store, (clock, commit_clock), ids, &queues.committer);
        let (orders, ordered) = handshakes::queue::queue();
        let shared = (&egress, &profiles, &Arc::new(secrets));
        let wings = Wings::new(&ground, shared, (deactivate_after, notifying), orders);
        go_on_with_fanouts(&*ground.store, &queues.fanouts).await?;
        // From here on the lanes hear of changes: what is read next may be changed meanwhile.
        let mut background = wings.sending.start();
        if let Err(error) = wings.sending.dispatcher().wake_waiting_lanes().await {
            // Whoever starts it again must not find the store in use, and nothing may be sent whose outcome nobody writes.
            ground.health.stop();
            background.drain(..).for_each(|task| task.abort());
            wings.sending.dispatcher().stop(Duration::ZERO).await;
            return Err(error.into());
        }
        let commits = CommitParts {
            store: Arc::clone(&ground.store),
            clock: Arc::clone(&ground.clock),
            commit_clock: Arc::clone(&ground.commit_clock),
            session: session.id,
            health: Arc::clone(&ground.health),
            metrics: Arc::clone(&ground.metrics),
        };
        let writing = queues.start(commits, Arc::clone(wings.sending.dispatcher()));
        wings.upkeep.start();
        background.push(wings.sending.keep_handshakes(ordered));
        background.extend(Arc::clone(&wings.notifying).start());
        background.push(tokio::spawn(Arc::clone(&wings.history).keep_replays()));
        background.push(tokio::spawn(Arc::clone(wings.configuration.key_ring()).keep_uses()));
        let Wings { accepting, sending, history, configuration, upkeep, notifying: _ } = wings;
        let Ground { store, clock, health, metrics, spans, .. } = ground;
        let (writing, background) = (Mutex::new(writing), Mutex::new(background));
        Ok(Arc::new(Self {
            accepting,
            sending,
            history,
            configuration,
            upkeep,
            store,
            health,
            metrics,
            spans,
            session,
            finish,
            give_up,
            clock,
            writing,
            background,
        }))
    }

    /// Stops: no new attempt starts; those under way may end within `grace` and are then given back, so that their
    /// deliveries stay queued; every outcome is written. Events that wait for their commit are written as far as `grace` reaches, and
    /// refused behind it.
    pub async fn stop(&self, grace: Duration) {
        let began = self.clock.monotonic();
        self.health.stop();
        self.sending.dispatcher().stop(grace).await;
        self.finish.cancel();
        let used = self.clock.monotonic().saturating_sub(began);
        let writing = std::mem::take(&mut *self.writing.lock());
        let written = async {
            for task in writing {
                let _ = task.await;
            }
        };
        let mut written = pin!(written);
        tokio::select! {
            biased;
            () = &mut written => {}
            () = self.clock.sleep(grace.saturating_sub(used)) => {
                self.give_up.cancel();
                written.await;
            }
        }
        self.upkeep.stop();
        for task in std::mem::take(&mut *self.background.lock()) {
            task.abort();
        }
        self.configuration.key_ring().write_uses().await;
        let release = ReleaseLanes { session: self.session.id, lanes: Vec::new() };
        if let Err(error) = self.store.release_lanes(release).await {
            tracing::warn!(%error, "the session could not be ended");
        }
    }

    /// Publishing.
    pub fn accepting(&self) -> &AcceptingService {
        &self.accepting
    }

    /// Trying subscriptions.
    pub fn sending(&self) -> &SendingService {
        &self.sending
    }

    /// Events, deliveries, replays and the audit.
    pub fn history(&self) -> &HistoryService {
        &self.history
    }

    /// Tenants, subscriptions, event types, profiles and keys.
    pub fn configuration(&self) -> &ConfigurationService {
        &self.configuration
    }

    /// Retention and figures.
    pub fn upkeep(&self) -> &Arc<UpkeepService> {
        &self.upkeep
    }

    /// Whether this node can take work: the store takes writes and the node is not stopping.
    pub fn is_ready(&self) -> bool {
        self.health.is_writable() && !self.health.is_stopping()
    }

    /// Begins a trace for this share of the events that come without one, from 0 to 1, where somebody listens to
    /// [`TRACE_TARGET`](crate::TRACE_TARGET).
    pub fn sample_traces(&self, ratio: f64) {
        self.spans.sample(ratio);
    }

    /// The engine's figures.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Brings the figures that cost nothing up to date: called before each reading of `/metrics`.
    pub fn refresh_gauges(&self) {
        self.sending.refresh_gauges();
        self.upkeep.refresh_gauges();
    }
}

/// What all wings stand on.
struct Ground {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    ids: Arc<IdSource>,
    commit_clock: Arc<CommitClock>,
    committer: Committer,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    spans: Arc<Spans>,
    operations: Arc<Operations>,
}

impl Ground {
    fn new(
        store: Arc<dyn Store>,
        (clock, commit_clock): (Arc<dyn Clock>, Arc<CommitClock>),
        ids: Arc<IdSource>,
        committer: &Committer,
    ) -> Self {
        Self {
            commit_clock,
            committer: committer.clone(),
            health: Arc::new(Health::default()),
            metrics: Arc::new(Metrics::new()),
            spans: Arc::new(Spans::new(Arc::clone(&clock), Arc::clone(&ids))),
            operations: Arc::default(),
            store,
            clock,
            ids,
        }
    }
}

impl Ground {
    fn notifying(
        &self,
        (configs, accepting): (Arc<ConfigCache>, Arc<AcceptingService>),
        Notifying { mailer, public_url }: Notifying,
        deactivate_after: Option<Duration>,
    ) -> Arc<NotifyingService> {
        Arc::new(NotifyingService {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            commit_clock: Arc::clone(&self.commit_clock),
            configs,
            accepting,
            operations: Arc::clone(&self.operations),
            metrics: Arc::clone(&self.metrics),
            mailer,
            public_url,
            deactivate_after,
        })
    }
}

struct Wings {
    accepting: Arc<AcceptingService>,
    sending: SendingService,
    history: Arc<HistoryService>,
    configuration: Arc<ConfigurationService>,
    upkeep: Arc<UpkeepService>,
    notifying: Arc<NotifyingService>,
}

impl Wings {
    /// Each wing gets what it needs and no more.
    fn new(
        ground: &Ground,
        (egress, profiles, secrets): (&Arc<dyn Egress>, &Arc<Profiles>, &Arc<SecretBox>),
        (deactivate_after, notifying): (Option<Duration>, Notifying),
        handshakes: Orders,
    ) -> Self {
        let store = || Arc::clone(&ground.store);
        let (clock, ids) = (|| Arc::clone(&ground.clock), || Arc::clone(&ground.ids));
        let (health, metrics) = (|| Arc::clone(&ground.health), || Arc::clone(&ground.metrics));
        let (profiles, secrets) = (|| Arc::clone(profiles), || Arc::clone(secrets));
        let commit_clock = || Arc::clone(&ground.commit_clock);
        let (committer, spans) = (|| ground.committer.clone(), || Arc::clone(&ground.spans));
        let operations = || Arc::clone(&ground.operations);
        // What deliveries are shaped from: as it is now, and as it was.
        let configs = &Arc::new(ConfigCache::new(store(), profiles(), secrets()));
        let earlier = &Arc::new(EarlierShapings::new(store(), profiles(), secrets()));
        let (configs, earlier) = (|| Arc::clone(configs), || Arc::clone(earlier));

        let configuration = Arc::new(ConfigurationService::new(ConfigurationParts {
            store: store(),
            egress: Arc::clone(egress),
            clock: clock(),
            ids: ids(),
            secrets: secrets(),
            profiles: profiles(),
            configs: configs(),
            handshakes,
        }));
        let accepting = Arc::new(AcceptingService::new(AcceptingParts {
            commit_clock: commit_clock(),
            ids: ids(),
            configs: configs(),
            committer: committer(),
            health: health(),
            metrics: metrics(),
            spans: spans(),
        }));
        let sending = SendingService::new(SendingParts {
            store: store(),
            egress: Arc::clone(egress),
            clock: clock(),
            ids: ids(),
            configs: configs(),
            earlier: earlier(),
            commit_clock: commit_clock(),
            committer: committer(),
            health: health(),
            metrics: metrics(),
            spans: spans(),
            operations: operations(),
            deactivate_after,
        });
        let history = Arc::new(HistoryService::new(HistoryParts {
            store: store(),
            clock: clock(),
            ids: ids(),
            configs: configs(),
            earlier: earlier(),
            commit_clock: commit_clock(),
            dispatcher: Arc::clone(sending.dispatcher()),
            metrics: metrics(),
        }));
        let upkeep = Arc::new(UpkeepService::new(UpkeepParts {
            store: store(),
            clock: clock(),
            commit_clock: commit_clock(),
            configuration: Arc::clone(&configuration),
            configs: configs(),
            metrics: metrics(),
            operations: operations(),
        }));
        let notifying = ground.notifying((configs(), Arc::clone(&accepting)), notifying, deactivate_after);
        Self { accepting, sending, history, configuration, upkeep, notifying }
    }
}

/// What was written when the clock was ahead stays before what is written from now on: time goes on from there.
fn warn_of_clock(clock: &dyn Clock, newest: Timestamp) {
    let ahead = newest.since(clock.now());
    if ahead > CLOCK_AHEAD_MAX {
        tracing::warn!(
            ahead = ?ahead,
            "this clock is behind the newest event: the times of events and schedules go on from that event and stay ahead of this clock"
        );
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
    let mut after = None;
    loop {
        let open = store.open_fanouts(after, FANOUTS_PER_READ).await?;
        let Some(last) = open.last() else { return Ok(()) };
        after = Some((last.tenant_no, last.event_id));
        for fanout in open {
            let _ = fanouts.send(fanout);
        }
    }
}
