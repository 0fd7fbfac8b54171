//! A request that is written once and then only patched: every event has the same length, so number and time are laid
//! over their places.

use super::{
    bare::Signing,
    cases::DATA_BYTES,
    mark::{LABEL, MARK_BYTES, Mark},
    pace::Turn,
};

/// The event type that is sent; the profile `standard` takes any.
pub(super) const EVENT_TYPE: &str = "bench.event";

/// The bytes of one request and where they change.
#[derive(Debug)]
pub(super) struct Template {
    bytes: Vec<u8>,
    marks: Vec<usize>,
    signing: Option<Signing>,
}

impl Template {
    /// A POST of `batch` events to the tenant of a server.
    pub(super) fn for_server(host: &str, tenant: &str, key: &str, batch: u64) -> Self {
        let event = format!(r#"{{"type":"{EVENT_TYPE}","data":{}}}"#, data());
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
        Self::new(head + &body, None)
    }

    /// A request as the server would send it, for the receiver itself.
    pub(super) fn signed(text: String, signing: Signing) -> Self {
        Self::new(text, Some(signing))
    }

    fn new(text: String, signing: Option<Signing>) -> Self {
        let marks = text.match_indices(LABEL).map(|(start, _)| start + LABEL.len()).collect();
        Self { bytes: text.into_bytes(), marks, signing }
    }

    /// The request for the events of `turn`.
    pub(super) fn fill(&mut self, turn: Turn) -> &[u8] {
        for (number, place) in (turn.number..).zip(&self.marks) {
            Mark { number, sent_micros: turn.sent_micros }.write(&mut self.bytes[*place..]);
        }
        if let Some(signing) = &self.signing {
            signing.sign(&mut self.bytes, turn);
        }
        &self.bytes
    }
}

/// The data of one event, with room for its mark.
pub(super) fn data() -> String {
    let frame = format!(r#"{{{LABEL}{}","pad":""}}"#, "0".repeat(MARK_BYTES));
    let pad = "abcdefgh".repeat(DATA_BYTES / 8);
    frame.replace(r#""pad":"""#, &format!(r#""pad":"{}""#, &pad[..DATA_BYTES - frame.len()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_is_json_of_the_size_promised() {
        assert_eq!(data().len(), DATA_BYTES);
        assert!(serde_json::from_str::<serde_json::Value>(&data()).is_ok());
    }

    #[test]
    fn the_events_of_a_batch_are_numbered_one_by_one() {
        let mut template = Template::for_server("x:1", "bench", "adm_x", 3);
        let text = String::from_utf8(template.fill(Turn { number: 41, sent_micros: 5 }).to_vec()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        let marks: Vec<_> =
            (0..3).map(|index| body["events"][index]["data"]["bench"].as_str().unwrap()).collect();
        assert_eq!(marks, [41, 42, 43].map(|number| format!("{number:012}:0000000000000005")));
    }
}
