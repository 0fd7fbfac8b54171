//! What nextest tells about each test: a JSON object a line, in the form of Rust's own test harness.
//!
//! Only what tests did is read; the lines about suites say nothing that these do not.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

/// A test and how it ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ended {
    /// Its function, without modules: `lh_4_without_a_secret_…`.
    pub(super) test: String,
    /// How it ended.
    pub(super) outcome: Outcome,
}

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Outcome {
    /// Well, after this time in seconds.
    Passed(f64),
    /// By a panic or a time limit.
    Failed,
    /// It was not run.
    Ignored,
    /// It began, and nothing was heard of it again.
    Unfinished,
}

/// The tests in what nextest wrote, by the order of their full names.
///
/// # Errors
///
/// When a line is not what nextest writes.
pub(super) fn read(results: &str) -> Result<Vec<Ended>> {
    let mut outcomes = BTreeMap::new();
    for line in results.lines() {
        let line: Line = serde_json::from_str(line).with_context(|| format!("not a result: {line}"))?;
        if let Line::Test { event, name, exec_time } = line {
            outcomes.insert(name, outcome(event, exec_time));
        }
    }
    let ended = |(name, outcome): (String, _)| Ended { test: function_of(&name).to_owned(), outcome };
    Ok(outcomes.into_iter().map(ended).collect())
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line {
    Test {
        event: Event,
        name: String,
        /// In seconds.
        #[serde(default)]
        exec_time: f64,
    },
    #[serde(other)]
    Other,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Event {
    Started,
    Ok,
    Failed,
    Ignored,
}

fn outcome(event: Event, seconds: f64) -> Outcome {
    match event {
        Event::Started => Outcome::Unfinished,
        Event::Ok => Outcome::Passed(seconds),
        Event::Failed => Outcome::Failed,
        Event::Ignored => Outcome::Ignored,
    }
}

/// The function in `package::binary$module::function`.
fn function_of(name: &str) -> &str {
    let path = name.rsplit_once('$').map_or(name, |(_, path)| path);
    path.rsplit_once("::").map_or(path, |(_, function)| function)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_test_is_told_once_by_its_function_with_its_last_event() {
        let results = r#"{"type":"suite","event":"started","test_count":4}
{"type":"test","event":"started","name":"postroad::postroad$process_leadhub::lh_2_bad"}
{"type":"test","event":"started","name":"postroad::postroad$process_leadhub::log::lh_1_good"}
{"type":"test","event":"ignored","name":"postroad::postroad$process_leadhub::lh_3_idle"}
{"type":"test","event":"started","name":"postroad::postroad$process_leadhub::lh_4_stuck"}
{"type":"test","event":"ok","name":"postroad::postroad$process_leadhub::log::lh_1_good","exec_time":0.25}
{"type":"test","event":"failed","name":"postroad::postroad$process_leadhub::lh_2_bad","exec_time":0.1,"stdout":"\nno \"x\"\n"}
{"type":"suite","event":"failed","passed":1,"failed":1,"ignored":1,"measured":0,"filtered_out":0,"exec_time":0.4}
"#;
        let expected = [
            ("lh_2_bad", Outcome::Failed),
            ("lh_3_idle", Outcome::Ignored),
            ("lh_4_stuck", Outcome::Unfinished),
            ("lh_1_good", Outcome::Passed(0.25)),
        ];
        let expected = expected.map(|(test, outcome)| Ended { test: test.to_owned(), outcome });
        assert_eq!(read(results).unwrap(), expected);
    }

    #[test]
    fn what_is_no_result_is_an_error() {
        for line in ["warning: x", r#"{"type":"test","event":"exploded","name":"a"}"#] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
