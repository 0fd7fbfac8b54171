//! Taking connections, and letting them go without breaking a request.
//!
//! **Invariants:** there are never more connections than may be; further ones wait in the system's queue. A connection that
//! sends nothing is closed after [`HEADER_READ_MAX`], also between two requests, and one whose client takes nothing of its
//! answer after [`STALL_MAX`]: so nobody keeps a place, or an answer in memory, by doing nothing. Once `stop` has come no new
//! request begins and those under way are answered. How long that may take is for the caller, who may drop the future.
//!
//! The sockets' own times are the runtime's, not an argument: no test turns them.

mod places;
mod stalling;

use std::{io, net::SocketAddr, pin::pin, time::Duration};

use axum::{Router, extract::ConnectInfo};
use hyper::{
    Request,
    body::Incoming,
    server::conn::http1,
    service::{Service as _, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::OwnedSemaphorePermit,
};

use self::{places::Places, stalling::Stalling};

/// How long a client may take to send the head of a request, counted from the end of the one before: so it is also how
/// long an idle connection is kept. Longer than the 60 s for which the usual proxies keep theirs, so that they and not we
/// close an idle one: the other way round, a request of theirs can meet a connection that is just being closed.
const HEADER_READ_MAX: Duration = Duration::from_secs(75);
/// How long a client may take nothing of what it is sent. A mobile one that passes through a tunnel comes back in time.
const STALL_MAX: Duration = Duration::from_secs(60);
/// Bytes of a request's head, and of a body between two reads.
const READ_BUFFER_BYTES_MAX: usize = 64 * 1024;
/// Rest after a failure of the listener itself, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Whether requests remember how their headers were spelt, which costs a little for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderSpelling {
    /// Only the inspector wants to know.
    Kept,
    /// HTTP knows no difference.
    Forgotten,
}

/// How connections are served.
#[derive(Clone, Copy, Debug)]
pub struct Serving {
    /// Whether the spelling of headers is known to those who answer.
    pub spelling: HeaderSpelling,
    /// How many connections may be open at a time; at least one.
    pub connections_max: usize,
}

/// Serves until `stop` ends, then finishes the requests that are under way, however long they take. The listener is closed at once, so that a
/// balancer or a following process sees it.
///
/// Errors: only what the listener reports before the first connection; a failing client ends its own task.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    serving: Serving,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    listener.local_addr()?;
    let connections = GracefulShutdown::new();
    let mut places = Places::of(serving.connections_max);
    let mut stop = pin!(stop);
    loop {
        let next = async {
            let place = places.next().await;
            (listener.accept().await, place)
        };
        tokio::select! {
            () = &mut stop => break,
            (accepted, place) = next => match accepted {
                Ok(accepted) => start((accepted, place), &router, serving.spelling, &connections),
                Err(error) if is_the_clients(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "no connection can be accepted now");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    connections.shutdown().await;
    Ok(())
}

/// One task for one client, whose address its requests carry as [`ConnectInfo`]; it holds its place to its end.
fn start(
    ((stream, remote), place): ((TcpStream, SocketAddr), OwnedSemaphorePermit),
    router: &Router,
    spelling: HeaderSpelling,
    connections: &GracefulShutdown,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection was lost before it began");
        return;
    }
    let router = TowerToHyperService::new(router.clone());
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(remote));
        router.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ_MAX)
        .max_buf_size(READ_BUFFER_BYTES_MAX)
        .preserve_header_case(spelling == HeaderSpelling::Kept)
        .serve_connection(TokioIo::new(Stalling::new(stream, STALL_MAX)), service);
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        let _place = place;
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended early");
        }
    });
}

/// The client went away between its knock and our answer.
fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
