//! The handshakes in words.

use postroad_profile::{Handshake, Occasion, Profile};

use super::page::{Entry, entry};

/// When each is made, what is expected, and what follows when it fails.
pub(super) fn entries(profile: &Profile) -> Vec<Entry> {
    let numbered = (1..).zip(profile.handshakes());
    numbered.map(|(number, handshake)| entry(&label(number, handshake), in_words(handshake))).collect()
}

fn label(number: usize, handshake: &Handshake) -> String {
    format!("{number}. {}", handshake.method)
}

fn in_words(handshake: &Handshake) -> String {
    let occasions: Vec<_> = handshake.on.iter().copied().map(occasion_in_words).collect();
    let outcome = if handshake.blocking {
        "nothing is sent to the receiver until it has passed"
    } else {
        "a hint, which the subscription shows"
    };
    let expected = handshake.expectations().join(", ");
    format!(
        "when a subscription {}; {}; expects {expected}; {outcome}",
        occasions.join(" or "),
        handshake.signature_in_words()
    )
}

fn occasion_in_words(occasion: Occasion) -> &'static str {
    match occasion {
        Occasion::Created => "is created",
        Occasion::Url => "has another URL",
        Occasion::Secret => "has another secret",
        Occasion::Enabled => "is enabled",
    }
}
