//! `postroad dev`: everything at once, to look at. A server on a temporary folder, a receiver, and sample events that
//! arrive while one watches.
//!
//! **Invariant:** what is shown happened: the events go in through the API like anybody's, and each line is a request that
//! the receiver got. Lacking on purpose: a store that is kept. Whoever wants that has `postroad serve`.

mod receiver;
mod samples;
mod screen;

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
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use self::{
    receiver::{Arrival, Receiver},
    screen::Introduction,
};
use super::{CommandError, load_config};
use crate::{
    ambient::{self, SystemClock},
    api_client::{ApiClient, CallError},
    config::{Config, Given, Purpose},
    logging,
    node::Node,
    signals,
};

/// The tenant that the demo plays with.
const TENANT: &str = "demo";
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
    let node = Node::start(&mut config, Arc::clone(&clock), rng).await.map_err(anyhow::Error::msg)?;
    let demo = Demo {
        address: node.address(),
        admin_key: admin_key(&node, &config)?,
        folder: folder.path().to_owned(),
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
    clock: Arc<dyn Clock>,
}

impl Demo {
    async fn run(&self, stop: &CancellationToken) -> anyhow::Result<()> {
        let server = format!("http://{}", reachable(self.address));
        let client = ApiClient::new(&server, &self.admin_key).map_err(anyhow::Error::msg)?;
        let (receiver, arrivals) = Receiver::start(Arc::clone(&self.clock)).await.context("no receiver")?;
        set_up(&client, &receiver).await.map_err(anyhow::Error::msg)?;
        let introduction = Introduction {
            address: self.address,
            server: &server,
            admin_key: &self.admin_key,
            tenant: TENANT,
            receiver: &receiver.url(),
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
        for sample in samples::endless() {
            let published = client.call(Method::POST, &format!("/v1/tenants/{TENANT}/events"), sample).await;
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

/// One tenant and one subscription to everything that happens in it.
async fn set_up(client: &ApiClient, receiver: &Receiver) -> Result<(), CallError> {
    let tenant = json!({"profile": "standard", "name": "Demo"});
    client.call(Method::PUT, &format!("/v1/tenants/{TENANT}"), tenant.to_string().into_bytes()).await?;
    let subscription =
        json!({"name": "The demo's receiver", "delivery": {"type": "push", "url": receiver.url()}});
    let path = format!("/v1/tenants/{TENANT}/subscriptions");
    client.call(Method::POST, &path, subscription.to_string().into_bytes()).await?;
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
