//! `postroad dev`: everything at once, to look at. A server on a temporary folder, a tenant of each profile, a receiver,
//! and sample events that arrive while one watches.
//!
//! **Invariant:** what is shown happened: the events go in through the API like anybody's, and each line is a request that
//! the receiver got. Lacking on purpose: a store that is kept. Whoever wants that has `postroad serve`.

mod receiver;
mod samples;
mod screen;
mod tenants;

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use http::Method;
use ipnet::{IpNet, Ipv4Net};
use postroad_domain::Clock;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use self::{
    receiver::{Arrival, Receiver},
    screen::Introduction,
    tenants::DemoTenant,
};
use super::{CommandError, load_config};
use crate::{
    ambient::{self, SystemClock},
    api_client::{ApiClient, CallError},
    config::{Config, Given, Purpose},
    logging,
    node::Node,
    profiles::{self, told},
    signals,
};

/// Between two sample events: slow enough to read along.
const SAMPLE_EVERY: Duration = Duration::from_secs(3);

/// Runs the demo until a signal asks it to stop, or nobody reads it any more. Answers its folder, which goes when the
/// last task has let go of the store in it.
///
/// Errors: the configuration cannot be used, or the start is refused.
pub async fn run(flags: &Given) -> Result<TempDir, CommandError> {
    let mut config = load_config(Purpose::Dev, flags)?;
    logging::start(&config)?;
    let folder = tempfile::Builder::new().prefix("postroad-dev-").tempdir().context("no temporary folder")?;
    config.data_dir = folder.path().to_owned();
    config.allow_subnets.extend(loopback());
    let leftover = folder.path().to_owned();
    // Programs that run others often pass on a Ctrl-C which the terminal has sent already: two signals are no haste.
    let remove = move || drop(fs::remove_dir_all(leftover));
    let stop = signals::stop_token(remove).context("signals cannot be received")?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let rng = ambient::chance().context("the system has no randomness to give")?;
    let profiles =
        profiles::all(config.profiles.as_deref()).map_err(|problems| anyhow::anyhow!(told(&problems)))?;
    let node = Node::start(&mut config, Arc::clone(&clock), rng).await.map_err(anyhow::Error::msg)?;
    let demo = Demo {
        address: node.address(),
        admin_key: admin_key(&node, &config)?,
        folder: folder.path().to_owned(),
        tenants: profiles.iter().map(|loaded| DemoTenant::of(&loaded.profile)).collect(),
        clock,
    };
    let serving = tokio::spawn(node.serve(stop.clone(), config.shutdown_grace));
    let shown = demo.run(&stop).await;
    stop.cancel();
    serving.await.context("the server broke down")?.context("the listener failed")?;
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
    clock: Arc<dyn Clock>,
}

impl Demo {
    async fn run(&self, stop: &CancellationToken) -> anyhow::Result<()> {
        let server = format!("http://{}", reachable(self.address));
        let client = ApiClient::new(&server, &self.admin_key).map_err(anyhow::Error::msg)?;
        let (receiver, arrivals) = Receiver::start(Arc::clone(&self.clock)).await.context("no receiver")?;
        for tenant in &self.tenants {
            set_up(&client, tenant, &receiver).await.map_err(anyhow::Error::msg)?;
        }
        let introduction = Introduction {
            address: self.address,
            server: &server,
            admin_key: &self.admin_key,
            tenants: &self.tenants,
            receiver: &receiver.url("{tenant}"),
            folder: &self.folder,
            sample_every: SAMPLE_EVERY,
        };
        // A reader that went away is no fault: the demo is over.
        if screen::introduce(&introduction).is_err() {
            return Ok(());
        }
        tokio::select! {
            () = stop.cancelled() => Ok(()),
            () = show(arrivals) => Ok(()),
            failed = self.publish_samples(&client, stop) => failed,
        }
    }

    async fn publish_samples(&self, client: &ApiClient, stop: &CancellationToken) -> anyhow::Result<()> {
        for (tenant, sample) in samples::endless(&self.tenants) {
            let path = format!("/v1/tenants/{}/events", tenant.id);
            match client.call(Method::POST, &path, sample).await {
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

/// A tenant, and a subscription to everything that happens in it.
async fn set_up(client: &ApiClient, tenant: &DemoTenant, receiver: &Receiver) -> Result<(), CallError> {
    let path = format!("/v1/tenants/{}", tenant.id);
    client.call(Method::PUT, &path, tenant.settings()).await?;
    let subscription = tenant.subscription(&receiver.url(&tenant.id));
    client.call(Method::POST, &format!("{path}/subscriptions"), subscription).await?;
    Ok(())
}

/// One line for each delivery, until nobody reads them.
async fn show(mut arrivals: mpsc::UnboundedReceiver<Arrival>) {
    while let Some(arrival) = arrivals.recv().await {
        if screen::show(&arrival).is_err() {
            return;
        }
    }
}

/// An address that can be called, where the server listens on all of them.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => SocketAddr::from(([127, 0, 0, 1], v4.port())),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => SocketAddr::from((Ipv6Addr::LOCALHOST, v6.port())),
        other => other,
    }
}
