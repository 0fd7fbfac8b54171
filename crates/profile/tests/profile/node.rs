//! Our canonical form against Node's, byte for byte and signature for signature, on random texts.
//!
//! `POSTROAD_LONG=1` compares 200,000 texts in place of 10,000.

use postroad_profile::ecmascript_json::{CanonicalError, Refusal, canonical};
use rand::{SeedableRng, rngs::StdRng};

use crate::support::{
    json_texts,
    node::{Answer, Node},
    signature::{SECRET, signature},
};

const TEXTS: u64 = 10_000;
const TEXTS_LONG: u64 = 200_000;

#[test]
fn node_and_postroad_accept_the_same_texts_and_make_the_same_bytes_of_them() {
    let mut node = Node::start(SECRET);
    let mut seen = Seen::default();
    let texts = if std::env::var_os("POSTROAD_LONG").is_some() { TEXTS_LONG } else { TEXTS };
    for seed in 0..texts {
        let text = json_texts::json_text(&mut StdRng::seed_from_u64(seed));
        let theirs = node.answer(&text);
        seen.count(&theirs);
        if let Err(difference) = compare(&text, theirs) {
            panic!("{difference}\nseed {seed}, text {}", String::from_utf8_lossy(&text));
        }
    }
    println!("{seen:?}");
    // A generator that makes one kind only would prove nothing.
    assert!(seen.canonical > texts / 2 && seen.refused > texts / 20 && seen.out_of_range > 0, "{seen:?}");
}

#[test]
fn what_node_makes_of_nesting_at_our_bound_is_the_same() {
    let mut node = Node::start(SECRET);
    let levels = postroad_profile::ecmascript_json::NESTING_MAX;
    let text = "{\"b\":1,\"0\":".repeat(levels) + "[]" + &"}".repeat(levels);
    // The innermost array is one level too many.
    assert_eq!(canonical(text.as_bytes()).map_err(|error| error.refusal), Err(Refusal::NestedTooDeep));
    let text = text.replace("[]", "1e2");
    assert_eq!(compare(text.as_bytes(), node.answer(text.as_bytes())), Ok(()));
}

/// How often Node answered what.
#[derive(Debug, Default)]
struct Seen {
    canonical: u64,
    refused: u64,
    out_of_range: u64,
}

impl Seen {
    fn count(&mut self, answer: &Answer) {
        *match answer {
            Answer::Canonical { .. } => &mut self.canonical,
            Answer::Refused => &mut self.refused,
            Answer::OutOfRange => &mut self.out_of_range,
        } += 1;
    }
}

/// Compares our answer with Node's; what differs is the error.
fn compare(text: &[u8], theirs: Answer) -> Result<(), String> {
    match (canonical(text), theirs) {
        (Ok(ours), Answer::Canonical { text: theirs, signature: their_signature }) => {
            if ours != theirs {
                let [ours, theirs] = [ours, theirs].map(|text| String::from_utf8_lossy(&text).into_owned());
                return Err(format!("other bytes:\nours   {ours}\ntheirs {theirs}"));
            }
            let our_signature = signature(&ours);
            if our_signature != their_signature {
                return Err(format!("other signatures: ours {our_signature}, theirs {their_signature}"));
            }
            Ok(())
        }
        // The one rule where we refuse more. Node sees no infinite number where a later value took its place, or where
        // it found another fault behind it.
        (Err(CanonicalError { refusal: Refusal::NumberOutOfRange, at }), _) => {
            let number = number_at(text, at.offset_bytes);
            if number.is_infinite() { Ok(()) } else { Err(format!("we refuse {number} as out of range")) }
        }
        (
            Err(CanonicalError { refusal: Refusal::NotJson { .. } | Refusal::NotUtf8, .. }),
            Answer::Refused,
        ) => Ok(()),
        (ours, theirs) => Err(format!("ours {ours:?}, theirs {theirs:?}")),
    }
}

/// The number that stands at an offset: the longest piece of text there that is one.
fn number_at(text: &[u8], offset: usize) -> f64 {
    let rest = &text[offset..];
    let is_part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    let length = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
    let piece = |length: usize| std::str::from_utf8(&rest[..length]).ok()?.parse().ok();
    (1..=length).rev().find_map(piece).unwrap_or(f64::NAN)
}
