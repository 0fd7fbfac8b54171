//! `ANY /inspect/{bin}/{*path}`: records a request and answers what the bin was told to.
//!
//! **Invariants:** bodies that are being read and answers that wait are bounded, with a share for each sender; who comes on
//! top is recorded too, and told why at once ([`Refusal`]). Nothing here outlives its connection: a client that hangs up gives
//! its place free.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    response::{IntoResponse, Response},
};
use http::request::Parts;
use http_body_util::BodyExt;
use postroad_domain::limits::{INSPECTOR_BODY_BYTES_MAX, INSPECTOR_BODY_BYTES_READ_MAX};
use postroad_engine::{Share, Shares};
use tokio::sync::OwnedSemaphorePermit;

use super::spelling;
use crate::inspector::{
    Inspector, answer::Answer, holder::Holder, name::BinName, recorded::Recorded, refusal::Refusal,
};

/// How long a body may take; what has come by then is recorded.
const BODY_TIME_MAX: Duration = Duration::from_secs(60);

/// Any request, whatever it is.
pub(super) async fn record(State(inspector): State<Inspector>, request: Request) -> Response {
    let at = inspector.0.clock.now();
    let (mut parts, body) = request.into_parts();
    let bin = match BinName::of_path(&mut parts, inspector.0.name_chars_min).await {
        Ok(name) => name,
        Err(problem) => return problem.into_response(),
    };
    let remote = remote(&parts);
    let sender = Holder::of(remote);
    let arrived = read(body, &inspector, &sender).await;
    let turn = turn(&inspector, &bin, &sender, arrived.refusal);
    let recorded = Recorded {
        at,
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: spelling::as_received(&parts.headers, &parts.extensions),
        body: arrived.kept.into(),
        body_bytes: arrived.bytes,
        is_incomplete: arrived.is_incomplete,
        remote,
        answered: turn.as_ref().map_or_else(|refusal| refusal.status(), |turn| turn.answer.status).as_u16(),
        refusal: turn.as_ref().err().copied(),
    };
    inspector.0.bins.lock().record(&bin, recorded, inspector.0.clock.monotonic());
    // From here on the bin counts it.
    drop(arrived.share);
    match turn {
        Ok(turn) => turn.answer_in_time(&inspector).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// A connection within the process has no address.
fn remote(parts: &Parts) -> Option<SocketAddr> {
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| *address)
}

/// An answer, with its places among those that wait where it waits.
struct Turn {
    answer: Arc<Answer>,
    _places: Option<(OwnedSemaphorePermit, Share<Holder>)>,
}

impl Turn {
    async fn answer_in_time(self, inspector: &Inspector) -> Response {
        if !self.answer.delay.is_zero() {
            inspector.0.clock.sleep(self.answer.delay).await;
        }
        self.answer.response()
    }
}

fn turn(
    inspector: &Inspector,
    bin: &BinName,
    sender: &Holder,
    refusal: Option<Refusal>,
) -> Result<Turn, Refusal> {
    let (answer, waiting) = inspector.0.bins.lock().turn(bin, inspector.0.clock.monotonic());
    if let Some(refusal) = refusal {
        return Err(refusal);
    }
    if answer.delay.is_zero() {
        return Ok(Turn { answer, _places: None });
    }
    let in_bin = waiting.try_acquire_owned().map_err(|_| Refusal::BinWaits)?;
    let in_all = inspector.0.waiting.take(sender, 0).ok_or(Refusal::ShareWaits)?;
    Ok(Turn { answer, _places: Some((in_bin, in_all)) })
}

/// As much of a body as came.
#[derive(Default)]
struct Arrived {
    kept: Vec<u8>,
    /// The room that it takes until it is recorded.
    share: Option<Share<Holder>>,
    bytes: usize,
    is_incomplete: bool,
    refusal: Option<Refusal>,
}

async fn read(mut body: Body, inspector: &Inspector, sender: &Holder) -> Arrived {
    let mut arrived = Arrived::default();
    let mut time_is_over = inspector.0.clock.sleep(BODY_TIME_MAX);
    arrived.is_incomplete = loop {
        let frame = tokio::select! {
            biased;
            frame = body.frame() => frame,
            () = &mut time_is_over => break true,
        };
        match frame {
            None => break false,
            Some(Err(_)) => break true,
            // Trailers have no place here: nothing that sends webhooks writes any.
            Some(Ok(frame)) => {
                arrived.take(&frame.into_data().unwrap_or_default(), &inspector.0.bodies, sender);
            }
        }
        if arrived.bytes > INSPECTOR_BODY_BYTES_READ_MAX {
            arrived.refusal = Some(Refusal::BodyTooLong);
            break true;
        }
    };
    // What the growing left over would be kept with it, and counted by nobody.
    arrived.kept.shrink_to_fit();
    arrived
}

impl Arrived {
    /// Keeps what there is room for. What is not kept is still read, so that the sender lives to see the answer.
    fn take(&mut self, data: &[u8], bodies: &Shares<Holder>, sender: &Holder) {
        self.bytes += data.len();
        let fits = data.len().min(INSPECTOR_BODY_BYTES_MAX - self.kept.len());
        if fits == 0 || self.refusal.is_some() {
            return;
        }
        if self.share.is_none() {
            self.share = bodies.take(sender, 0);
        }
        let kept = self.kept.len() + fits;
        if !self.share.as_mut().is_some_and(|share| share.grow_to(kept)) {
            self.refusal = Some(Refusal::TooMuchComes);
            return;
        }
        self.kept.extend_from_slice(&data[..fits]);
    }
}
