//! The same seed gives the same story.

use simulation::{generator, journal::digest, plan::Theme, tell};

#[test]
fn a_seed_told_twice_gives_the_same_story() {
    for (seed, theme) in (1..).zip(Theme::ALL) {
        if matches!(theme, Theme::Flood | Theme::Memory | Theme::Bytes | Theme::Settings) {
            continue;
        }
        let [one, other] = [0; 2].map(|_| tell(generator::draw_with(seed, theme)));
        if let Some(place) = one
            .entries
            .iter()
            .zip(&other.entries)
            .position(|(one, other)| one.at != other.at || one.what != other.what)
        {
            panic!("seed {seed} of {theme:?}: {:?}\n and {:?}", one.entries[place], other.entries[place]);
        }
        assert_eq!(digest(&one.entries), digest(&other.entries), "seed {seed} of {theme:?}");
    }
}
