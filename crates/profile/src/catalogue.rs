//! The event types of a profile: each with the words that people see and an example of its data.

use regex::Regex;

use crate::{
    options::read_pattern,
    problem::{ProblemKind, ProfileProblem},
    reader::{Document, Section},
    source::ProfileSource,
};

/// Where an example comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExampleOrigin {
    /// The product published it.
    Published,
    /// The product published no such data; this is what it could look like.
    Plausible,
}

/// One event type.
#[derive(Clone, Debug)]
pub struct EventEntry {
    /// The wire code: `lead.created`.
    pub name: String,
    /// The name that people see; accepted wherever the code is.
    pub title: Option<String>,
    /// The heading under which it is listed.
    pub group: Option<String>,
    /// When it happens.
    pub description: Option<String>,
    /// Example data, exactly as its file holds it.
    pub example: String,
    /// The file of the example.
    pub example_file: String,
    /// Where the example comes from.
    pub example_is: ExampleOrigin,
}

/// All event types of a profile.
#[derive(Clone, Debug)]
pub struct Catalogue {
    entries: Vec<EventEntry>,
    open: Option<Regex>,
}

impl Catalogue {
    /// The event types in the order of the profile.
    pub fn entries(&self) -> &[EventEntry] {
        &self.entries
    }

    /// The event type of a wire code or of a name that people see.
    pub fn find(&self, name_or_title: &str) -> Option<&EventEntry> {
        let by_name = self.entries.iter().find(|entry| entry.name == name_or_title);
        by_name.or_else(|| self.entries.iter().find(|entry| entry.title.as_deref() == Some(name_or_title)))
    }

    /// The event type of a wire code.
    pub(crate) fn entry(&self, name: &str) -> Option<&EventEntry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// Whether a type may be published: it is listed, or the profile is open to names of its form.
    pub fn accepts(&self, name_or_title: &str) -> bool {
        self.find(name_or_title).is_some()
            || self.open.as_ref().is_some_and(|open| open.is_match(name_or_title))
    }

    /// Whether types outside the list are accepted.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }
}

const ORIGINS: [(&str, ExampleOrigin); 2] =
    [("published", ExampleOrigin::Published), ("plausible", ExampleOrigin::Plausible)];

/// Reads `[[events]]` and `open_events`.
pub(crate) fn read(
    root: &Section<'_>,
    source: &dyn ProfileSource,
    elsewhere: &mut Vec<ProfileProblem>,
) -> Catalogue {
    let open = read_pattern(root, "open_events");
    let mut entries: Vec<EventEntry> = Vec::new();
    for section in root.sections("events") {
        let Some(entry) = read_entry(&section, source, elsewhere) else { continue };
        check_unique(section.document(), section.line(), &entries, &entry);
        entries.push(entry);
    }
    if entries.is_empty() {
        root.missing("events");
    }
    Catalogue { entries, open }
}

fn read_entry(
    section: &Section<'_>,
    source: &dyn ProfileSource,
    elsewhere: &mut Vec<ProfileProblem>,
) -> Option<EventEntry> {
    let title = section.owned_text("title");
    let group = section.owned_text("group");
    let description = section.owned_text("description");
    let example_is = section.choice("example_is", &ORIGINS).unwrap_or(ExampleOrigin::Published);
    let given = section.owned_text("example");
    let name = section.required_text("name")?.value.to_owned();
    if let Err(why) = postroad_domain::EventType::parse(&name) {
        section.invalid("name", why.to_string());
    }
    let path = given.unwrap_or_else(|| format!("examples/{name}.json"));
    let example = source.text(&path).unwrap_or_else(|| {
        elsewhere.push(ProfileProblem { file: path.clone(), line: None, kind: ProblemKind::MissingFile });
        "{}"
    });
    let example = example.trim_end().to_owned();
    Some(EventEntry { name, title, group, description, example, example_file: path, example_is })
}

/// A name or title must lead to one event type only.
fn check_unique(document: &Document<'_>, line: usize, entries: &[EventEntry], new: &EventEntry) {
    let names = |entry: &EventEntry| [Some(entry.name.clone()), entry.title.clone()];
    let taken = entries.iter().flat_map(names).flatten();
    let taken: Vec<_> = taken.collect();
    for name in names(new).into_iter().flatten().filter(|name| taken.contains(name)) {
        document.report(Some(line), ProblemKind::Duplicate { what: "event", name });
    }
}
