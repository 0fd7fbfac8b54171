//! Another contract under the same name (spec 3.9): proof that a signing scheme is data.

use crate::facts::{Given, header, with_request};

const PROFILE: &str = r#"
[request]
[[request.headers]]
name = "X-LeadHub-Event"
value = "{{ event.type }}"
[[request.headers]]
name = "X-LeadHub-Timestamp"
value = "{{ attempt.at | unix }}"
[[request.headers]]
name = "X-LeadHub-Delivery"
value = "{{ delivery.uuid }}"
[[request.headers]]
name = "User-Agent"
value = "LeadHub-Webhooks/1.0"
[[request.headers]]
name = "X-LeadHub-Signature"
value = "t={{ attempt.at | unix }},v1={{ signature }}"
when = "signature"
[[request.content]]
type = "application/json"
envelope = [
  { name = "event", string = "{{ event.type }}" },
  { name = "tenant_id", string = "{{ tenant.id }}" },
  { name = "timestamp", string = "{{ event.moment | rfc3339(0) }}" },
  { name = "data", json = "{{ event.data }}" },
]
[signature]
sign = "each_attempt"
message = "{{ attempt.at | unix }}.{{ body }}"
[[signature.schemes]]
name = "v1"
algorithm = "hmac-sha256"
[secret]
is = "optional"
"#;

#[test]
fn the_stamp_is_signed_before_the_body_and_stands_in_the_header() {
    let profile = with_request(PROFILE);
    let request = Given::new(&profile, "e", "{}", "{}").signed_with(&profile, "s3cr3t").render(&profile);
    let body = r#"{"event":"e","tenant_id":"acme","timestamp":"2026-04-29T10:30:00Z","data":{}}"#;
    assert_eq!(str::from_utf8(&request.body).unwrap(), body);
    // printf '1795294200.%s' "$body" | openssl dgst -sha256 -hmac s3cr3t
    let hex = "724c8b407a4eb097e8c56b7f72836adfffed7cc503d5b5c2a83d3c841ca35b39";
    assert_eq!(header(&request, "X-LeadHub-Signature"), Some(&*format!("t=1795294200,v1={hex}")));
    assert_eq!(header(&request, "X-LeadHub-Delivery"), Some("00000000-0000-0000-0000-000000000003"));
    assert_eq!(header(&request, "User-Agent"), Some("LeadHub-Webhooks/1.0"));
}
