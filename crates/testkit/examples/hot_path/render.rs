//! What an event costs its profile: the check of its data, the request, the signature. For each built-in profile.

use std::{hint::black_box, rc::Rc};

use postroad_profile::{EventEntry, Profile};
use serde_json::Value;

use super::Piece;

/// Bytes of the event's data, about.
const DATA_BYTES: usize = 1_024;

pub(super) fn pieces() -> Vec<Piece> {
    postroad_profile::built_in()
        .into_iter()
        .map(|(name, files)| piece(&name, Profile::load(&files).unwrap()))
        .collect()
}

fn piece(name: &str, profile: Profile) -> Piece {
    let (profile, entry) = (Rc::new(profile), Rc::new(OnceEntry::default()));
    Piece {
        name: format!("render and sign, {name}"),
        times: 200,
        run: Box::new(move |times| {
            let entry = entry.get_or_init(|| entry_of(&profile));
            for _ in 0..times {
                black_box(profile.render_example(black_box(entry), None).unwrap());
            }
        }),
    }
}

type OnceEntry = std::cell::OnceCell<EventEntry>;

/// The profile's first event type, its data made longer by a member that no template asks for.
fn entry_of(profile: &Profile) -> EventEntry {
    let entries = profile.catalogue.entries();
    let mut entry = entries.iter().next().unwrap().clone();
    let mut data: Value = serde_json::from_str(&entry.example).unwrap();
    let missing = DATA_BYTES.saturating_sub(entry.example.len());
    if let Value::Object(members) = &mut data {
        members.insert("padding".to_owned(), "p".repeat(missing).into());
    }
    entry.example = data.to_string();
    entry
}
