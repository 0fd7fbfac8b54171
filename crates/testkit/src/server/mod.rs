//! The real server as a process: started, asked, killed and started again on the same data.
//!
//! **Invariant:** the process never outlives its `TestServer`, and its data folder lives exactly as long. What it logs
//! goes to a file beside the data and is shown when it does not start.

mod client;
mod crash;
mod launch;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitStatus,
};

use anyhow::Context;
use tempfile::TempDir;
use tokio::process::Child;

pub use self::{client::Reply, launch::binary};
use crate::{patience::within, process};

/// The admin key that every test server is given.
pub const ADMIN_KEY: &str = "adm_0123456789abcdefghijklmnopqrstuvwxyzABCDEF";

/// How a test server is started.
#[derive(Clone, Debug, Default)]
pub struct ServerOptions {
    /// The binary; without one, [`binary`] finds it.
    pub binary: Option<PathBuf>,
    /// Further arguments of `serve`: `["--inspector"]`.
    pub arguments: Vec<String>,
    /// Further environment variables.
    pub environment: Vec<(String, String)>,
    /// Where the temporary folder is made; without one, where the machine keeps such folders.
    pub folder: Option<PathBuf>,
    /// The data folder, for a test that has a disk of its own for it; without one, it lies in the temporary folder.
    pub data_dir: Option<PathBuf>,
    /// Leaves `--allow-subnet 127.0.0.0/8` away, so that loopback receivers are refused as they are for everybody.
    pub loopback_blocked: bool,
}

/// A running `postroad serve` with a data folder of its own.
#[derive(Debug)]
pub struct TestServer {
    options: ServerOptions,
    folder: TempDir,
    /// `None` between an end and the next start.
    running: Option<Running>,
    client: client::Client,
}

#[derive(Debug)]
struct Running {
    child: Child,
    pid: u32,
    address: SocketAddr,
}

impl TestServer {
    /// Starts with nothing special. Panics when the server does not come up, with its log.
    pub async fn start() -> Self {
        Self::start_with(ServerOptions::default()).await.unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// Starts as `options` say.
    ///
    /// # Errors
    ///
    /// When the binary is missing or ends before it listens; the error holds its log.
    pub async fn start_with(options: ServerOptions) -> anyhow::Result<Self> {
        let folder = match &options.folder {
            Some(parent) => TempDir::new_in(parent),
            None => TempDir::new(),
        };
        let folder = folder.context("no temporary folder")?;
        let mut server = Self { options, folder, running: None, client: client::Client::new() };
        server.start_again().await?;
        Ok(server)
    }

    /// Starts on the same data after [`kill9`](Self::kill9) or [`terminate`](Self::terminate); on a new port.
    ///
    /// # Errors
    ///
    /// As [`start_with`](Self::start_with).
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        self.start_again_at(launch::ANY_PORT).await
    }

    /// [`terminate`](Self::terminate) and [`start_again`](Self::start_again).
    ///
    /// # Errors
    ///
    /// When the server ends with an error or does not come up again.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        let status = self.terminate().await?;
        anyhow::ensure!(status.success(), "the server ended with {status}:\n{}", self.log());
        self.start_again().await
    }

    /// Kills it as a crash does (SIGKILL) and waits until it is gone.
    ///
    /// # Errors
    ///
    /// When it is not running.
    pub async fn kill9(&mut self) -> anyhow::Result<()> {
        let mut running = self.running.take().context("the server is not running")?;
        running.child.kill().await.context("kill")
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    ///
    /// # Errors
    ///
    /// When it is not running. Panics when it does not end in [`PATIENCE`](crate::PATIENCE).
    pub async fn terminate(&mut self) -> anyhow::Result<ExitStatus> {
        let mut running = self.running.take().context("the server is not running")?;
        launch::signal(running.pid, libc::SIGTERM)?;
        within("the server to end after SIGTERM", running.child.wait()).await.context("wait")
    }

    /// Waits until it ends by itself.
    ///
    /// # Errors
    ///
    /// When it is not running. Panics when it does not end in [`PATIENCE`](crate::PATIENCE).
    pub async fn wait_for_exit(&mut self) -> anyhow::Result<ExitStatus> {
        let mut running = self.running.take().context("the server is not running")?;
        within("the server to end by itself", running.child.wait()).await.context("wait")
    }

    /// Where it listens. Panics when it is not running.
    pub fn address(&self) -> SocketAddr {
        self.running().address
    }

    /// The URL of `path`, which begins with a slash. Panics when it is not running.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    /// Its process id. Panics when it is not running.
    pub fn pid(&self) -> u32 {
        self.running().pid
    }

    /// Its data folder.
    pub fn data_dir(&self) -> PathBuf {
        launch::data_dir(&self.options, self.folder.path())
    }

    /// A folder beside the data that a test may use as it likes.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Resident memory in bytes. Panics when it is not running.
    pub fn rss_bytes(&self) -> u64 {
        self.usage().rss_bytes
    }

    /// Memory and processor time. Panics when it is not running.
    pub fn usage(&self) -> process::Usage {
        process::usage(self.pid()).expect("a process that was not waited for has its files in /proc")
    }

    /// Everything it logged so far, over all its starts.
    pub fn log(&self) -> String {
        launch::log(self.folder.path())
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("the test has not ended the server")
    }
}

#[cfg(test)]
mod tests;
