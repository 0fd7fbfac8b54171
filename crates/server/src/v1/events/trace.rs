//! The trace that a publisher belongs to (W3C Trace Context).

use http::{HeaderMap, HeaderValue};
use postroad_domain::{
    TraceContext,
    trace::{TRACEPARENT, TRACESTATE},
};

/// The span of the caller. By the standard, headers that cannot be read count as none and refuse nobody.
pub(super) fn of_caller(headers: &HeaderMap) -> Option<TraceContext> {
    let mut parents = headers.get_all(TRACEPARENT).iter();
    let (parent, is_single) = (parents.next()?, parents.next().is_none());
    let parent = parent.to_str().ok().filter(|_| is_single)?;
    // It may be spread over several headers.
    let states: Option<Vec<_>> =
        headers.get_all(TRACESTATE).iter().map(HeaderValue::to_str).map(Result::ok).collect();
    let state = states.filter(|states| !states.is_empty()).map(|states| states.join(","));
    TraceContext::parse(parent, state.as_deref())
}
