//! `POST /v1/tenants/{tenant}/subscriptions/{id}/preview`

use axum::{Json, extract::State};
use bytes::Bytes;
use postroad_domain::{Timestamp, ids::SubscriptionKind, limits::NAME_CHARS_MAX};
use postroad_engine::{PreviewEvent, text_within};
use postroad_profile::ExactRequest;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{
    caller::{ObjectOf, SubscriptionsWrite},
    check::{Carried, Faults, body},
    envelope::{Envelope, Enveloped},
    json,
    path::{ObjectPath, TenantPath},
    problem::{Problem, ProblemDocument, Refusals},
    state::ServerState,
    v1::events::{body_limit::EventBody, item},
};

body! {
    /// An event to look at.
    #[derive(ToSchema)]
    #[schema(as = Preview)]
    struct PreviewBody {
        /// What happened, by the wire code or the title of an event type; by default the first that the subscription selects.
        r#type: Option<String>,
        /// Any JSON value that the profile takes; by default the example of the event type.
        #[schema(value_type = Option<Value>)]
        #[expect(dead_code, reason = "the envelope carries it; here are its name and description")]
        data: Carried,
        /// The attributes that the profile declares; at most 16 KiB. By default those of the example, where that is shown.
        #[schema(value_type = Option<Object>)]
        #[expect(dead_code, reason = "the envelope carries it; here are its name and description")]
        attributes: Carried,
        /// When it happened; by default now.
        #[schema(value_type = Option<String>, format = DateTime)]
        occurred_at: Option<Timestamp>,
    }
    later ["filter", "transform"]
}

impl Enveloped<2> for PreviewBody {
    const CARRIED: [&'static str; 2] = ["data", "attributes"];
}

/// A request as it would be sent.
#[derive(Serialize, ToSchema)]
#[schema(as = PreviewedRequest)]
pub(crate) struct PreviewJson {
    /// `POST`.
    method: String,
    /// The whole URL.
    url: String,
    /// In the order they would be sent, with their values; masked where the profile makes them of what it keeps like a secret.
    headers: Vec<PreviewHeader>,
    /// The body as text; bytes that are not UTF-8 are replaced.
    body: String,
}

/// A header of a previewed request.
#[derive(Serialize, ToSchema)]
pub(crate) struct PreviewHeader {
    /// Its name.
    name: String,
    /// Its value.
    value: String,
}

impl PreviewJson {
    fn of(request: ExactRequest) -> Self {
        let header =
            |(name, value): (&str, &str)| PreviewHeader { name: name.to_owned(), value: value.to_owned() };
        Self {
            method: request.method,
            url: request.url,
            headers: request.headers.iter().map(header).collect(),
            body: String::from_utf8_lossy(&request.body).into_owned(),
        }
    }
}

/// Look at the request of an event
///
/// Makes the exact request, signed, of an event and sends nothing; without a body, of the example that a test would send. Its
/// ids are made up and its times are those of now; secret options and the keys of endpoints are masked in headers and URL.
#[utoipa::path(
    post,
    path = "/v1/tenants/{tenant}/subscriptions/{id}/preview",
    tag = "subscriptions",
    security(("key" = ["subscriptions:write"])),
    params(TenantPath, ObjectPath<SubscriptionKind>),
    request_body(content = Option<PreviewBody>, content_type = "application/json"),
    responses(
        (status = 200, description = "The request", body = PreviewJson),
        (status = 413, description = "Longer than 1 MiB, or than the profile allows", body = ProblemDocument,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(super) async fn preview_request(
    ObjectOf { tenant, id, .. }: ObjectOf<SubscriptionsWrite, SubscriptionKind>,
    State(state): State<ServerState>,
    EventBody(body, _room): EventBody,
) -> Result<Json<PreviewJson>, Problem> {
    let event = read(if body.is_empty() { "{}" } else { json::text(&body)? })?;
    let request = state.engine.sending().preview(&tenant, id, event).await?;
    Ok(Json(PreviewJson::of(request)))
}

/// No body is the same as an empty object.
fn read(body: &str) -> Result<PreviewEvent, Problem> {
    let envelope: Envelope<'_, PreviewBody, 2> = Envelope::read(body, "")?;
    let faults = Faults::default();
    let [data, attributes] = envelope.carried;
    let attributes = attributes.and_then(|raw| item::read_attributes(raw, "", &faults));
    let PreviewBody { r#type, occurred_at, .. } = envelope.small("", &faults);
    let event_type = r#type.and_then(|name| faults.check("type", text_within(name, 1, NAME_CHARS_MAX)));
    faults.finish(Some(PreviewEvent {
        event_type,
        data: data.map(bytes_of),
        attributes: attributes.map(bytes_of).unwrap_or_default(),
        occurred_at,
    }))
}

fn bytes_of(raw: &RawValue) -> Bytes {
    Bytes::copy_from_slice(raw.get().as_bytes())
}
