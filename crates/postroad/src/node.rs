//! The wiring: from a configuration to a server that listens, and back to a closed store.
//!
//! **Invariants:** nothing listens before the store is open and its key is proved; an admin key that is shown once is made
//! only when nothing else can refuse the start; what was accepted before the stop is written before the end.

use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use postroad_domain::{Clock, EndpointUrl, limits::METRICS_CONNECTIONS_MAX};
use postroad_egress::{AddressPolicy, Egress, EgressConfig, HttpEgress, SystemDial};
use postroad_engine::{
    AdminKey, Engine, GivenProfile, Mailer, Notifying, Parts, RetentionMetrics, StartError,
};
use postroad_mail::{MailError, SmtpMailer};
use postroad_server::{
    HeaderSpelling, HttpMetrics, Inspector, InspectorParts, MetricsKey, ServerParts, ServerState, Serving,
    metrics_router, router, serve,
};
use postroad_store::{Store, StoreError};
use postroad_store_sqlite::{OpenError, Options, SqliteStore};
use prometheus_client::registry::Registry;
use rand::{SeedableRng, rngs::StdRng};
use thiserror::Error;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::{
    config::{Config, Inspecting},
    hand_over::{HandOver, OwnAddress},
    listening::{ListenError, Listeners, connections_max, local_url},
    profiles::{self, ProfilesProblem, told},
    secret_key::{self, SecretKeyError},
};

/// What all metrics' names begin with.
const METRICS_PREFIX: &str = "postroad";

