//! The sending process: posts numbered events over a fixed number of connections, to the server or, bare, straight to
//! the receiver.

mod book;
mod plan;
mod sender;

use std::{
    cell::{Cell, RefCell},
    io,
    rc::Rc,
};

use anyhow::{Context, Result};
use tokio::{
    io::AsyncReadExt,
    net::UnixStream,
    task::{JoinSet, LocalSet, spawn_local},
};

use self::{book::Book, sender::Answer};
pub(super) use self::{
    book::GeneratorReport,
    plan::{OnBreak, Plan, Target},
};
use super::{
    control::{self, Command},
    ledger,
    mark::now_micros,
    pace::Pacer,
};

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
    let plan: Rc<Plan> = Rc::new(orders.plan().await?);
    let shared = Rc::new(Shared {
        pacer: Pacer::new(plan.pace, plan.first_number),
        book: RefCell::new(Book::new(&plan)),
        measuring: Cell::new(false),
    });
    if let Some(feed) = &plan.feed {
        let feed = UnixStream::connect(feed).await.context("the receiver's feed")?;
        spawn_local(make_room(feed, plan.subscriptions, Rc::clone(&shared)));
    }
    let mut senders = JoinSet::new();
    for _ in 0..plan.connections {
        senders.spawn_local(sender::send(Rc::clone(&plan), Rc::clone(&shared)));
    }
    loop {
        let command = tokio::select! {
            command = orders.next() => command?,
            // A sender that breaks makes the run void.
            Some(ended) = senders.join_next() => { ended??; continue }
        };
        let Some(command) = command else { return Ok(()) };
        shared.obey(command);
        if matches!(command, Command::End | Command::Finish) {
            while let Some(ended) = senders.join_next().await {
                ended??;
            }
        }
        let book = shared.book.borrow();
        if let Some(path) = &plan.ledger {
            ledger::write(path, &book.accepted)?;
        }
        control::answer(&book.report())?;
    }
}

/// What the connections share.
struct Shared {
    pacer: Pacer,
    book: RefCell<Book>,
    measuring: Cell<bool>,
}

impl Shared {
    fn obey(&self, command: Command) {
        match command {
            Command::Begin => {
                self.measuring.set(true);
                self.book.borrow_mut().begin(now_micros());
            }
            Command::End => {
                self.measuring.set(false);
                self.book.borrow_mut().end(now_micros());
                self.pacer.end();
            }
            Command::Finish | Command::Report => {}
        }
    }

    /// Notes the answer to one turn.
    pub(super) fn note(&self, answer: Answer) {
        // What was refused will not arrive: its room is free again.
        self.pacer.release(answer.events.saturating_sub(answer.accepted));
        self.book.borrow_mut().note(answer, self.measuring.get());
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
