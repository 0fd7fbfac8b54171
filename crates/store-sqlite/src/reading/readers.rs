//! A small pool of reading connections, used on threads where waiting is allowed. Who waits for one takes turns by tenant.

use std::sync::Arc;

use parking_lot::Mutex;
use postroad_domain::TenantNo;
use postroad_store::StoreError;
use rusqlite::Connection;
use tokio::{sync::oneshot, task::spawn_blocking};

use crate::{
    error::{Fault, OpenError},
    files::connect::{self, Reader},
    limits::READERS,
    options::Options,
    turns::{Asker, Turns},
};

/// The pool.
pub(crate) struct Readers {
    idle: Arc<Mutex<Vec<Reader>>>,
    gate: Arc<Gate>,
}

/// Lets in as many as there are connections.
struct Gate(Mutex<Waiting>);

struct Waiting {
    free: usize,
    turns: Turns<oneshot::Sender<Permit>>,
}

/// The right to one connection.
struct Permit(Arc<Gate>);

impl Gate {
    async fn enter(self: &Arc<Self>, asker: Asker) -> Option<Permit> {
        let entered = {
            let mut waiting = self.0.lock();
            if waiting.free > 0 {
                waiting.free -= 1;
                return Some(Permit(Arc::clone(self)));
            }
            let (enter, entered) = oneshot::channel();
            waiting.turns.push(asker, enter);
            entered
        };
        entered.await.ok()
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut waiting = self.0.0.lock();
        while let Some(next) = waiting.turns.pop() {
            // Who waits no more gives the permit back unused: its drop would come here again.
            if !next.is_closed() {
                drop(waiting);
                let permit = Self(Arc::clone(&self.0));
                let _ = next.send(permit);
                return;
            }
        }
        waiting.free += 1;
    }
}

impl Readers {
    /// Opens every connection.
    pub(crate) fn open(options: &Options) -> Result<Self, OpenError> {
        let idle = (0..READERS).map(|_| connect::reader(options)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            idle: Arc::new(Mutex::new(idle)),
            gate: Arc::new(Gate(Mutex::new(Waiting { free: READERS, turns: Turns::default() }))),
        })
    }

    /// Reads one picture of the database for the node itself.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.read_as(None, work).await
    }

    /// The same for a tenant: tenants take turns.
    pub(crate) async fn read_for<T: Send + 'static>(
        &self,
        tenant: TenantNo,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.read_as(Some(tenant), work).await
    }

    async fn read_as<T: Send + 'static>(
        &self,
        asker: Asker,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let stopped = || StoreError::Internal("a reader stopped".to_owned());
        let permit = self.gate.enter(asker).await.ok_or_else(stopped)?;
        let idle = Arc::clone(&self.idle);
        let reading = spawn_blocking(move || {
            // The permit goes back after the connection, and both also when the caller stops waiting.
            let _permit = permit;
            let reader = idle.lock().pop().ok_or_else(stopped)?;
            let mut lease = Lease { reader: Some(reader), home: idle };
            let reader = lease.reader.as_mut().ok_or_else(stopped)?;
            reader.read(work).map_err(StoreError::from)
        });
        reading.await.map_err(|_| stopped())?
    }
}

/// Brings a connection home, also when the reading panicked.
struct Lease {
    reader: Option<Reader>,
    home: Arc<Mutex<Vec<Reader>>>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.home.lock().extend(self.reader.take());
    }
}
