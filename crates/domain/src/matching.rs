//! Which subscriptions want an event, and what keeps it from the others.

use crate::{event::EventType, subscription::SubscriptionSpec};

/// The clause of a subscription that keeps an event out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Clause {
    /// It is not active.
    Active,
    /// Its list of event types does not name the event's.
    Events,
    /// None of its tag sets is within the event's tags.
    TagSets,
}

/// Whether the subscription is active and its event types and its tag sets both let the event through. An absent or
/// empty list lets everything through; a tag set matches when all its tags are among the event's.
#[inline]
pub fn wants(spec: &SubscriptionSpec, event_type: &EventType, tags: &[String]) -> bool {
    kept_out_by(spec, event_type, tags).is_none()
}

/// The first clause that keeps the event out; `None` when the subscription wants it.
#[inline]
pub fn kept_out_by(spec: &SubscriptionSpec, event_type: &EventType, tags: &[String]) -> Option<Clause> {
    if !spec.active {
        return Some(Clause::Active);
    }
    if !spec.events.is_empty() && !spec.events.contains(event_type) {
        return Some(Clause::Events);
    }
    let tags_fit = spec.tag_sets.is_empty()
        || spec.tag_sets.iter().any(|set| set.iter().all(|wanted| tags.contains(wanted)));
    (!tags_fit).then_some(Clause::TagSets)
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
    fn what_keeps_an_event_out_is_the_first_clause_that_does() {
        let created = EventType::parse("lead.created").unwrap();
        let paused = SubscriptionSpec { active: false, ..spec(&["lead.deleted"], &[]) };
        for (spec, expected) in [
            (spec(&["lead.created"], &[&["a"]]), None),
            (paused, Some(Clause::Active)),
            (spec(&["lead.deleted"], &[&["b"]]), Some(Clause::Events)),
            (spec(&[], &[&["a", "b"], &["b"]]), Some(Clause::TagSets)),
        ] {
            assert_eq!(kept_out_by(&spec, &created, &["a".to_owned()]), expected, "{spec:?}");
        }
    }

    #[test]
    fn a_paused_subscription_wants_nothing() {
        let paused = SubscriptionSpec { active: false, ..spec(&[], &[]) };
        assert!(!wants(&paused, &EventType::parse("a").unwrap(), &[]));
    }
}
