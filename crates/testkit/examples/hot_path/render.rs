//! What an event costs its profile: the check of its data, the request, the signature. For each built-in profile.

use std::hint::black_box;

use postroad_profile::{EventEntry, Profile};
use serde_json::Value;

use super::Piece;

/// Bytes of the event's data, about.
const DATA_BYTES: usize = 1_024;

pub(super) fn pieces() -> Vec<Piece> {
    let render = |(name, files)| Piece {
        name: format!("render and sign, {name}"),
        times: 2_000,
        // The piece loads its own profile alone: the load of all of them, which is never twice the same number of
        // instructions, would hide what is counted.
        run: Box::new(move |times| {
            let profile = Profile::load(&files).unwrap();
            let entry = entry_of(&profile);
            for _ in 0..times {
                black_box(profile.render_example(black_box(&entry), None).unwrap());
            }
        }),
    };
    postroad_profile::built_in().into_iter().map(render).collect()
}

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
