//! Reading a body, up to its limits of length and time and no further.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, HttpBody},
    extract::{FromRef, FromRequest, Request},
};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use postroad_domain::{Clock, time::Sleep};

use crate::problem::{Code, Problem};

/// How long a body may take. Sixteen mebibytes pass in it at 2 Mbit/s.
const BODY_TIME_MAX: Duration = Duration::from_secs(60);

/// The bytes of a body of at most `MAX` bytes, whatever its content type says.
pub(crate) struct LimitedBody<const MAX: usize>(pub(crate) Bytes);

impl<S: Sync, const MAX: usize> FromRequest<S> for LimitedBody<MAX>
where
    Arc<dyn Clock>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        read_in_time(request.into_body(), MAX, &*Arc::<dyn Clock>::from_ref(state)).await.map(Self)
    }
}

/// The bytes of a body of at most `max` bytes.
pub(crate) async fn read_in_time(body: Body, max: usize, clock: &dyn Clock) -> Result<Bytes, Problem> {
    tokio::select! {
        // Most bodies have come with their head; for those the clock is not even asked.
        biased;
        read = read(body, max) => read,
        () = async { clock.sleep(BODY_TIME_MAX).await } => Err(too_slow()),
    }
}

/// The bytes of a body of at most `max` bytes, as long as `may_keep` says of the bytes that have come that they may be
/// kept. When it says no the body is discarded, and there is none.
pub(crate) async fn read_while_there_is_room(
    mut body: Body,
    max: usize,
    clock: &dyn Clock,
    may_keep: impl FnMut(usize) -> bool,
) -> Result<Option<Bytes>, Problem> {
    let mut time_is_over = clock.sleep(BODY_TIME_MAX);
    let kept = tokio::select! {
        biased;
        kept = keep(&mut body, max, may_keep) => kept?,
        () = &mut time_is_over => return Err(too_slow()),
    };
    if kept.is_none() {
        discard_until(body, max, time_is_over).await;
    }
    Ok(kept)
}

/// Takes a body of at most `max` bytes from the connection and keeps nothing of it. A client that still sends when the
/// connection closes may lose the answer that says why it was refused.
pub(crate) async fn discard_in_time(body: Body, max: usize, clock: &dyn Clock) {
    discard_until(body, max, clock.sleep(BODY_TIME_MAX)).await;
}

async fn discard_until(mut body: Body, max: usize, time_is_over: Sleep) {
    let discard = async {
        let mut left = max;
        while let Some(Ok(frame)) = body.frame().await {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            let Some(rest) = left.checked_sub(bytes) else { return };
            left = rest;
        }
    };
    tokio::select! {
        biased;
        () = discard => {}
        () = time_is_over => {}
    }
}

async fn read(body: Body, max: usize) -> Result<Bytes, Problem> {
    check_announced(&body, max)?;
    match Limited::new(body, max).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large(max)),
        Err(_) => Err(broken()),
    }
}

async fn keep(
    body: &mut Body,
    max: usize,
    mut may_keep: impl FnMut(usize) -> bool,
) -> Result<Option<Bytes>, Problem> {
    check_announced(body, max)?;
    // In one piece, since a list of tiny ones takes many times the bytes that are in them.
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| broken())?;
        let Some(data) = frame.data_ref() else { continue };
        let length = whole.len() + data.len();
        if length > max {
            return Err(too_large(max));
        }
        if !may_keep(length) {
            return Ok(None);
        }
        whole.extend_from_slice(data);
    }
    // Events that are made of it hold all of it, for as long as they wait.
    whole.shrink_to_fit();
    Ok(Some(whole.into()))
}

/// A body that says how long it is need not be read to be refused.
fn check_announced(body: &Body, max: usize) -> Result<(), Problem> {
    if body.size_hint().lower() > max as u64 { Err(too_large(max)) } else { Ok(()) }
}

fn broken() -> Problem {
    Problem::new(Code::IncompleteBody, "The connection broke before the body's end.")
}

fn too_large(max: usize) -> Problem {
    Problem::new(Code::BodyTooLarge, format!("The body may have {max} bytes here."))
}

fn too_slow() -> Problem {
    let detail = format!("The body must be here {} seconds after its head.", BODY_TIME_MAX.as_secs());
    Problem::new(Code::BodyTooSlow, detail)
}
