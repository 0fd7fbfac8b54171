//! The event types of a profile: each with the words that people see and an example of its data.

use std::collections::HashMap;

use postroad_domain::EventType;
use regex::Regex;

use crate::{
    options::read_pattern,
    problem::{ProblemKind, ProfileProblem, nearest_words},
    reader::Section,
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
    /// The number by which the product's own API names it.
    pub number: Option<u32>,
    /// The heading under which it is listed.
    pub group: Option<String>,
    /// When it happens.
    pub description: Option<String>,
    /// Example data, exactly as its file holds it.
    pub example: String,
    /// The file of the example.
    pub example_file: String,
    /// The attributes that come with the example, as the JSON object of their file; `None` for none.
    pub example_attributes: Option<String>,
    /// The file of these attributes.
    pub example_attributes_file: Option<String>,
    /// Where the example comes from.
    pub example_is: ExampleOrigin,
}

/// All event types of a profile.
///
/// **Invariant:** a name, a title and a number lead to one event type only.
#[derive(Clone, Debug)]
pub struct Catalogue {
    entries: Vec<EventEntry>,
    /// The wire codes, in the order of the entries.
    types: Vec<EventType>,
    /// The place of the entry that a name or title leads to. Every event passes here.
    places: HashMap<String, usize>,
    open: Option<Regex>,
}

impl Catalogue {
    /// The event types in the order of the profile.
    pub fn entries(&self) -> &[EventEntry] {
        &self.entries
    }

    /// The entry of a wire code; `None` where it is not listed.
    pub fn entry(&self, name: &str) -> Option<&EventEntry> {
        // The place may be that of a title.
        self.entries.get(*self.places.get(name)?).filter(|entry| entry.name == name)
    }

    /// The wire code that is meant by a listed name or title, or by a text that `open_events` matches; `None` where the
    /// profile has no such event.
    pub fn resolve(&self, name_or_title: &str) -> Option<EventType> {
        match self.places.get(name_or_title) {
            Some(place) => self.types.get(*place).cloned(),
            None if self.open.as_ref()?.is_match(name_or_title) => {
                EventType::parse(name_or_title).ok().filter(|event_type| !event_type.is_handshake())
            }
            None => None,
        }
    }

    /// The entry with this number.
    pub fn numbered(&self, number: u32) -> Option<&EventEntry> {
        self.entries.iter().find(|entry| entry.number == Some(number))
    }

    /// Up to three listed names or titles that are spelt most like the given one, the best first.
    pub fn nearest(&self, name: &str) -> Vec<String> {
        let titles = self.entries.iter().filter_map(|entry| entry.title.as_deref());
        nearest_words(name, self.entries.iter().map(|entry| entry.name.as_str()).chain(titles))
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
    let mut catalogue = Catalogue { entries: Vec::new(), types: Vec::new(), places: HashMap::new(), open };
    let sections = root.sections("events");
    if sections.is_empty() {
        root.missing("events");
    }
    for section in sections {
        if let Some((event_type, entry)) = read_entry(&section, source, elsewhere) {
            catalogue.add(event_type, entry, &section);
        }
    }
    catalogue
}

fn read_entry(
    section: &Section<'_>,
    source: &dyn ProfileSource,
    elsewhere: &mut Vec<ProfileProblem>,
) -> Option<(EventType, EventEntry)> {
    let title = section.owned_text("title");
    let number = section.count("number", u32::MAX.into()).and_then(|number| u32::try_from(number).ok());
    let group = section.owned_text("group");
    let description = section.owned_text("description");
    let example_is = section.choice("example_is", &ORIGINS).unwrap_or(ExampleOrigin::Published);
    let given = section.owned_text("example");
    let attributes_file = section.owned_text("example_attributes");
    let name = section.required_text("name")?.value.to_owned();
    let event_type = EventType::parse(&name).map_err(|why| section.invalid("name", why.to_string())).ok()?;
    if event_type.is_handshake() {
        section.invalid("name", "is the type under which Postroad logs handshakes: choose another");
    }
    let path = given.unwrap_or_else(|| format!("examples/{name}.json"));
    let mut text_of = |path: &str| {
        let text = source.text(path).unwrap_or_else(|| {
            let kind = ProblemKind::MissingFile;
            elsewhere.push(ProfileProblem { file: path.to_owned(), line: None, kind });
            "{}"
        });
        text.trim_end().to_owned()
    };
    let example = text_of(&path);
    let example_attributes = attributes_file.as_deref().map(text_of);
    let entry = EventEntry {
        name,
        title,
        number,
        group,
        description,
        example,
        example_file: path,
        example_attributes,
        example_attributes_file: attributes_file,
        example_is,
    };
    Some((event_type, entry))
}

impl Catalogue {
    fn add(&mut self, event_type: EventType, entry: EventEntry, section: &Section<'_>) {
        let place = self.entries.len();
        for name in [Some(&entry.name), entry.title.as_ref()].into_iter().flatten() {
            if self.places.insert(name.clone(), place).is_some_and(|other| other != place) {
                let kind = ProblemKind::Duplicate { what: "event", name: name.clone() };
                section.document().report(Some(section.line()), kind);
            }
        }
        if let Some(number) = entry.number.filter(|number| self.numbered(*number).is_some()) {
            let kind = ProblemKind::Duplicate { what: "event number", name: number.to_string() };
            section.document().report(Some(section.line()), kind);
        }
        self.types.push(event_type);
        self.entries.push(entry);
    }
}
