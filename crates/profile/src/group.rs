//! What `[group]` says of events that are sent together.

use std::time::Duration;

use postroad_domain::{
    limits::{DELIVERY_EVENTS_BYTES_MAX, DELIVERY_EVENTS_MAX, GROUP_BYTES, GROUP_EVENTS, GROUP_WINDOW},
    time::duration_text,
};
use regex::Regex;

use crate::{
    options::{OptionSchema, OptionSwitch, read_pattern},
    reader::Section,
    template::{Compiler, Scope, Template},
};

/// How a profile groups events.
#[derive(Clone, Debug)]
pub struct GroupRules {
    /// The types that are grouped where the subscription does not say; `None` for all.
    pub events: Option<Regex>,
    /// How long a group takes events.
    pub window: Duration,
    /// The most that a group may have.
    pub limits: GroupLimits,
    /// Where windows begin, as the profile says it: `first`, `clock` or the option that decides.
    pub align: String,
    /// What a group of one event looks like, as the profile says it: `list`, `event` or the option that decides.
    pub single: String,
    /// Windows begin at whole multiples of their length.
    pub(crate) aligned: OptionSwitch,
    /// A group of one event is sent as the event alone.
    pub(crate) alone: OptionSwitch,
    /// Events with the same text share a group; `None` for all of a subscription.
    pub(crate) key: Option<Template>,
}

/// The most that a group may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupLimits {
    /// Events.
    pub max_events: u32,
    /// Bytes of their data.
    pub max_bytes: u64,
}

/// How an event is sent together with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupPolicy {
    /// How long its group takes events.
    pub window: Duration,
    /// Whether windows begin at whole multiples of their length since 1970, and not with their first event.
    pub aligned: bool,
    /// With so many events the group is full.
    pub max_events: u32,
    /// So many bytes of data it takes.
    pub max_bytes: u64,
}

impl GroupRules {
    /// Whether events of the type are grouped.
    pub(crate) fn names(&self, event_type: &str) -> bool {
        self.events.as_ref().is_none_or(|pattern| pattern.is_match(event_type))
    }
}

/// Reads `[group]`.
pub(crate) fn read(
    root: &Section<'_>,
    compiler: &mut Compiler<'_>,
    options: &[OptionSchema],
) -> Option<GroupRules> {
    let section = root.section("group")?;
    let word = |key, default: &str| section.owned_text(key).unwrap_or_else(|| default.to_owned());
    let key = section.text("key").map(|text| compiler.template(text, Scope::EVENT));
    Some(GroupRules {
        events: read_pattern(&section, "events"),
        window: read_window(&section),
        limits: GroupLimits {
            max_events: read_most(&section, "max_events", DELIVERY_EVENTS_MAX as u64)
                .and_then(|most| u32::try_from(most).ok())
                .unwrap_or(GROUP_EVENTS.default),
            max_bytes: read_most(&section, "max_bytes", DELIVERY_EVENTS_BYTES_MAX)
                .unwrap_or(GROUP_BYTES.default),
        },
        align: word("align", "first"),
        single: word("single", "list"),
        aligned: OptionSwitch::read(&section, "align", ["first", "clock"], options),
        alone: OptionSwitch::read(&section, "single", ["list", "event"], options),
        key: key.flatten(),
    })
}

fn read_window(section: &Section<'_>) -> Duration {
    section.required_text("window");
    let window = section.duration("window").unwrap_or(GROUP_WINDOW.default);
    if window < GROUP_WINDOW.min || window > GROUP_WINDOW.max {
        let [min, max] = [GROUP_WINDOW.min, GROUP_WINDOW.max].map(duration_text);
        section.invalid("window", format!("must be from {min} to {max}"));
    }
    window
}

fn read_most(section: &Section<'_>, key: &'static str, max: u64) -> Option<u64> {
    let most = section.count(key, max);
    if most == Some(0) {
        section.invalid(key, "must be at least 1");
    }
    most
}
