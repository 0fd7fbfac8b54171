//! `postroad dev`: everything at once, to look at. A server on a temporary folder, a tenant of each profile that pushes to
//! the built-in inspector, and sample events that arrive while one watches.
//!
//! **Invariant:** what is shown happened: the events go in through the API like anybody's, and each line is an attempt that
//! is in the log. Lacking on purpose: a store that is kept. Whoever wants that has `postroad serve`.

mod samples;
mod screen;
mod tail;
mod tenants;

use std::{
    fs,
    io::IsTerminal as _,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use ipnet::{IpNet, Ipv4Net};
use postroad_client::{Client, Error};
use postroad_domain::Clock;
use postroad_engine::Engine;
use postroad_server::INSPECT_PREFIX;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use self::{
    screen::{Introduction, Screen},
    tail::Tail,
    tenants::DemoTenant,
};
use super::{CommandError, load_config, warn_of_unknown_variables};
use crate::{
    ambient::{self, SystemClock},
    config::{Config, Given, Inspecting, Purpose},
    listening::local_url,
    node::Node,
    profiles::{self, told},
    signals,
    traces::Traces,
};

/// Between two sample events: slow enough to read along.
const SAMPLE_EVERY: Duration = Duration::from_secs(3);

/// Runs the demo until a signal asks it to stop, or nobody reads it any more. Answers its folder, which goes when the
/// last task has let go of the store in it.
///
/// Errors: the configuration cannot be used, or the start is refused.
pub async fn run(flags: &Given) -> Result<TempDir, CommandError> {
    let mut config = load_config(Purpose::Dev, flags)?;
    let traces = Traces::start(&config)?;
    warn_of_unknown_variables();
    let folder = tempfile::Builder::new().prefix("postroad-dev-").tempdir().context("no temporary folder")?;
    config.data_dir = folder.path().to_owned();
    config.allow_subnets.extend(loopback());
    config.inspector = Inspecting::OnWithShortNames;
    if let Err(error) = ambient::raise_open_files_limit() {
        tracing::warn!(%error, "the limit of open files could not be raised");
    }
    let leftover = folder.path().to_owned();
    // Programs that run others often pass on a Ctrl-C which the terminal has sent already: two signals are no haste.
    let remove = move || drop(fs::remove_dir_all(leftover));
    let stop = signals::stop_token(remove).context("signals cannot be received")?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let rng = ambient::rng().context("the system has no randomness to give")?;
    let profiles =
        profiles::all(config.profiles.as_deref()).map_err(|problems| anyhow::anyhow!(told(&problems)))?;
    let node = Node::start(&mut config, Arc::clone(&clock), rng).await.map_err(anyhow::Error::msg)?;
    traces.sample(&node);
    let demo = Demo {
        address: node.address(),
        admin_key: admin_key(&node, &config)?,
        folder: folder.path().to_owned(),
        tenants: profiles.iter().map(|loaded| DemoTenant::of(&loaded.profile)).collect(),
        engine: node.engine(),
        clock,
    };
    let serving = tokio::spawn(node.serve(stop.clone(), config.shutdown_grace));
    let shown = demo.run(&stop).await;
    stop.cancel();
    let served = serving.await;
    traces.stop().await;
    served.context("the server broke down")?.context("the listener failed")?;
    shown?;
    Ok(folder)
}

fn loopback() -> [IpNet; 2] {
    let v4 = Ipv4Net::new_assert(Ipv4Addr::LOCALHOST, 8).trunc();
    [v4.into(), IpAddr::from(Ipv6Addr::LOCALHOST).into()]
}

/// The key in plain: the given one, or the one that the empty database made necessary.
fn admin_key(node: &Node, config: &Config) -> anyhow::Result<String> {
    let given = config.admin_key.as_ref().map(|key| key.as_str());
    let key = node.fresh_admin_key().or(given).context("a new database has no admin key")?;
    Ok(key.to_owned())
}

/// What happens beside the server.
struct Demo {
    address: SocketAddr,
    admin_key: String,
    folder: PathBuf,
    tenants: Vec<DemoTenant>,
    engine: Arc<Engine>,
    clock: Arc<dyn Clock>,
}

impl Demo {
    async fn run(&self, stop: &CancellationToken) -> anyhow::Result<()> {
        let server = local_url(self.address);
        let client = Client::new(&server, &self.admin_key).map_err(anyhow::Error::msg)?;
        for tenant in &self.tenants {
            set_up(&client, tenant, &server).await.map_err(anyhow::Error::msg)?;
        }
        let introduction = Introduction {
            address: self.address,
            server: &server,
            admin_key: &self.admin_key,
            tenants: &self.tenants,
            folder: &self.folder,
            sample_every: SAMPLE_EVERY,
        };
        // A reader that went away is no fault: the demo is over.
        if screen::introduce(&introduction).is_err() {
            return Ok(());
        }
        tokio::select! {
            () = stop.cancelled() => Ok(()),
            shown = self.show() => shown,
            failed = self.publish_samples(&client, stop) => failed,
        }
    }

    /// One line for each attempt, until nobody reads them.
    async fn show(&self) -> anyhow::Result<()> {
        let screen = Screen { has_colours: has_colours() };
        let mut tail = Tail::new(Arc::clone(&self.engine), Arc::clone(&self.clock));
        loop {
            for shown in tail.next().await.map_err(anyhow::Error::msg)? {
                if screen.show(&shown).is_err() {
                    return Ok(());
                }
            }
        }
    }

    async fn publish_samples(&self, client: &Client, stop: &CancellationToken) -> anyhow::Result<()> {
        for (tenant, sample) in samples::endless(&self.tenants) {
            let published = match sample {
                Ok(event) => client.tenant(&tenant.id).publish(event).await,
                Err(error) => Err(error),
            };
            match published {
                Ok(_) => {}
                // The server stops before the demo notices.
                Err(_) if stop.is_cancelled() => return Ok(()),
                Err(error) => return Err(anyhow::Error::msg(error)),
            }
            self.clock.sleep(SAMPLE_EVERY).await;
        }
        Ok(())
    }
}

/// A tenant, and subscriptions to everything that happens in it, whose requests are signed where the profile can.
async fn set_up(client: &Client, tenant: &DemoTenant, server: &str) -> Result<(), Error> {
    client.tenants().put(&tenant.id, &tenant.settings()).await?;
    let subscriptions = client.tenant(&tenant.id).subscriptions();
    for wanted in tenant.subscriptions(&format!("{server}{INSPECT_PREFIX}{}", tenant.id)) {
        let created = subscriptions.create(&wanted).await?;
        if tenant.signs_on_request {
            subscriptions.rotate_secret(&created.id, None, None).await?;
        }
    }
    Ok(())
}

/// Whether colours are wanted: by a terminal, and by its user (no-color.org).
fn has_colours() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    std::io::stdout().is_terminal() && !refused
}
