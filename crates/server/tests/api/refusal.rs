//! The form that every refusal has, and the tables' way to check it.

use serde_json::Value;

use crate::app::{App, Reply};

/// A request that must be refused and how.
pub(crate) struct Refused<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) body: &'a str,
    pub(crate) status: u16,
    pub(crate) code: &'a str,
    /// The field of one of its errors; empty where there are none.
    pub(crate) field: &'a str,
    /// A part of the sentence.
    pub(crate) says: &'a str,
}

impl Refused<'_> {
    /// Sends it and checks the refusal, and that nothing changed.
    pub(crate) async fn check(&self, app: &App) {
        let before = app.everything().await;
        let reply = app.send(self.method, self.path, self.body.to_owned()).await;
        let context = format!("{} {} {}", self.method, self.path, self.body);
        check(&reply, self.status, self.code, self.field, self.says, &context);
        assert_eq!(app.everything().await, before, "{context}");
    }
}

/// Checks the form of a refusal and what it says.
pub(crate) fn check(reply: &Reply, status: u16, code: &str, field: &str, says: &str, context: &str) {
    let problem = reply.json();
    assert_eq!(reply.status.as_u16(), status, "{context}: {problem}");
    assert_eq!(reply.header("content-type"), "application/problem+json", "{context}");
    assert_eq!(problem["status"], status, "{context}");
    assert_eq!(problem["code"], code, "{context}: {problem}");
    assert_eq!(problem["type"], format!("/problems/{code}"), "{context}");
    assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()), "{context}");
    assert!(said(&problem, field).is_some_and(|text| text.contains(says)), "{context}: {problem}");
}

/// The sentence about a field; the detail where there is no field.
fn said<'a>(problem: &'a Value, field: &str) -> Option<&'a str> {
    if field.is_empty() && problem["errors"].is_null() {
        return problem["detail"].as_str();
    }
    let errors = problem["errors"].as_array()?;
    errors.iter().find(|error| error["field"] == field)?["message"].as_str()
}

/// The fields of a refusal, in order.
pub(crate) fn fields(reply: &Reply) -> Vec<String> {
    let problem = reply.json();
    let errors = problem["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
}
