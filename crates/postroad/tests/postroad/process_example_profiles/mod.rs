//! The profiles of public products in `profiles/examples`, served with `--profiles`: what a running server sends is
//! verified by the libraries that those products publish for their customers.

mod github;
mod handshakes;
mod libraries;
mod slack_alerts;
mod stripe;
mod twilio;

use std::{fs, path::PathBuf};

use libraries::{Case, verdicts};
use postroad_testkit::Received;
use serde_json::{Value, json};

use crate::stage::{self, Stage, StageOptions, event_names};

/// An event of the catalogue as its profile shows it.
#[derive(Debug)]
struct Example {
    event: String,
    /// The data's text.
    data: String,
    /// The event's attributes.
    attributes: Value,
}

impl Example {
    /// The same with other data.
    fn with_data(&self, data: &str) -> Self {
        Self { event: self.event.clone(), data: data.to_owned(), attributes: self.attributes.clone() }
    }

    fn data_json(&self) -> Value {
        serde_json::from_str(&self.data).expect("data is JSON")
    }
}

/// A tenant of this example profile.
async fn serve(profile: &'static str) -> Stage {
    let arguments = vec!["--profiles".to_owned(), folder().display().to_string()];
    Stage::start_with(StageOptions { profile, arguments, ..StageOptions::default() }).await
}

/// The examples of the profile's whole catalogue.
async fn examples(stage: &Stage, profile: &str) -> Vec<Example> {
    let text_of = |name: String| fs::read_to_string(folder().join(profile).join("examples").join(name));
    let example = |event: &str| Example {
        event: event.to_owned(),
        data: text_of(format!("{event}.json")).expect("every event has an example").trim_end().to_owned(),
        attributes: text_of(format!("{event}.attributes.json"))
            .map_or_else(|_| json!({}), |text| serde_json::from_str(&text).expect("attributes are JSON")),
    };
    event_names(&stage.profile().await).into_iter().map(example).collect()
}

/// Publishes an example and answers the `requests` that it becomes, in order of arrival.
async fn deliver(stage: &Stage, example: &Example, requests: usize) -> Vec<Received> {
    let before = stage.receiver.received().len();
    let further = json!({"attributes": example.attributes});
    let _ = stage.publish_with(&example.event, &example.data, further).await.expect_status(202);
    stage.receiver.wait_for(before + requests).await.split_off(before)
}

/// Panics unless the library finds each of these genuine; answers what it read.
fn read_all(cases: &[Case]) -> Vec<Value> {
    let genuine = verdicts(cases).into_iter().zip(cases).map(|(verdict, case)| {
        assert!(verdict.verified, "not verified: {case:?}");
        verdict.read
    });
    genuine.collect()
}

/// Panics unless the library refuses each of these.
fn expect_refused(cases: &[Case]) {
    for (verdict, case) in verdicts(cases).into_iter().zip(cases) {
        assert!(!verdict.verified, "verified: {case:?}");
    }
}

fn folder() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join("profiles/examples").canonicalize().expect("the example profiles are in the tree")
}
