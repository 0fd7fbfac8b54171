//! The bodies of events: how long one may be, and how many may be read at a time.
//!
//! An event may have 1 MiB, unless the tenant's profile allows longer data; a batch 16 MiB. Longer bodies than a few
//! kilobytes are kept only when there is room for them: callers who send more than the server can take are told so, before
//! it has taken it where the body says how long it is. Room is taken by what has come, not by what is announced.

use axum::{
    body::{Body, HttpBody},
    extract::{FromRequest, FromRequestParts, Request},
};
use bytes::Bytes;
use http::request::Parts;
use postroad_domain::limits::{
    ATTRIBUTES_BYTES_MAX, BATCH_BODY_BYTES_MAX, EVENT_BODY_BYTES_MAX, REQUEST_BODY_FREE_BYTES_MAX,
    TAG_CHARS_MAX, TAGS_MAX,
};
use postroad_engine::{self as engine, LoadedProfile, PublishError};

use crate::{
    body::{discard_in_time, read_in_time, read_while_there_is_room},
    path::TenantPath,
    problem::Problem,
    state::ServerState,
};

/// Bytes of an event around its data, where these have a limit of their own: attributes, tags at six bytes for each
/// character, and as much again for names and white space.
const ENVELOPE_BYTES_MAX: usize = 2 * (ATTRIBUTES_BYTES_MAX + TAGS_MAX * TAG_CHARS_MAX * 6);

/// The room that a body has; short ones need none. Kept until its events are published.
pub(in crate::v1) type BodyRoom = Option<engine::BodyRoom>;

/// Runs what publishes a body. With a room it runs to its end also when the client hangs up, and holds the room until then:
/// long data is checked beside everything else, and nobody may fill the memory by hanging up again and again.
pub(super) async fn publish_within<T: Send + 'static>(
    room: BodyRoom,
    publishing: impl Future<Output = T> + Send + 'static,
) -> Result<T, Problem> {
    let Some(room) = room else { return Ok(publishing.await) };
    let to_its_end = async move {
        let published = publishing.await;
        drop(room);
        published
    };
    tokio::spawn(to_its_end).await.map_err(|error| Problem::of_panic(&error))
}

/// The bytes of the body of one event.
pub(in crate::v1) struct EventBody(pub(in crate::v1) Bytes, pub(in crate::v1) BodyRoom);

/// The bytes of the body of a batch of events.
pub(super) struct BatchBody(pub(super) Bytes, pub(super) BodyRoom);

impl FromRequest<ServerState> for EventBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ServerState) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        // Nearly every event says that it is short; only for the others the tenant is looked up.
        let max = if announced(&body).is_some_and(|bytes| bytes <= EVENT_BODY_BYTES_MAX) {
            EVENT_BODY_BYTES_MAX
        } else {
            let TenantPath(tenant) = TenantPath::from_request_parts(&mut parts, state).await?;
            let loaded = state.engine.configuration().profile_of(&tenant).await;
            let loaded = loaded.map_err(|error| Problem::of_lookup(error, "tenant"))?;
            event_bytes_max(&loaded)
        };
        let (body, room) = read(&mut parts, body, max, state).await?;
        Ok(Self(body, room))
    }
}

impl FromRequest<ServerState> for BatchBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ServerState) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let (body, room) = read(&mut parts, body, BATCH_BODY_BYTES_MAX, state).await?;
        Ok(Self(body, room))
    }
}

/// Bytes of one event of a tenant with this profile. How long the data alone may be is for the engine to check.
pub(super) fn event_bytes_max(loaded: &LoadedProfile) -> usize {
    let data_bytes_max = usize::try_from(loaded.profile.ingest.data_bytes_max).unwrap_or(usize::MAX);
    if data_bytes_max <= EVENT_BODY_BYTES_MAX {
        return EVENT_BODY_BYTES_MAX;
    }
    data_bytes_max.saturating_add(ENVELOPE_BYTES_MAX)
}

/// Reads a body of at most `max` bytes as long as there is room for it.
async fn read(
    parts: &mut Parts,
    body: Body,
    max: usize,
    state: &ServerState,
) -> Result<(Bytes, BodyRoom), Problem> {
    let announced = announced(&body);
    if announced.is_some_and(|bytes| bytes <= REQUEST_BODY_FREE_BYTES_MAX) {
        return Ok((read_in_time(body, max, &*state.clock).await?, None));
    }
    let TenantPath(tenant) = TenantPath::from_request_parts(parts, state).await?;
    let Some(mut room) =
        state.engine.accepting().room_for_body(&tenant, announced.map(|bytes| bytes.min(max)))
    else {
        discard_in_time(body, max, &*state.clock).await;
        return Err(PublishError::Overloaded.into());
    };
    let may_keep = |bytes| state.engine.accepting().may_keep(&mut room, bytes);
    let kept = read_while_there_is_room(body, max, &*state.clock, may_keep).await?;
    kept.map(|bytes| (bytes, Some(room))).ok_or_else(|| PublishError::Overloaded.into())
}

/// Bytes that the body says it has, where it says so.
fn announced(body: &Body) -> Option<usize> {
    body.size_hint().upper().map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX))
}
