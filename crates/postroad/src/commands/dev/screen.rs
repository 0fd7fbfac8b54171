//! What the demo shows.

use std::{io, net::SocketAddr, path::Path, time::Duration};

use postroad_domain::Timestamp;

use super::{receiver::Arrival, tenants::DemoTenant};
use crate::output;

/// The tenant whose event types are free, so that anybody's event goes.
const TENANT: &str = "standard";
/// Letters of a body that are shown: with what stands before them, one line of a usual terminal.
const BODY_CHARS: usize = 72;
const DAY_MS: i64 = 24 * 3_600_000;

/// What is told at the start.
pub(super) struct Introduction<'a> {
    /// Where the server listens.
    pub(super) address: SocketAddr,
    /// The server's URL.
    pub(super) server: &'a str,
    /// The key that may do everything.
    pub(super) admin_key: &'a str,
    /// The demo's tenants.
    pub(super) tenants: &'a [DemoTenant],
    /// The URL of the demo's receiver for a tenant.
    pub(super) receiver: &'a str,
    /// Where the data is meanwhile.
    pub(super) folder: &'a Path,
    /// Time between two sample events.
    pub(super) sample_every: Duration,
}

/// Says what is running and how to join in. The first line is the one of `serve`.
///
/// Errors: nobody reads it.
pub(super) fn introduce(what: &Introduction<'_>) -> io::Result<()> {
    let Introduction { address, server, admin_key, tenants, receiver, folder, sample_every } = what;
    let tenants: Vec<_> = tenants.iter().map(|tenant| format!("{} ({})", tenant.id, tenant.title)).collect();
    output::line(format_args!(
        "listening on http://{address}
admin key: {admin_key}

  tenants        {tenants}
  subscriptions  every event of each tenant to {receiver}
  data           {folder} (removed at the end)

Publish an event of your own:

  curl {server}/v1/tenants/{TENANT}/events -H 'Authorization: Bearer {admin_key}' \
         -H 'Content-Type: application/json' -d '{example}'

A sample event is published every {seconds} seconds; deliveries as they arrive (Ctrl-C ends the demo):

  time (UTC)    tenant       status  body",
        tenants = tenants.join(", "),
        folder = folder.display(),
        example = r#"{"type":"order.created","data":{"id":"ord_1","total":"42.00"}}"#,
        seconds = sample_every.as_secs(),
    ))
}

/// One line for one delivery.
///
/// Errors: nobody reads it.
pub(super) fn show(arrival: &Arrival) -> io::Result<()> {
    output::line(line(arrival))
}

fn line(arrival: &Arrival) -> String {
    let Arrival { at, tenant, status, body } = arrival;
    let (time, status) = (time_of_day(*at), status.as_u16());
    let beginning: String = body.chars().filter(|letter| !letter.is_control()).take(BODY_CHARS).collect();
    let more = if beginning.len() < body.len() { "…" } else { "" };
    format!("  {time}  {tenant:<11}  {status:>6}  {beginning}{more}")
}

fn time_of_day(at: Timestamp) -> String {
    let ms = at.as_millis().rem_euclid(DAY_MS);
    let (seconds, ms) = (ms / 1_000, ms % 1_000);
    format!("{:02}:{:02}:{:02}.{ms:03}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[test]
    fn a_delivery_is_one_readable_line() {
        let mut arrival = Arrival {
            at: Timestamp::parse("2026-11-21T09:05:07.042Z").unwrap(),
            tenant: "leadhub".to_owned(),
            status: StatusCode::OK,
            body: "{\"event\":\n1}".to_owned(),
        };
        assert_eq!(line(&arrival), "  09:05:07.042  leadhub         200  {\"event\":1}…");
        arrival.body = "ä".repeat(200);
        assert_eq!(line(&arrival).chars().filter(|letter| *letter == 'ä').count(), BODY_CHARS);
    }
}
