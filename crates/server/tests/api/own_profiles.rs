//! Profiles of products that do not exist, for what no built-in profile does.

use std::collections::BTreeMap;

use postroad_engine::GivenProfile;

/// Two methods, two content types, titles, data of up to 2 MiB that must have a member, no secrets, a field that is
/// forbidden and one that is limited, an option that is secret; a form that fails where `at` is no time.
const WORKSHOP: &str = r#"
name = "workshop"
title = "Workshop"
description = "Jobs and tools."

[request]
methods = ["PUT", "POST"]

[[request.headers]]
name = "X-Workshop-Key"
value = "{{ options.password }}"

[[request.content]]
type = "application/json"
body = "{{ event.data }}"

[[request.content]]
type = "application/x-www-form-urlencoded"
form = [
  { name = "job", value = "{{ event.data }}" },
  { name = "at", value = "{{ event.data.at | rfc3339 }}", when = "event.data.at" },
]

[options.password]
of = "both"
type = "text"
default = "none"
secret = true

[ingest]
object = true
required = ["id"]
data_bytes_max = 2097152

[subscription]
description = { is = "forbidden" }
headers = { max = 1 }

[delivery]
timeout = "5s"
timeout_max = "10s"
success = ["200"]

[words]
queued = "Waiting"

[labels]
deliveries = "Jobs sent"

[[events]]
name = "job.done"
title = "Job Done"
group = "Jobs"
example_is = "plausible"

[[events]]
name = "job.begun"
title = "Job Begun"
"#;

/// Everything in the query, no body.
const BEACON: &str = r#"
name = "beacon"
title = "Beacon"

[request]
methods = ["GET"]

[[request.query]]
name = "at"
value = "{{ event.data.at | rfc3339(0) }}"

[[events]]
name = "seen"
"#;

/// Each delivery is tried once, and three that fail make their subscription inactive.
const KILN: &str = r#"
name = "kiln"
title = "Kiln"

[request]
methods = ["POST"]

[[request.content]]
type = "application/json"
body = "{{ event.data }}"

[delivery]
attempts = 1
breaker = "off"
deactivate_after_failures = 3

[[events]]
name = "fired"
"#;

/// A receiver must send a challenge back before anything is sent to it.
const DOORBELL: &str = r#"
name = "doorbell"
title = "Doorbell"
request.content = [{ type = "application/json", body = "{{ event.data }}" }]

[[handshakes]]
on = ["created", "url"]
method = "POST"
content = { type = "text/plain", body = "{{ challenge }}" }
challenge = { bytes = 16 }
expect = { body = "{{ challenge }}" }
blocking = true

[[events]]
name = "rung"
"#;

/// The API of LeadSquared for a product that has little else of it: none of its options, each delivery tried once, and one that fails
/// makes its subscription inactive.
const MARKET: &str = r#"
name = "market"
title = "Market"
compat = "leadsquared"
request.content = [{ type = "application/json", body = "{{ event.data }}" }]

[delivery]
attempts = 1
breaker = "off"
deactivate_after_failures = 1

[[events]]
name = "sold"
number = 7

[[events]]
name = "bought"
"#;

/// All of them.
pub(crate) fn own_profiles() -> Vec<GivenProfile> {
    let workshop = [
        ("profile.toml", WORKSHOP),
        ("examples/job.done.json", "{\"id\": 7,\n \"cost\": 1.0}\n"),
        ("examples/job.begun.json", r#"{"id": 8}"#),
    ];
    let beacon = [("profile.toml", BEACON), ("examples/seen.json", r#"{"at": "2026-01-02T03:04:05.678Z"}"#)];
    let kiln = [("profile.toml", KILN), ("examples/fired.json", "{}")];
    let doorbell = [("profile.toml", DOORBELL), ("examples/rung.json", "{}")];
    let market = [("profile.toml", MARKET), ("examples/sold.json", "{}"), ("examples/bought.json", "{}")];
    vec![load(&workshop), load(&beacon), load(&kiln), load(&doorbell), load(&market)]
}

fn load(files: &[(&str, &str)]) -> GivenProfile {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    GivenProfile::load(files.collect::<BTreeMap<_, _>>()).unwrap()
}
