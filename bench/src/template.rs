//! A request that is written once and then only patched: every event has the same length, so number and time are laid
//! over their places.

use super::{
    mark::{LABEL, MARK_BYTES, Mark, write_digits},
    pace::Turn,
    signing::Signing,
};

/// The event type that is sent where a case says nothing else; the profile `standard` takes any.
pub(super) const EVENT_TYPE: &str = "bench.event";
const TENANT_PREFIX: &str = "bench-";
const TENANT_DIGITS: usize = 6;

/// The id of the tenant of this number; all are of the same length.
pub(super) fn tenant_id(number: u64) -> String {
    format!("{TENANT_PREFIX}{number:0TENANT_DIGITS$}")
}

/// What the requests to a server have in common.
#[derive(Clone, Debug)]
pub(super) struct Shape<'a> {
    pub(super) host: &'a str,
    pub(super) key: &'a str,
    pub(super) event_type: &'a str,
    /// Events of one request.
    pub(super) batch: u64,
    /// Bytes of each event's data.
    pub(super) data_bytes: usize,
}

/// The bytes of one request and where they change.
#[derive(Debug)]
pub(super) struct Template {
    bytes: Vec<u8>,
    marks: Vec<usize>,
    /// Where the tenant's number stands in the path.
    tenant: Option<usize>,
    signing: Option<Signing>,
}

impl Template {
    /// A POST of some events to a tenant of a server.
    pub(super) fn for_server(shape: &Shape<'_>) -> Self {
        let Shape { host, key, event_type, batch, data_bytes } = *shape;
        let event = format!(r#"{{"type":"{event_type}","data":{}}}"#, data(data_bytes));
        let tenant = tenant_id(0);
        let (path, body) = match batch {
            1 => (format!("/v1/tenants/{tenant}/events"), event),
            _ => {
                let events = vec![event; batch as usize].join(",");
                (format!("/v1/tenants/{tenant}/events/batch"), format!(r#"{{"events":[{events}]}}"#))
            }
        };
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {key}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let tenant = head.find(TENANT_PREFIX).map(|start| start + TENANT_PREFIX.len());
        Self { tenant, ..Self::new(head + &body, None) }
    }

    /// A request as the server would send it, for the receiver itself.
    pub(super) fn signed(text: String, signing: Signing) -> Self {
        Self::new(text, Some(signing))
    }

    fn new(text: String, signing: Option<Signing>) -> Self {
        let marks = text.match_indices(LABEL).map(|(start, _)| start + LABEL.len()).collect();
        Self { bytes: text.into_bytes(), marks, tenant: None, signing }
    }

    /// The request for the events of `turn`, to the tenant of this number where there is one.
    pub(super) fn fill(&mut self, turn: Turn, tenant: u64) -> &[u8] {
        if let Some(place) = self.tenant {
            write_digits(&mut self.bytes[place..place + TENANT_DIGITS], tenant);
        }
        for (number, place) in (turn.number..).zip(&self.marks) {
            Mark { number, sent_micros: turn.sent_micros }.write(&mut self.bytes[*place..]);
        }
        if let Some(signing) = &self.signing {
            signing.sign(&mut self.bytes, turn);
        }
        &self.bytes
    }
}

/// The data of one event, of this many bytes, with room for its mark.
pub(super) fn data(bytes: usize) -> String {
    let frame = format!(r#"{{{LABEL}{}","pad":""}}"#, "0".repeat(MARK_BYTES));
    let pad = "abcdefgh".repeat(bytes / 8);
    frame.replace(r#""pad":"""#, &format!(r#""pad":"{}""#, &pad[..bytes - frame.len()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_is_json_of_the_size_promised() {
        for bytes in [128, 1_024, 65_536] {
            assert_eq!(data(bytes).len(), bytes);
            assert!(serde_json::from_str::<serde_json::Value>(&data(bytes)).is_ok());
        }
    }

    #[test]
    fn the_events_of_a_batch_are_numbered_one_by_one() {
        let mut template = Template::for_server(&Shape {
            host: "x:1",
            key: "adm_x",
            event_type: EVENT_TYPE,
            batch: 3,
            data_bytes: 256,
        });
        let turn = Turn { number: 41, sent_micros: 5 };
        let text = String::from_utf8(template.fill(turn, 17).to_vec()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
        assert!(head.starts_with("POST /v1/tenants/bench-000017/events/batch "), "{head}");
        assert_eq!(tenant_id(17), "bench-000017");
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        let marks: Vec<_> =
            (0..3).map(|index| body["events"][index]["data"]["bench"].as_str().unwrap()).collect();
        assert_eq!(marks, [41, 42, 43].map(|number| format!("{number:012}:0000000000000005")));
    }
}
