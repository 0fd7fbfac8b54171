//! Which subscriptions want an event.

use crate::{event::EventType, subscription::SubscriptionSpec};

/// Whether the subscription is active and its event types and its tag sets both let the event through. An absent or
/// empty list lets everything through; a tag set matches when all its tags are among the event's.
pub fn wants(spec: &SubscriptionSpec, event_type: &EventType, tags: &[String]) -> bool {
    let type_fits = spec.events.is_empty() || spec.events.contains(event_type);
    let tags_fit = spec.tag_sets.is_empty()
        || spec.tag_sets.iter().any(|set| set.iter().all(|wanted| tags.contains(wanted)));
    spec.active && type_fits && tags_fit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::EndpointUrl;

    fn spec(events: &[&str], tag_sets: &[&[&str]]) -> SubscriptionSpec {
        let mut spec = SubscriptionSpec::to(EndpointUrl::parse("https://example.com").unwrap());
        spec.events = events.iter().map(|name| EventType::parse(name).unwrap()).collect();
        spec.tag_sets = tag_sets.iter().map(|set| set.iter().map(ToString::to_string).collect()).collect();
        spec
    }

    #[test]
    fn types_and_tag_sets_must_both_let_the_event_through() {
        let created = EventType::parse("lead.created").unwrap();
        let tags = ["pathfinder".to_owned(), "FACT_SHEET_CREATED".to_owned()];
        for (events, sets, expected) in [
            (&[][..], &[][..], true),
            (&["lead.created"], &[], true),
            (&["lead.deleted"], &[], false),
            (&[], &[&["pathfinder"][..]], true),
            (&[], &[&["pathfinder", "OTHER"]], false),
            (&[], &[&["OTHER"], &["FACT_SHEET_CREATED", "pathfinder"]], true),
            (&["lead.deleted"], &[&["pathfinder"]], false),
            (&["lead.created"], &[&["OTHER"]], false),
        ] {
            assert_eq!(wants(&spec(events, sets), &created, &tags), expected, "{events:?} {sets:?}");
        }
    }

    #[test]
    fn a_paused_subscription_wants_nothing() {
        let paused = SubscriptionSpec { active: false, ..spec(&[], &[]) };
        assert!(!wants(&paused, &EventType::parse("a").unwrap(), &[]));
    }
}
