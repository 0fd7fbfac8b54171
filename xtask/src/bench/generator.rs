//! The sending process: posts numbered events over a fixed number of connections, to the server or, bare, straight to
//! the receiver.

use std::{
    cell::{Cell, RefCell},
    io,
    net::SocketAddr,
    path::PathBuf,
    rc::Rc,
};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use tokio::{
    io::AsyncReadExt,
    net::UnixStream,
    task::{JoinSet, LocalSet, spawn_local},
};

use super::{
    cases::Pace,
    control::{self, Command},
    histogram::Histogram,
    mark::now_micros,
    pace::Pacer,
    sender,
};

/// What a generator is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    pub(super) address: SocketAddr,
    pub(super) target: Target,
    pub(super) pace: Pace,
    /// Events of one POST to the server.
    pub(super) batch: u64,
    pub(super) connections: usize,
    /// How often each event arrives.
    pub(super) subscriptions: u64,
    /// The Unix socket on which the receiver tells what has arrived.
    pub(super) feed: PathBuf,
}

/// Whom the generator posts to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Target {
    /// A server's API.
    Server { tenant: String, key: String },
    /// The receiver, without a server between.
    Receiver,
}

/// What the generator says in the end. Times are microseconds.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct GeneratorReport {
    /// Events of the whole run that were accepted, and that were not.
    pub(super) accepted: u64,
    pub(super) refused: u64,
    /// Events accepted in the time that is measured, and that time.
    pub(super) accepted_in_window: u64,
    pub(super) window_micros: u64,
    /// From sending a request to its answer, in the time that is measured.
    pub(super) answer_p50_micros: u64,
    pub(super) answer_p99_micros: u64,
}

/// Runs the process: its plan comes on the first line of the standard input, commands on the others.
///
/// # Errors
///
/// When the plan cannot be read or a connection breaks.
pub(crate) fn run() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, serve())
}

async fn serve() -> Result<()> {
    let mut orders = control::Orders::new();
    let plan: Plan = orders.plan().await?;
    let shared = Rc::new(Shared {
        pacer: Pacer::new(plan.pace),
        book: RefCell::default(),
        measuring: Cell::new(false),
    });
    let feed = UnixStream::connect(&plan.feed).await.context("the receiver's feed")?;
    spawn_local(make_room(feed, plan.subscriptions, Rc::clone(&shared)));
    let mut senders = JoinSet::new();
    for _ in 0..plan.connections {
        senders.spawn_local(sender::send(plan.clone(), Rc::clone(&shared)));
    }
    loop {
        let command = tokio::select! {
            command = orders.next() => command?,
            // A sender ends early only when its connection broke; then the run is void.
            Some(ended) = senders.join_next() => { ended??; continue }
        };
        let Some(command) = command else { return Ok(()) };
        shared.obey(command);
        if command == Command::End {
            while let Some(ended) = senders.join_next().await {
                ended??;
            }
        }
        control::answer(&shared.book.borrow().report())?;
    }
}

/// What the connections share.
pub(super) struct Shared {
    pub(super) pacer: Pacer,
    book: RefCell<Book>,
    measuring: Cell<bool>,
}

#[derive(Default)]
struct Book {
    figures: GeneratorReport,
    began_micros: u64,
    answer_micros: Histogram,
}

impl Shared {
    fn obey(&self, command: Command) {
        let mut book = self.book.borrow_mut();
        match command {
            Command::Begin => {
                self.measuring.set(true);
                book.began_micros = now_micros();
            }
            Command::End => {
                self.measuring.set(false);
                book.figures.window_micros = now_micros() - book.began_micros;
                self.pacer.end();
            }
            Command::Report => {}
        }
    }

    /// Notes the answer to one turn of `events` events, of which `accepted` were accepted.
    pub(super) fn note(&self, events: u64, accepted: u64, micros: u64) {
        let mut book = self.book.borrow_mut();
        let refused = events.saturating_sub(accepted);
        book.figures.accepted += accepted;
        book.figures.refused += refused;
        // What was refused will not arrive: its room is free again.
        self.pacer.release(refused);
        if self.measuring.get() {
            book.figures.accepted_in_window += accepted;
            book.answer_micros.record(micros);
        }
    }
}

impl Book {
    fn report(&self) -> GeneratorReport {
        GeneratorReport {
            answer_p50_micros: self.answer_micros.percentile(50.0),
            answer_p99_micros: self.answer_micros.percentile(99.0),
            ..self.figures
        }
    }
}

/// Makes room in the loop for what has arrived.
async fn make_room(mut feed: UnixStream, subscriptions: u64, shared: Rc<Shared>) -> io::Result<()> {
    let mut released = 0;
    loop {
        let events = feed.read_u64_le().await? / subscriptions;
        shared.pacer.release(events - released);
        released = events;
    }
}
