//! What is durable, and how the work of a real store is done to its end.

use std::{
    fmt,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

use postroad_store::{Store, memory::MemoryStore};
use postroad_store_sqlite::{Options, SqliteStore};
use tempfile::TempDir;
use tokio::{
    runtime::{Builder, Handle, Runtime},
    task::coop::unconstrained,
};

use crate::{
    clock::{StandingClock, StoryClock},
    plan::StoreKind,
};

/// A folder of memory, where the machine has one: there a sync costs nothing.
const FOLDER_IN_MEMORY: &str = "/dev/shm";

/// What outlives the node. Clones are the same.
#[derive(Clone)]
pub(crate) struct DurableState(Arc<State>);

struct State {
    kind: Kind,
    clock: StandingClock,
    /// Deliveries that may wait in one lane, where it is fewer than usual.
    backlog_max: Option<u64>,
    /// Runs what a store hands to threads. Its time is the machine's, and nobody looks at it.
    side: Option<Runtime>,
}

enum Kind {
    Memory(MemoryStore),
    Sqlite(TempDir),
}

impl DurableState {
    /// An empty one.
    ///
    /// # Panics
    ///
    /// The machine has no room for a folder or a thread.
    pub(crate) fn new(kind: StoreKind, backlog_max: Option<u64>) -> Self {
        let kind = match kind {
            StoreKind::Memory => Kind::Memory(MemoryStore::embedded()),
            StoreKind::Sqlite => {
                let folder = tempfile::tempdir_in(FOLDER_IN_MEMORY).or_else(|_| tempfile::tempdir());
                Kind::Sqlite(folder.expect("there is room for a folder"))
            }
        };
        let side = Builder::new_current_thread().build().expect("a runtime without drivers can be built");
        Self(Arc::new(State { kind, clock: StandingClock::default(), backlog_max, side: Some(side) }))
    }

    /// A store on it. The one before is gone.
    ///
    /// # Panics
    ///
    /// The embedded store does not open: what it wrote cannot be read.
    pub(crate) fn open(&self) -> Arc<dyn Store> {
        match &self.0.kind {
            Kind::Memory(store) => Arc::new(store.clone()),
            Kind::Sqlite(folder) => {
                let options = Options {
                    ballast_bytes: 0,
                    ..Options::new(folder.path(), Arc::new(self.0.clock.clone()))
                };
                Arc::new(SqliteStore::open(options).expect("the store opens what it has written"))
            }
        }
    }

    /// Where a store's threads come from.
    pub(super) fn runtime(&self) -> Handle {
        self.0.side.as_ref().expect("it is taken at the end only").handle().clone()
    }

    /// Deliveries that may wait in one lane, where it is fewer than usual.
    pub(super) fn backlog_max(&self) -> Option<u64> {
        self.0.backlog_max
    }

    /// Sets the clock of the store's threads.
    pub(super) fn set_clock(&self, clock: &StoryClock) {
        self.0.clock.set(clock);
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if let Some(side) = self.side.take() {
            side.shutdown_background();
        }
    }
}

impl fmt::Debug for DurableState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("DurableState").finish_non_exhaustive()
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Does a call to its end on this thread, which waits meanwhile: other threads may work for it, and nobody sees in which order.
pub(super) fn to_the_end<T>(side: &Handle, call: impl Future<Output = T>) -> T {
    // Tasks that the call hands to threads are not the story's: its clock goes on without them.
    let _entered = side.enter();
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    // Not on the account of the task: one that has used up its turn would wait for its scheduler, which waits here.
    let mut call = pin!(unconstrained(call));
    loop {
        match call.as_mut().poll(&mut context) {
            Poll::Ready(answer) => return answer,
            Poll::Pending => thread::park(),
        }
    }
}
