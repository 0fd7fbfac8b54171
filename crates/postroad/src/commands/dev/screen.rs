//! What the demo shows.

use std::{io, net::SocketAddr, path::Path, time::Duration};

use postroad_domain::Timestamp;

use super::receiver::Arrival;
use crate::output;

const DAY_MS: i64 = 24 * 3_600_000;

/// What is told at the start.
pub(super) struct Introduction<'a> {
    /// Where the server listens.
    pub(super) address: SocketAddr,
    /// The server's URL.
    pub(super) server: &'a str,
    /// The key that may do everything.
    pub(super) admin_key: &'a str,
    /// The demo's tenant.
    pub(super) tenant: &'a str,
    /// The URL of the demo's receiver.
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
    let Introduction { address, server, admin_key, tenant, receiver, folder, sample_every } = what;
    output::line(format_args!(
        "listening on http://{address}
admin key: {admin_key}

  tenant        {tenant}
  subscription  every event to {receiver}
  data          {folder} (removed at the end)

Publish an event of your own:

  curl {server}/v1/tenants/{tenant}/events -H 'Authorization: Bearer {admin_key}' \
         -H 'Content-Type: application/json' -d '{example}'

A sample event is published every {seconds} seconds; deliveries as they arrive (Ctrl-C ends the demo):

  time (UTC)    event             id                              status  after",
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
    let Arrival { at, event_type, event_id, status, taken } = arrival;
    let (time, status, taken) = (time_of_day(*at), status.as_u16(), taken.as_millis());
    format!("  {time}  {event_type:<16}  {event_id:<30}  {status:>6}  {taken:>3} ms")
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
        let arrival = Arrival {
            at: Timestamp::parse("2026-11-21T09:05:07.042Z").unwrap(),
            event_type: "order.paid".to_owned(),
            event_id: "evt_01kamj5wcqe8ht0000000000".to_owned(),
            status: StatusCode::OK,
            taken: Duration::from_millis(4),
        };
        let expected = "  09:05:07.042  order.paid        evt_01kamj5wcqe8ht0000000000       200    4 ms";
        assert_eq!(line(&arrival), expected);
    }
}
