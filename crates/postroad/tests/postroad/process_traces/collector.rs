//! A collector of the test's own: it takes what a server sends by OTLP and reads the protobuf.

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, common::v1::any_value::Value, trace::v1::Span,
};
use postroad_testkit::{Received, Receiver};
use prost::Message as _;

/// Where traces arrive.
pub(crate) const PATH: &str = "/v1/traces";

/// All spans that came.
pub(crate) fn spans(received: &[Received]) -> Vec<Span> {
    let exports = received.iter().filter(|request| request.path() == PATH);
    let exports = exports.map(|request| ExportTraceServiceRequest::decode(request.body.clone()).unwrap());
    let resources = exports.flat_map(|export| export.resource_spans);
    resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
}

/// Waits for one span of each of these names; answers them in this order.
pub(crate) async fn wait_for<const N: usize>(collector: &Receiver, names: [&str; N]) -> [Span; N] {
    let named =
        |received: &[Received], name: &str| spans(received).into_iter().find(|span| span.name == name);
    let is_there = |received: &[Received]| names.iter().all(|name| named(received, name).is_some());
    let received = collector.wait_until("the spans", is_there).await;
    names.map(|name| named(&received, name).unwrap())
}

/// An attribute of a span as text.
pub(crate) fn attribute(span: &Span, key: &str) -> String {
    let found = span.attributes.iter().find(|attribute| attribute.key == key);
    match found.and_then(|found| found.value.clone()).and_then(|value| value.value) {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    }
}

/// Bytes as they stand in `traceparent`.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
