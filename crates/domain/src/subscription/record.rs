//! How the settings of a subscription are stored: one JSON object, also as earlier versions wrote it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Pull, Push, RateLimit, SubscriptionSpec, Target, no_options};
use crate::{event::EventType, invalid::Invalid, retry::RetryOverride};

/// The stored form of a [`SubscriptionSpec`]: exactly one of `push` and `pull` is there.
#[derive(Serialize, Deserialize)]
pub(super) struct SpecRecord {
    name: Option<String>,
    description: Option<String>,
    active: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    push: Option<Push>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pull: Option<Pull>,
    events: Vec<EventType>,
    tag_sets: Vec<Vec<String>>,
    #[serde(default = "no_options")]
    options: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed: Option<String>,
    #[serde(flatten, skip_serializing)]
    beside: BesidePush,
}

/// What earlier versions wrote beside `push` and not within it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct BesidePush {
    concurrency: Option<u32>,
    rate_limit: Option<RateLimit>,
    ordered: Option<bool>,
    retry: Option<RetryOverride>,
    timeout: Option<Duration>,
    success: Option<Vec<String>>,
}

impl BesidePush {
    fn move_into(self, push: &mut Push) {
        push.concurrency = self.concurrency.unwrap_or(push.concurrency);
        push.rate_limit = self.rate_limit.or(push.rate_limit);
        push.ordered = self.ordered.unwrap_or(push.ordered);
        push.retry = self.retry.or_else(|| push.retry.take());
        push.timeout = self.timeout.or(push.timeout);
        push.success = self.success.or_else(|| push.success.take());
    }
}

impl From<SubscriptionSpec> for SpecRecord {
    fn from(spec: SubscriptionSpec) -> Self {
        let SubscriptionSpec { name, description, active, target, events, tag_sets, options, sealed } = spec;
        let (push, pull) = match target {
            Target::Push(push) => (Some(push), None),
            Target::Pull(pull) => (None, Some(pull)),
        };
        let beside = BesidePush::default();
        Self { name, description, active, push, pull, events, tag_sets, options, sealed, beside }
    }
}

impl TryFrom<SpecRecord> for SubscriptionSpec {
    type Error = Invalid;

    fn try_from(record: SpecRecord) -> Result<Self, Invalid> {
        let SpecRecord { name, description, active, push, pull, events, tag_sets, options, sealed, beside } =
            record;
        let target = match (push, pull) {
            (Some(mut push), None) => {
                beside.move_into(&mut push);
                Target::Push(push)
            }
            (None, Some(pull)) => Target::Pull(pull),
            _ => return Err(Invalid::new("must be either a push or a pull subscription")),
        };
        Ok(Self { name, description, active, target, events, tag_sets, options, sealed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::EndpointUrl;

    #[test]
    fn settings_that_an_earlier_version_stored_beside_push_are_read_into_it() {
        let stored = r#"{"name":"n","description":null,"active":true,
            "push":{"url":"https://example.com/","headers":[],"authorization":null},
            "events":[],"tag_sets":[],"concurrency":3,"rate_limit":{"count":5,"per":{"secs":1,"nanos":0}},
            "ordered":true,"retry":{"attempts":4,"backoff":null},"timeout":{"secs":9,"nanos":0},"success":["200"]}"#;
        let spec: SubscriptionSpec = serde_json::from_str(stored).unwrap();
        let expected = Push {
            concurrency: 3,
            rate_limit: Some(RateLimit { count: 5, per: Duration::from_secs(1) }),
            ordered: true,
            retry: Some(RetryOverride { attempts: Some(4), backoff: None }),
            timeout: Some(Duration::from_secs(9)),
            success: Some(vec!["200".to_owned()]),
            ..Push::to(EndpointUrl::parse("https://example.com/").unwrap())
        };
        assert_eq!(spec.push(), Some(&expected));
        assert_eq!(spec.options, "{}");
    }

    #[test]
    fn what_is_stored_is_read_as_it_was() {
        let url = EndpointUrl::parse("https://example.com/").unwrap();
        let pull = Target::Pull(Pull { max_batch_bytes: 524_288 });
        for target in [Target::Push(Push { ordered: true, ..Push::to(url) }), pull] {
            let spec = SubscriptionSpec::of(target);
            let text = serde_json::to_string(&spec).unwrap();
            assert_eq!(serde_json::from_str::<SubscriptionSpec>(&text).unwrap(), spec);
        }
        serde_json::from_str::<SubscriptionSpec>(
            r#"{"name":null,"description":null,"active":true,"events":[],"tag_sets":[]}"#,
        )
        .unwrap_err();
    }
}
