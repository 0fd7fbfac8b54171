//! `ANY /inspect/{bin}/{*path}`: records a request and answers what the bin was told to.

use std::{net::SocketAddr, time::Duration};

use axum::{
    body::Body,
    extract::{ConnectInfo, FromRequestParts, Request, State},
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use http::{StatusCode, request::Parts};
use http_body_util::BodyExt;
use postroad_domain::limits::{INSPECTOR_BODY_BYTES_MAX, INSPECTOR_BODY_BYTES_READ_MAX};

use super::{Inspector, name::BinPath, recorded::Recorded, spelling};

/// How long a body may take; what has come by then is recorded.
const BODY_TIME_MAX: Duration = Duration::from_secs(60);

/// Any request, whatever it is.
pub(super) async fn record(State(inspector): State<Inspector>, request: Request) -> Response {
    let at = inspector.0.clock.now();
    let (mut parts, body) = request.into_parts();
    let BinPath(_, bin) = match BinPath::from_request_parts(&mut parts, &inspector).await {
        Ok(path) => path,
        Err(problem) => return problem.into_response(),
    };
    let arrived = read(body, &inspector).await;
    let answer = inspector.0.bins.lock().answer(&bin, inspector.0.clock.monotonic());
    let is_too_long = arrived.bytes > INSPECTOR_BODY_BYTES_READ_MAX;
    let answered = if is_too_long { StatusCode::PAYLOAD_TOO_LARGE } else { answer.status };
    let recorded = Recorded {
        at,
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: spelling::as_received(&parts.headers, &parts.extensions),
        body: arrived.kept,
        body_bytes: arrived.bytes,
        is_incomplete: arrived.is_incomplete,
        remote: remote(&parts),
        answered: answered.as_u16(),
    };
    inspector.0.bins.lock().record(&bin, recorded, inspector.0.clock.monotonic());
    if is_too_long {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    if !answer.delay.is_zero() {
        inspector.0.clock.sleep(answer.delay).await;
    }
    answer.response()
}

/// A connection within the process has no address.
fn remote(parts: &Parts) -> Option<SocketAddr> {
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| *address)
}

/// As much of a body as came.
struct Arrived {
    kept: Bytes,
    bytes: usize,
    is_incomplete: bool,
}

async fn read(mut body: Body, inspector: &Inspector) -> Arrived {
    let (mut kept, mut bytes) = (BytesMut::new(), 0);
    let mut time_is_over = inspector.0.clock.sleep(BODY_TIME_MAX);
    let is_incomplete = loop {
        let frame = tokio::select! {
            biased;
            frame = body.frame() => frame,
            () = &mut time_is_over => break true,
        };
        let data = match frame {
            None => break false,
            Some(Err(_)) => break true,
            // Trailers have no place here: nothing that sends webhooks writes any.
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
        };
        bytes += data.len();
        let room = INSPECTOR_BODY_BYTES_MAX - kept.len();
        kept.extend_from_slice(&data[..data.len().min(room)]);
        if bytes > INSPECTOR_BODY_BYTES_READ_MAX {
            break true;
        }
    };
    Arrived { kept: kept.freeze(), bytes, is_incomplete }
}