/// Why a node did not start.
#[derive(Debug, Error)]
pub enum NodeError {
    /// Another process has the data folder.
    #[error("{0}. Stop it, or choose another folder with --data-dir")]
    FolderInUse(OpenError),
    /// The data folder's name is that of a file.
    #[error("{} is a file, and the data need a folder. Choose one with --data-dir", .path.display())]
    NotAFolder {
        /// The file.
        path: PathBuf,
    },
    /// The store cannot be opened.
    #[error(transparent)]
    Open(OpenError),
    /// There is no key for the store's secrets.
    #[error(transparent)]
    SecretKey(#[from] SecretKeyError),
    /// An address cannot be listened on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The key is not the one that the store was written with.
    #[error("{0}. Give the key that this database was written with; a new one goes in front of it: NEW,OLD")]
    WrongSecretKey(StartError),
    /// The engine did not start.
    #[error(transparent)]
    Engine(StartError),
    /// A profile has faults.
    #[error("{}", told(.0))]
    Profiles(Vec<ProfilesProblem>),
    /// Names cannot be resolved.
    #[error("cannot set up the resolver of names: {0}")]
    Resolver(io::Error),
    /// Receivers cannot be called.
    #[error(transparent)]
    Egress(#[from] postroad_egress::StartError),
    /// Mail cannot be sent.
    #[error("mail cannot be sent as smtp-url says: {0}")]
    Mail(#[from] MailError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store could not be opened on a thread of its own.
    #[error("the store could not be opened: {0}")]
    Task(#[from] tokio::task::JoinError),
}

/// A node that is ready: it listens, and deliveries go out; requests wait until [`Node::serve`].
pub struct Node {
    listeners: Listeners,
    fresh_admin_key: Option<Zeroizing<String>>,
    state: ServerState,
}

impl Node {
    /// Opens, proves, binds and starts everything, in an order in which a refused start leaves nothing behind that would
    /// be missed.
    pub async fn start(
        config: &mut Config,
        clock: Arc<dyn Clock>,
        mut rng: StdRng,
    ) -> Result<Self, NodeError> {
        let profiles = load_profiles(config.profiles.clone()).await?;
        if config.secret_key.is_none() {
            expect_key(config.data_dir.clone()).await?;
        }
        let store: Arc<dyn Store> = Arc::new(open_store(config.data_dir.clone(), Arc::clone(&clock)).await?);
        let secrets = match config.secret_key.take() {
            Some(given) => given,
            None => secret_key::beside_data(&config.data_dir, &*store, &mut rng).await?,
        };
        let listeners = Listeners::bind(config).await?;
        let inspector = inspector(config, listeners.api.address, &clock, &mut rng);
        let parts = Parts {
            store: Arc::clone(&store),
            egress: egress(config, &listeners, inspector.clone())?,
            clock: Arc::clone(&clock),
            rng: StdRng::from_rng(&mut rng),
            secrets,
            profiles,
            deactivate_after: config.deactivate_after,
            notifying: notifying(config)?,
            node_name: format!("postroad-{}", std::process::id()),
        };
        let engine = start_engine(parts).await?;
        let given = config.admin_key.as_ref().map(|key| key.as_str());
        let (admin_key, fresh_admin_key) = AdminKey::establish(&*store, given, &mut rng).await?;
        let forgetting = RetentionMetrics::default();
        engine.upkeep().keep_within(config.retention, forgetting.clone());
        let (registry, http_metrics) = registry(config, &engine, &forgetting);
        let state = ServerState::new(ServerParts {
            engine,
            admin_key,
            registry: Arc::new(registry),
            metrics_key: config.metrics_key.take().map(|key| MetricsKey::new(&key)),
            http_metrics,
            clock,
            inspector,
        });
        Ok(Self { listeners, fresh_admin_key, state })
    }

    /// Where it listens: the port is the real one.
    pub fn address(&self) -> SocketAddr {
        self.listeners.api.address
    }

    /// Where the figures are without a key, where they are.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.listeners.metrics.as_ref().map(|metrics| metrics.address)
    }

    /// The admin key in plain, if it was made just now: this is the only time to show it.
    pub fn fresh_admin_key(&self) -> Option<&str> {
        self.fresh_admin_key.as_ref().map(|key| key.as_str())
    }

    /// What does the work, for commands that watch it.
    pub fn engine(&self) -> Arc<Engine> {
        Arc::clone(&self.state.engine)
    }

    /// Answers requests until `stop`, then lets requests and deliveries under way end within `grace` and no longer. The
    /// store is closed with the last task that holds it, at the latest with the runtime.
    ///
    /// Errors: the listener failed.
    pub async fn serve(self, stop: CancellationToken, grace: Duration) -> io::Result<()> {
        let Self { listeners: Listeners { api, metrics }, state, .. } = self;
        let (engine, clock) = (Arc::clone(&state.engine), Arc::clone(&state.clock));
        let is_inspecting = state.inspector.is_some();
        let spelling = if is_inspecting { HeaderSpelling::Kept } else { HeaderSpelling::Forgotten };
        let serving = Serving { spelling, connections_max: connections_max() };
        let stopped_at = OnceLock::new();
        let asked = async {
            stop.cancelled().await;
            tracing::info!("stopping: requests and deliveries under way may finish");
            stopped_at.get_or_init(|| clock.monotonic());
        };
        let too_late = async {
            stop.cancelled().await;
            clock.sleep(grace).await;
        };
        let figures = metrics.map(|metrics| {
            let router = metrics_router(state.clone());
            let serving =
                Serving { spelling: HeaderSpelling::Forgotten, connections_max: METRICS_CONNECTIONS_MAX };
            tokio::spawn(serve(metrics.listener, router, serving, stop.clone().cancelled_owned()))
        });
        let served = tokio::select! {
            served = serve(api.listener, router(state), serving, asked) => served,
            () = too_late => {
                tracing::warn!("requests were still under way when the time to finish them was over");
                Ok(())
            }
        };
        let used = stopped_at.get().map_or(Duration::ZERO, |start| clock.monotonic().saturating_sub(*start));
        engine.stop(grace.saturating_sub(used)).await;
        if let Some(figures) = figures {
            figures.abort();
        }
        tracing::info!("stopped");
        served
    }
}

/// Reading folders and rendering every example is nothing for a thread that others wait for.
async fn load_profiles(directory: Option<PathBuf>) -> Result<Vec<GivenProfile>, NodeError> {
    let loaded = tokio::task::spawn_blocking(move || profiles::all(directory.as_deref())).await?;
    loaded.map_err(NodeError::Profiles)
}

/// A look at the database, which is made where others do not wait for it.
async fn expect_key(data_dir: PathBuf) -> Result<(), NodeError> {
    Ok(tokio::task::spawn_blocking(move || secret_key::expect_beside(&data_dir)).await??)
}

/// Opening reads and may repair: not on a thread that others wait for.
async fn open_store(data_dir: PathBuf, clock: Arc<dyn Clock>) -> Result<SqliteStore, NodeError> {
    let opened = tokio::task::spawn_blocking(|| SqliteStore::open(Options::new(data_dir, clock))).await?;
    opened.map_err(|error| match error {
        OpenError::InUse { .. } => NodeError::FolderInUse(error),
        OpenError::Folder { path, source } if source.kind() == io::ErrorKind::AlreadyExists => {
            NodeError::NotAFolder { path }
        }
        _ => NodeError::Open(error),
    })
}

/// The inspector, where it is on.
fn inspector(
    config: &Config,
    address: SocketAddr,
    clock: &Arc<dyn Clock>,
    rng: &mut StdRng,
) -> Option<Inspector> {
    let short_names = match config.inspector {
        Inspecting::Off => return None,
        Inspecting::On => false,
        Inspecting::OnWithShortNames => true,
    };
    let url = config.public_url.clone().or_else(|| EndpointUrl::parse(&local_url(address)).ok())?;
    let (clock, rng) = (Arc::clone(clock), StdRng::from_rng(rng));
    Some(Inspector::new(InspectorParts { clock, rng, public_url: url, short_names }))
}

fn egress(
    config: &Config,
    listeners: &Listeners,
    inspector: Option<Inspector>,
) -> Result<Arc<dyn Egress>, NodeError> {
    let policy = AddressPolicy {
        allow_subnets: config.allow_subnets.clone(),
        own_addresses: listeners.addresses(),
        allow_own: false,
    };
    let dial = SystemDial::new().map_err(NodeError::Resolver)?;
    let settings = EgressConfig { proxy: config.egress_proxy.clone(), ..EgressConfig::new(policy) };
    let outside = Arc::new(HttpEgress::new(settings, Arc::new(dial))?);
    let Some(inspector) = inspector else { return Ok(outside) };
    let own = OwnAddress { listen: listeners.api.address, public_url: config.public_url.clone() };
    Ok(Arc::new(HandOver::new(own, inspector, outside)?))
}

/// How contacts are told. The server of mail is not called yet.
fn notifying(config: &mut Config) -> Result<Notifying, NodeError> {
    let mailer = match (config.smtp_url.take(), config.mail_from.take()) {
        (Some(server), Some(sender)) => Some(Arc::new(SmtpMailer::new(server, sender)?) as Arc<dyn Mailer>),
        _ => None,
    };
    let public_url = config.public_url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned());
    Ok(Notifying { mailer, public_url: public_url.unwrap_or_default() })
}

async fn start_engine(parts: Parts) -> Result<Arc<Engine>, NodeError> {
    Engine::start(parts).await.map_err(|error| match error {
        StartError::SecretKey(_) => NodeError::WrongSecretKey(error),
        _ => NodeError::Engine(error),
    })
}

fn registry(config: &Config, engine: &Engine, forgetting: &RetentionMetrics) -> (Registry, Arc<HttpMetrics>) {
    let mut registry = Registry::with_prefix(METRICS_PREFIX);
    let http_metrics = Arc::new(HttpMetrics::new());
    engine.metrics().register(&mut registry);
    if config.metrics_per_tenant {
        engine.metrics().register_per_tenant(&mut registry);
    }
    forgetting.register(&mut registry);
    http_metrics.register(&mut registry);
    (registry, http_metrics)
}
