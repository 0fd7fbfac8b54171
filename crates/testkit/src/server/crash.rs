//! A crash while others still talk to the server, and its return to where they expect it.

use std::net::SocketAddr;

use super::{TestServer, launch};
use crate::poll::poll_for;

impl TestServer {
    /// Sends SIGKILL and does not wait: for a crash amid callers, who hold the server too. Follow it by
    /// [`kill9`](Self::kill9), which waits until the process is gone. Panics when it is not running.
    pub fn strike_dead(&self) {
        launch::signal(self.pid(), libc::SIGKILL)
            .expect("a process that was not waited for can be signalled");
    }

    /// Starts on the same data, and on the address where it listened before a [`kill9`](Self::kill9): what a
    /// supervisor does.
    ///
    /// # Errors
    ///
    /// As [`start_with`](Self::start_with); also when somebody else took the port.
    pub async fn start_again_at(&mut self, address: SocketAddr) -> anyhow::Result<()> {
        anyhow::ensure!(self.running.is_none(), "the server is still running");
        self.running = Some(launch::launch(&self.options, self.folder.path(), address).await?);
        Ok(())
    }

    /// Waits until `/health/ready` answers this status. Panics after [`PATIENCE`](crate::PATIENCE).
    pub async fn wait_for_readiness(&self, status: u16) {
        poll_for(&format!("{status} from /health/ready"), async || {
            let reply = self.get("/health/ready").await.ok()?;
            (reply.status == status).then_some(())
        })
        .await;
    }
}
