//! The receiving process: answers everything, at the least cost, and keeps the book of what arrived.
//!
//! It tells the generator through a Unix socket how much has arrived, in total and as often as there is news, so that
//! the generator can keep a fixed number of events in the loop.

use std::{
    cell::{Cell, RefCell},
    io,
    path::{Path, PathBuf},
    rc::Rc,
};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream, UnixListener},
    sync::Notify,
    task::{LocalSet, spawn_local},
};

use super::{
    behaviour::{Behaviour, TRICKLE_PAUSE},
    control::{self, Command},
    ledger,
    mark::{LABEL, MARK_BYTES, Mark, now_micros},
    tally::Tally,
    wire::Connection,
};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
const FAILED: &[u8] = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n";

/// What a receiver is to do.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    /// Subscriptions; number N posts to `/N`.
    pub(super) subscriptions: u64,
    /// The Unix socket on which arrivals are told.
    pub(super) feed: PathBuf,
    pub(super) behaviour: Behaviour,
    /// The file to which the numbers of what has arrived are written with each report.
    pub(super) ledger: Option<PathBuf>,
}

/// Runs the process: its plan comes on the first line of the standard input, commands on the others.
///
/// # Errors
///
/// When the plan cannot be read or a socket not be opened.
pub(crate) fn run() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, serve())
}

async fn serve() -> Result<()> {
    let mut orders = control::Orders::new();
    let plan: Plan = orders.plan().await?;
    let book = Rc::new(Book {
        tally: RefCell::new(Tally::new(plan.subscriptions)),
        news: Notify::new(),
        behaviour: plan.behaviour,
        requests: Cell::new(0),
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.context("a port to receive on")?;
    spawn_local(feed(open_feed(&plan.feed)?, Rc::clone(&book)));
    control::answer(&listener.local_addr()?)?;
    spawn_local(accept(listener, Rc::clone(&book)));
    while let Some(command) = orders.next().await? {
        let mut tally = book.tally.borrow_mut();
        match command {
            Command::Begin => tally.begin(now_micros()),
            Command::End => tally.end(now_micros()),
            Command::Finish | Command::Report => {}
        }
        if let Some(path) = &plan.ledger {
            ledger::write(path, tally.seen())?;
        }
        control::answer(&tally.report())?;
    }
    Ok(())
}

struct Book {
    tally: RefCell<Tally>,
    news: Notify,
    behaviour: Behaviour,
    requests: Cell<u64>,
}

fn open_feed(path: &Path) -> Result<UnixListener> {
    UnixListener::bind(path).with_context(|| path.display().to_string())
}

/// Writes the total of arrivals whenever it has grown. Everything runs on one thread, so all that arrives in one turn of
/// the loop makes one message.
async fn feed(listener: UnixListener, book: Rc<Book>) -> io::Result<()> {
    let (mut stream, _) = listener.accept().await?;
    loop {
        let total = book.tally.borrow().distinct();
        stream.write_all(&total.to_le_bytes()).await?;
        book.news.notified().await;
    }
}

async fn accept(listener: TcpListener, book: Rc<Book>) {
    while let Ok((stream, _)) = listener.accept().await {
        let book = Rc::clone(&book);
        spawn_local(async move {
            // A connection ends when its sender is done or killed; what is missing shows in the book.
            if let Err(error) = converse(stream, &book).await
                && error.kind() == io::ErrorKind::InvalidData
            {
                eprintln!("receiver: {error}");
            }
        });
    }
}

async fn converse(stream: TcpStream, book: &Book) -> io::Result<()> {
    let mut connection = Connection::new(stream)?;
    let mut finder = Finder::default();
    while let Some(place) = connection.receive().await? {
        let subscription = subscription_of(connection.bytes(&place.head));
        let mark = finder.find(connection.bytes(&place.body));
        book.tally.borrow_mut().note(subscription, mark, now_micros());
        book.news.notify_one();
        reply(&mut connection, book).await?;
    }
    Ok(())
}

async fn reply(connection: &mut Connection, book: &Book) -> io::Result<()> {
    let number = book.requests.replace(book.requests.get() + 1);
    let pause = book.behaviour.pause(number);
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
    if book.behaviour == Behaviour::Trickling {
        for byte in OK.chunks(1) {
            tokio::time::sleep(TRICKLE_PAUSE).await;
            connection.send(byte).await?;
        }
        return Ok(());
    }
    connection.send(if book.behaviour.fails(number) { FAILED } else { OK }).await
}

/// The number in the path of the request line, `POST /7 HTTP/1.1`.
fn subscription_of(head: &[u8]) -> u64 {
    let path = head.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    let number = path.strip_prefix(b"/").and_then(|digits| std::str::from_utf8(digits).ok());
    number.and_then(|digits| digits.parse().ok()).unwrap_or(u64::MAX)
}

/// Finds the mark in a body, first where it was in the body before.
#[derive(Debug, Default)]
struct Finder {
    place: usize,
}

impl Finder {
    fn find(&mut self, body: &[u8]) -> Option<Mark> {
        let label = LABEL.as_bytes();
        if body.get(..self.place).is_none_or(|before| !before.ends_with(label)) {
            self.place = body.windows(label.len()).position(|window| window == label)? + label.len();
        }
        Mark::read(body.get(self.place..self.place + MARK_BYTES)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_found_wherever_it_moves() {
        let mut finder = Finder::default();
        let mark = r#""bench":"000000000007:0000000000000009""#;
        for body in
            [format!("{{{mark}}}"), format!("{{{mark}}}"), format!("{{\"type\":\"x\",\"data\":{{{mark}}}}}")]
        {
            assert_eq!(finder.find(body.as_bytes()), Some(Mark { number: 7, sent_micros: 9 }), "{body}");
        }
        assert_eq!(finder.find(b"{}"), None);
    }

    #[test]
    fn the_path_names_the_subscription() {
        assert_eq!(subscription_of(b"POST /12 HTTP/1.1\r\nhost: x"), 12);
        assert_eq!(subscription_of(b"POST /hook HTTP/1.1"), u64::MAX);
    }
}
