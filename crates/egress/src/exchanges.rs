//! Exchanges over HTTP/1.1, and over HTTP/2 where it is asked for and the receiver chooses it.
//!
//! **Invariant:** there is one implementation of HTTP/1.1: a receiver that was offered HTTP/2 and did not choose it is
//! served by [`http_1`] as every other one, over the connection on which it has chosen.

use std::{mem, sync::Arc, time::Duration};

use http::{Method, Response};
use hyper::body::Incoming;
use postroad_domain::limits::RESPONSE_BODY_TIME_MAX;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use crate::{
    channel::Identity,
    connector::Route,
    exchange::{OutboundRequest, OutboundResponse, SendError},
    failure,
    http_1::{self, Asked, Http1, Http1Error},
    http_2::{self, Connection, Dialled, Http2, Unanswered},
    keeping::{Keeping, Key},
    target::Target,
};

/// Makes exchanges and keeps their connections.
pub(crate) struct Exchanges {
    http_1: Http1,
    http_2: Http2,
}

/// One exchange to make.
pub(crate) struct Order<'a> {
    /// Whose connections it may use.
    pub(crate) key: Key,
    pub(crate) tls: &'a TlsConnector,
    pub(crate) target: &'a Target,
    pub(crate) request: &'a OutboundRequest,
    pub(crate) deadline: Instant,
    /// From the beginning to the deadline, for people.
    pub(crate) time_max: Duration,
}

/// The head of an answer, whose body is still to be read.
enum Answered {
    Http1(http_1::Answered),
    Http2(Response<Incoming>),
}

/// What came of a search for HTTP/2.
enum Met {
    /// A receiver that speaks HTTP/1.1, with its answer.
    Http1(http_1::Answered),
    /// One that speaks HTTP/2, and was asked nothing yet.
    Http2(Connection),
}

impl Exchanges {
    /// Over `route`.
    pub(crate) fn new(route: Route, keeping: Keeping) -> Self {
        let route = Arc::new(route);
        Self { http_1: Http1::new(Arc::clone(&route), keeping), http_2: Http2::new(route, keeping) }
    }

    /// One exchange over HTTP/1.1. Errors: as [`Egress::exchange`](crate::Egress::exchange).
    pub(crate) async fn over_http_1(&self, order: &Order<'_>) -> Result<OutboundResponse, SendError> {
        let head = order.head()?;
        let asked = order.asked(&head);
        let answered = order.in_time(self.http_1.ask(&asked, order.tls)).await?.map_err(from_http_1)?;
        Ok(self.finish_http_1(answered, order).await)
    }

    /// One exchange over HTTP/2, or over HTTP/1.1 where the receiver does not choose it. Errors: as
    /// [`Egress::exchange`](crate::Egress::exchange).
    pub(crate) async fn over_newest(&self, order: &Order<'_>) -> Result<OutboundResponse, SendError> {
        match order.in_time(self.ask_newest(order)).await?? {
            Answered::Http1(answered) => Ok(self.finish_http_1(answered, order).await),
            Answered::Http2(answer) => Ok(http_2::finish(answer, order.body_deadline()).await),
        }
    }

    async fn ask_newest(&self, order: &Order<'_>) -> Result<Answered, SendError> {
        let mut is_repeated = false;
        loop {
            let known = self.http_2.open(&order.key, order.tls);
            let is_fresh = known.is_none();
            let connection = match known {
                Some(connection) => connection,
                None => match self.meet(order).await? {
                    Met::Http1(answered) => return Ok(Answered::Http1(answered)),
                    Met::Http2(connection) => connection,
                },
            };
            let asked = connection.ask(http_2::outgoing(order.target, order.request)?).await;
            let Unanswered { error, is_unsent } = match asked {
                Ok(answer) => return Ok(Answered::Http2(answer)),
                Err(unanswered) => unanswered,
            };
            if !error.is_of_one_stream() {
                self.http_2.give_up(&order.key, &connection);
            }
            // A receiver often closes its connection just when a request comes. Either nothing of it has left, or the receiver
            // says that it has not looked at it, which is believed once.
            let may_repeat = if is_unsent {
                !is_fresh
            } else {
                error.was_not_looked_at() && !mem::replace(&mut is_repeated, true)
            };
            if !may_repeat {
                return Err(failure::from_http_2(&error));
            }
        }
    }

    /// Looks for a connection where none of HTTP/2 is there. One of HTTP/1.1 that waits says what the receiver speaks.
    async fn meet(&self, order: &Order<'_>) -> Result<Met, SendError> {
        let head = order.head()?;
        let asked = order.asked(&head);
        if let Some(answered) = self.http_1.ask_waiting(&asked).await.map_err(from_http_1)? {
            return Ok(Met::Http1(answered));
        }
        let dialled = self.http_2.dial(&order.key, order.tls).await;
        match dialled.map_err(|error| failure::from_http_2(&error))? {
            Dialled::Http2(connection) => Ok(Met::Http2(connection)),
            Dialled::Http1(opened) => {
                self.http_1.ask_over(opened, &asked).await.map(Met::Http1).map_err(from_http_1)
            }
        }
    }

    async fn finish_http_1(&self, answered: http_1::Answered, order: &Order<'_>) -> OutboundResponse {
        let (status, headers, rest) = answered.into_parts();
        let (body, truncated) = self.http_1.finish(rest, order.body_deadline()).await;
        OutboundResponse { status, headers, body, truncated }
    }

    /// Closes what is kept of a channel.
    pub(crate) fn forget(&self, identity: Identity) {
        self.http_1.forget(identity);
        self.http_2.forget(identity);
    }
}

impl Order<'_> {
    /// The head of its request over HTTP/1.1. Errors: it cannot be sent.
    fn head(&self) -> Result<Vec<u8>, SendError> {
        let OutboundRequest { method, headers, body, .. } = self.request;
        http_1::write_head(method, self.target, headers, body)
    }

    fn asked<'a>(&'a self, head: &'a [u8]) -> Asked<'a> {
        let is_head = self.request.method == Method::HEAD;
        Asked { key: &self.key, head, body: &self.request.body, is_head }
    }

    /// Errors: the deadline passed.
    async fn in_time<T>(&self, work: impl Future<Output = T>) -> Result<T, SendError> {
        timeout_at(self.deadline, work).await.map_err(|_elapsed| failure::timed_out(self.time_max))
    }

    /// For a body whose head came just now.
    fn body_deadline(&self) -> Instant {
        self.deadline.min(Instant::now() + RESPONSE_BODY_TIME_MAX)
    }
}

fn from_http_1(error: Http1Error) -> SendError {
    failure::from_http_1(&error)
}
