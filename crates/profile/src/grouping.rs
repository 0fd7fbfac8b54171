//! How a profile sends events together: which ones, and whether a body can hold several.

use postroad_domain::{
    EventType, Grouping,
    limits::{GROUP_BYTES, GROUP_EVENTS},
};

use crate::{
    Profile,
    error::RenderError,
    group::{GroupLimits, GroupPolicy},
    input::RenderInput,
    options::OptionValues,
    request::Content,
    template::Variable,
};

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
