//! Events that are sent together: what `[group]` says, and which bodies can hold several events.

use std::time::Duration;

use postroad_domain::{
    EventType, Grouping,
    limits::{DELIVERY_EVENTS_BYTES_MAX, DELIVERY_EVENTS_MAX, GROUP_BYTES, GROUP_EVENTS, GROUP_WINDOW},
    time::duration_text,
};
use regex::Regex;

use crate::{
    Profile,
    error::RenderError,
    input::RenderInput,
    options::{OptionSchema, OptionSwitch, OptionValues, read_pattern},
    reader::Section,
    request::Content,
    template::{Compiler, Scope, Template, Variable},
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
    aligned: OptionSwitch,
    /// A group of one event is sent as the event alone.
    alone: OptionSwitch,
    /// Events with the same text share a group; `None` for all of a subscription.
    key: Option<Template>,
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

impl Profile {
    /// How events of a type are grouped for a subscription that has these settings of its `own` and these options; `None` where
    /// each goes alone. Own settings hold for every type, else those of the profile for the types that it names.
    pub fn grouping(
        &self,
        own: Option<&Grouping>,
        event_type: &EventType,
        options: &OptionValues,
    ) -> Option<GroupPolicy> {
        let rules = self.group.as_ref();
        let window = match own {
            Some(own) => own.window,
            None => rules.filter(|rules| rules.names(event_type.as_str()))?.window,
        };
        let limits = self.group_limits();
        let own_events = own.and_then(|own| own.max_events).unwrap_or(limits.max_events);
        let own_bytes = own.and_then(|own| own.max_bytes).unwrap_or(limits.max_bytes);
        Some(GroupPolicy {
            window,
            aligned: rules.is_some_and(|rules| rules.aligned.holds(options)),
            // The profile may have been edited since.
            max_events: own_events.min(limits.max_events),
            max_bytes: own_bytes.min(limits.max_bytes),
        })
    }

    /// The most that a subscription may set as its own.
    pub fn group_limits(&self) -> GroupLimits {
        let usual = GroupLimits { max_events: GROUP_EVENTS.default, max_bytes: GROUP_BYTES.default };
        self.group.as_ref().map_or(usual, |rules| rules.limits)
    }

    /// What the event has in common with the others of its group: events of a subscription with the same text share one.
    ///
    /// # Errors
    ///
    /// [`RenderError::Template`].
    pub fn group_key(&self, input: &RenderInput<'_>) -> Result<String, RenderError> {
        let Some(key) = self.group.as_ref().and_then(|rules| rules.key.as_ref()) else {
            return Ok(String::new());
        };
        Ok(key.to_text(&self.environment, &self.facts(input))?)
    }

    /// Whether bodies of a content type can hold several events; `None` for the profile's first.
    ///
    /// # Errors
    ///
    /// Why not, in words for the person who wants them grouped, to stand behind the name of the setting.
    pub fn check_grouping(&self, content_type: Option<&str>) -> Result<(), String> {
        match self.content_called(content_type) {
            Some(content) => self.check_listing(content),
            None => Err(
                "cannot be set with this profile: its requests have no body that could hold several events"
                    .to_owned(),
            ),
        }
    }

    /// Whether several bodies of the content can be one: it wraps them itself, or they can stand in a JSON list.
    pub(crate) fn check_listing(&self, content: &Content) -> Result<(), String> {
        if content.wraps_events() {
            return Ok(());
        }
        if !content.is_json() {
            return Err(format!(
                "cannot be set with the content type {}: this profile writes one event into such a body, and only bodies \
                 of JSON can be put into a list",
                content.content_type
            ));
        }
        if content.reads(|variable| *variable == Variable::Signature) {
            return Err(
                "cannot be set with this profile: its signature stands in the body, which is that of one event"
                    .to_owned(),
            );
        }
        let without_body = self.signature.as_ref().filter(|_| !self.body_is_signed);
        if without_body.is_some_and(|rules| rules.message.reads_where(Variable::is_of_event)) {
            return Err("cannot be set with this profile: it signs one event and not the body".to_owned());
        }
        Ok(())
    }

    /// Whether events of the type are grouped where the subscription does not say.
    pub fn groups(&self, event_type: &str) -> bool {
        self.group.as_ref().is_some_and(|rules| rules.names(event_type))
    }

    /// Whether the delivery is written as a group.
    pub(crate) fn is_group(&self, input: &RenderInput<'_>) -> bool {
        input.grouped && !(input.more_events.is_empty() && self.sends_single_alone(input.options))
    }

    fn sends_single_alone(&self, options: &OptionValues) -> bool {
        self.group.as_ref().is_some_and(|rules| rules.alone.holds(options))
    }
}

impl GroupRules {
    fn names(&self, event_type: &str) -> bool {
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
