//! Stories, drawn from seeds.
//!
//! Each has a theme, which it has much of; the other ingredients come into it now and then. Most are small: thousands of seeds
//! find more than one large story.

mod draft;
mod themes;

pub use draft::Draft;

use crate::{
    plan::{Plan, StoreKind, Theme},
    random::Draws,
};

/// Of a thousand stories, how many have which theme; those that cost much are few.
const WEIGHTS: [(Theme, u64); 15] = [
    (Theme::Mixture, 150),
    (Theme::Schedule, 110),
    (Theme::Order, 150),
    (Theme::FanOut, 80),
    (Theme::Flood, 10),
    (Theme::Clocks, 130),
    (Theme::Disk, 120),
    (Theme::Backlog, 60),
    (Theme::Gone, 70),
    (Theme::Memory, 10),
    (Theme::Settings, 15),
    (Theme::Rests, 80),
    (Theme::Bytes, 10),
    (Theme::Framing, 40),
    (Theme::Waiting, 250),
];

/// The story of a seed.
pub fn draw(seed: u64) -> Plan {
    let mut draws = Draws::new(seed, "theme", 0);
    let sum = WEIGHTS.iter().map(|(_, weight)| weight).sum();
    let mut place = draws.below(sum);
    let theme = WEIGHTS.iter().find(|(_, weight)| {
        let found = place < *weight;
        place = place.saturating_sub(*weight);
        found
    });
    draw_with(seed, theme.map_or(Theme::Mixture, |(theme, _)| *theme))
}

/// The story of a seed with this theme.
pub fn draw_with(seed: u64, theme: Theme) -> Plan {
    let mut draws = Draws::new(seed, "store", 0);
    let is_heavy = matches!(theme, Theme::Flood | Theme::Memory | Theme::Bytes | Theme::Settings);
    let of_hundred = if theme == Theme::Waiting { 40 } else { 20 };
    let store = if !is_heavy && draws.chance(of_hundred) { StoreKind::Sqlite } else { StoreKind::Memory };
    let mut draft = Draft::new(seed, theme, store);
    themes::fill(&mut draft, theme);
    draft.finish()
}
