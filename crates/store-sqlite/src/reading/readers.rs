//! A small pool of reading connections, used on threads where waiting is allowed.

use std::sync::Arc;

use parking_lot::Mutex;
use postroad_store::StoreError;
use rusqlite::Connection;
use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::{
    error::{Fault, OpenError},
    files::connect::{self, Reader},
    limits::READERS,
    options::Options,
};

/// The pool.
pub(crate) struct Readers {
    idle: Arc<Mutex<Vec<Reader>>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    /// Opens every connection.
    pub(crate) fn open(options: &Options) -> Result<Self, OpenError> {
        let idle = (0..READERS).map(|_| connect::reader(options)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { idle: Arc::new(Mutex::new(idle)), permits: Arc::new(Semaphore::new(READERS)) })
    }

    /// Reads one picture of the database.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let stopped = || StoreError::Internal("a reader stopped".to_owned());
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| stopped())?;
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
