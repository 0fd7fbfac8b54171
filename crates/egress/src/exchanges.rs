//! Exchanges over HTTP/1.1, and over HTTP/2 where it is asked for and the receiver chooses it.
//!
//! **Invariant:** there is one implementation of HTTP/1.1: a receiver that was offered HTTP/2 and did not choose it is
//! served by [`http_1`] as every other one, over the connection on which it has chosen.

use std::{sync::Arc, time::Duration};

use http::Method;
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
    repeating::Repeating,
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
    pub(crate) repeating: Repeating,
}

/// The head of an answer, whose body is still to be read.
enum Answered {
    Http1(http_1::Answered),
    Http2(http_2::Answer),
}

/// What came of a search for HTTP/2.
#[expect(
    clippy::large_enum_variant,
    reason = "it is handed up once, on the heap of the exchange that searched"
)]
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
        let mut used = None;
        let asked = order.in_time(self.ask_newest(order, &mut used)).await;
        if let (Err(_late), Some(connection)) = (&asked, &used) {
            // The receiver may be lost or stall, or send without end what is no answer: nobody waits for that twice.
            self.http_2.give_up(&order.key, connection);
        }
        match asked?? {
            Answered::Http1(answered) => Ok(self.finish_http_1(answered, order).await),
            Answered::Http2(answer) => Ok(http_2::finish(answer, order.body_deadline()).await),
        }
    }

    /// `used` becomes the connection that has been asked last.
    async fn ask_newest(
        &self,
        order: &Order<'_>,
        used: &mut Option<Connection>,
    ) -> Result<Answered, SendError> {
        loop {
            let kept = self.http_2.open(&order.key, order.tls).filter(|_| !order.repeating.is_done());
            let is_kept = kept.is_some();
            let connection = match kept {
                Some(connection) => connection,
                None => match self.meet(order).await? {
                    Met::Http1(answered) => return Ok(Answered::Http1(answered)),
                    Met::Http2(connection) => connection,
                },
            };
            let connection = &*used.insert(connection);
            let asked = connection.ask(http_2::outgoing(order.target, order.request)?).await;
            let Unanswered { error, is_unsent } = match asked {
                Ok(answer) => return Ok(Answered::Http2(answer)),
                Err(unanswered) => unanswered,
            };
            // A receiver often closes its connection just when a request comes.
            let goes_out_again = if is_unsent {
                // Nothing of it has left.
                is_kept
            } else if error.was_not_looked_at() {
                order.repeating.after_refusal()
            } else {
                is_kept && error.is_end() && order.repeating.after_end()
            };
            if goes_out_again || !error.is_of_one_stream() {
                self.http_2.give_up(&order.key, connection);
            }
            if !goes_out_again {
                return Err(failure::from_http_2(&error));
            }
        }
    }

    /// Looks for a connection where none of HTTP/2 is there. One of HTTP/1.1 that waits says what the receiver speaks.
    async fn meet(&self, order: &Order<'_>) -> Result<Met, SendError> {
        let head = order.head()?;
        let asked = order.asked(&head);
        if !order.repeating.is_done()
            && let Some(answered) = self.http_1.ask_waiting(&asked).await.map_err(from_http_1)?
        {
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
        let (headers, rest) = answered.into_parts();
        let (status, is_head_cut) = (rest.status(), rest.is_cut());
        let (body, is_body_cut) = self.http_1.finish(rest, order.body_deadline()).await;
        OutboundResponse { status, headers, body, truncated: is_head_cut || is_body_cut, repeated: false }
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
        Asked { key: &self.key, head, body: &self.request.body, is_head, repeating: &self.repeating }
    }

    /// What came of it, with whether its request went out twice.
    pub(crate) fn noted(
        &self,
        outcome: Result<OutboundResponse, SendError>,
    ) -> Result<OutboundResponse, SendError> {
        let repeated = self.repeating.is_done();
        match outcome {
            Ok(response) => Ok(OutboundResponse { repeated, ..response }),
            Err(failed) => Err(SendError { repeated, ..failed }),
        }
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
