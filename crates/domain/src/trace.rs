//! Where an event's work belongs in a distributed trace: W3C Trace Context, read at the door, kept with the event, passed
//! on to receivers.

use std::fmt::Write as _;

use crate::limits::{TRACE_STATE_BYTES_MAX, TRACE_STATE_MEMBERS_MAX};

/// The header that names trace and span.
pub const TRACEPARENT: &str = "traceparent";
/// The header that carries what tracing systems add.
pub const TRACESTATE: &str = "tracestate";

const SAMPLED: u8 = 1;
/// `00-`, 32 digits, `-`, 16 digits, `-`, 2 digits.
const TRACEPARENT_BYTES: usize = 55;
/// A version that can never be.
const NO_VERSION: &str = "ff";

/// A span within a trace: what happens next is its child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The same for all that follows from one cause; not zero.
    pub trace_id: [u8; 16],
    /// The span itself; not zero.
    pub span_id: [u8; 8],
    /// Whether its trace is recorded.
    pub is_sampled: bool,
    /// What stood in `tracestate`, passed on as it came; empty for nothing.
    state: String,
}

impl TraceContext {
    /// The beginning of a trace of our own.
    pub fn root(trace_id: [u8; 16], span_id: [u8; 8]) -> Self {
        Self { trace_id, span_id, is_sampled: true, state: String::new() }
    }

    /// Reads the two headers. `None` for a `traceparent` that is not one: by the standard it is then as if there were
    /// none, and nobody is refused for it. A `tracestate` that is not one is left out.
    pub fn parse(parent: &str, state: Option<&str>) -> Option<Self> {
        let (head, rest) = parent.split_at_checked(TRACEPARENT_BYTES)?;
        let mut fields = head.split('-');
        let [version, trace_id, span_id, flags] = [(); 4].map(|()| fields.next().unwrap_or_default());
        let [version_byte] = hex::<1>(version)?;
        // Later versions may put more behind it.
        let rest_fits = rest.is_empty() || version_byte > 0 && rest.starts_with('-');
        let [flags] = hex(flags)?;
        let context = Self {
            trace_id: hex(trace_id)?,
            span_id: hex(span_id)?,
            is_sampled: flags & SAMPLED != 0,
            state: state.map(str::trim).filter(|state| is_state(state)).unwrap_or_default().to_owned(),
        };
        let is_one = rest_fits
            && version != NO_VERSION
            && context.trace_id.iter().any(|byte| *byte != 0)
            && context.span_id.iter().any(|byte| *byte != 0);
        is_one.then_some(context)
    }

    /// A span that follows from this one.
    pub fn child(&self, span_id: [u8; 8]) -> Self {
        Self { span_id, ..self.clone() }
    }

    /// The value of [`TRACEPARENT`].
    pub fn parent(&self) -> String {
        let mut text = "00-".to_owned();
        let mut digits = |bytes: &[u8]| {
            for byte in bytes {
                let _ = write!(text, "{byte:02x}");
            }
            text.push('-');
        };
        digits(&self.trace_id);
        digits(&self.span_id);
        let _ = write!(text, "{:02x}", u8::from(self.is_sampled) * SAMPLED);
        text
    }

    /// The value of [`TRACESTATE`], where there is one.
    pub fn state(&self) -> Option<&str> {
        Some(self.state.as_str()).filter(|state| !state.is_empty())
    }

    /// One text for both, as stores keep it.
    pub fn to_text(&self) -> String {
        let mut text = self.parent();
        if let Some(state) = self.state() {
            text.push(' ');
            text.push_str(state);
        }
        text
    }

    /// Reads [`to_text`](Self::to_text) again.
    pub fn from_text(text: &str) -> Option<Self> {
        match text.split_once(' ') {
            Some((parent, state)) => Self::parse(parent, Some(state)),
            None => Self::parse(text, None),
        }
    }
}

/// Lower-case hexadecimal digits, as the standard demands.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != 2 * N || !text.bytes().all(is_digit) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// A list of `name=value` that can stand in a header.
fn is_state(text: &str) -> bool {
    let is_shown = |byte: u8| matches!(byte, b' '..=b'~');
    let members = text.split(',').map(str::trim).filter(|member| !member.is_empty());
    text.len() <= TRACE_STATE_BYTES_MAX
        && text.bytes().all(is_shown)
        && members.clone().count() <= TRACE_STATE_MEMBERS_MAX
        && members.clone().all(|member| member.split_once('=').is_some_and(|(name, _)| !name.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_context_is_read_and_written_the_same() {
        for (parent, state) in
            [(PARENT, None), (PARENT, Some("a=1,b@c=2")), (&PARENT.replace("-01", "-00"), Some("x=y z"))]
        {
            let context = TraceContext::parse(parent, state).unwrap();
            assert_eq!((context.parent().as_str(), context.state()), (parent, state));
            assert_eq!(TraceContext::from_text(&context.to_text()), Some(context));
        }
    }

    #[test]
    fn a_later_version_may_say_more_and_this_one_may_not() {
        let later = format!("01{}-and-more", &PARENT[2..]);
        assert_eq!(TraceContext::parse(&later, None).unwrap().parent(), PARENT);
        for text in [
            "",
            "00",
            &format!("{PARENT}-more"),
            &format!("ff{}", &PARENT[2..]),
            &PARENT.to_uppercase(),
            &PARENT.replace('4', "g"),
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            &PARENT.replace("-00f0", "x00f0"),
            &"é".repeat(40),
        ] {
            assert_eq!(TraceContext::parse(text, None), None, "{text}");
        }
    }

    #[test]
    fn a_state_that_is_none_or_too_long_is_left_out_and_the_rest_stays() {
        let long = format!("a={}", "x".repeat(TRACE_STATE_BYTES_MAX));
        let many = vec!["a=1"; TRACE_STATE_MEMBERS_MAX + 1].join(",");
        for state in ["a", "=1", "a=\u{7f}", "a=é", &long, &many] {
            assert_eq!(TraceContext::parse(PARENT, Some(state)).unwrap().state(), None, "{state}");
        }
        let fits = vec!["a=1"; TRACE_STATE_MEMBERS_MAX].join(",");
        assert!(TraceContext::parse(PARENT, Some(&fits)).unwrap().state().is_some());
    }

    #[test]
    fn a_child_is_another_span_of_the_same_trace() {
        let parent = TraceContext::parse(PARENT, Some("a=1")).unwrap();
        let child = parent.child([7; 8]);
        assert_eq!(child.parent(), PARENT.replace("00f067aa0ba902b7", "0707070707070707"));
        assert_eq!((child.trace_id, child.state()), (parent.trace_id, Some("a=1")));
    }
}
