//! The catalogue in words.

use postroad_profile::{EventEntry, ExampleOrigin, Profile};

use super::page::{Entry, Page};

/// Writes the event types below their groups, both in the order in which they first stand in the profile.
pub(super) fn write(profile: &Profile, page: &mut Page) {
    let entries = profile.catalogue.entries();
    let others = if profile.catalogue.is_open() {
        "and others of the form that `open_events` names"
    } else {
        "no others"
    };
    page.heading(0, &format!("Event types ({}, {others})", entries.len()));
    let mut groups: Vec<Option<&str>> = Vec::new();
    for group in entries.iter().map(|entry| entry.group.as_deref()) {
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    for group in groups {
        if let Some(group) = group {
            page.heading(2, group);
        }
        let of_group = entries.iter().filter(|entry| entry.group.as_deref() == group);
        page.entries(if group.is_some() { 4 } else { 2 }, &of_group.map(line).collect::<Vec<_>>());
    }
}

fn line(entry: &EventEntry) -> Entry {
    let title = entry.title.as_ref().map(|title| format!("{title}: "));
    let number = entry.number.map(|number| format!(" Number {number}.")).unwrap_or_default();
    let description = entry.description.as_deref().unwrap_or("(no description)");
    let origin = match entry.example_is {
        ExampleOrigin::Published => "the product's own",
        ExampleOrigin::Plausible => "plausible",
    };
    (entry.name.clone(), format!("{}{description}{number} Example: {origin}.", title.unwrap_or_default()))
}
