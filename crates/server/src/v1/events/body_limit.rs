//! How long an event may be: 1 MiB, unless the tenant's profile allows longer data.

use axum::extract::{FromRequest, FromRequestParts, Request};
use bytes::Bytes;
use postroad_domain::limits::{ATTRIBUTES_BYTES_MAX, EVENT_BODY_BYTES_MAX, TAG_CHARS_MAX, TAGS_MAX};
use postroad_engine::LoadedProfile;

use crate::{body::read_in_time, path::TenantPath, problem::Problem, state::ServerState};

/// Bytes of an event around its data, where these have a limit of their own: attributes, tags at six bytes for each
/// character, and as much again for names and white space.
const ENVELOPE_BYTES_MAX: usize = 2 * (ATTRIBUTES_BYTES_MAX + TAGS_MAX * TAG_CHARS_MAX * 6);

/// The bytes of the body of one event.
pub(in crate::v1) struct EventBody(pub(in crate::v1) Bytes);

impl FromRequest<ServerState> for EventBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ServerState) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        // Nearly every event says that it is short; only for the others the profile is looked up.
        let announced = axum::body::HttpBody::size_hint(&body).upper();
        let max = if announced.is_some_and(|bytes| bytes <= EVENT_BODY_BYTES_MAX as u64) {
            EVENT_BODY_BYTES_MAX
        } else {
            let TenantPath(tenant) = TenantPath::from_request_parts(&mut parts, state).await?;
            let loaded = state.engine.profile_of(&tenant).await;
            let loaded = loaded.map_err(|error| Problem::of_lookup(error, "tenant"))?;
            event_bytes_max(&loaded)
        };
        read_in_time(body, max, state).await.map(Self)
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
