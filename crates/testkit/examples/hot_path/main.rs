//! The hot path in pieces, for `cargo xtask guard`, which counts the instructions of each.
//!
//! Without arguments it prints a line for each piece: how often it is to be run, and its name. With a number and a name
//! it runs that piece so many times. What a piece needs is made before, the same for every number: so the difference of
//! two runs is the piece alone.
//!
//! **Invariant:** no chance and no time: two runs make the same instructions, but for what the machine's threads do.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement is no part of the program")]

mod commit;
mod deliver;
mod matching;
mod render;

use postroad_domain::tenant::TenantSpec;

/// A part of the hot path.
struct Piece {
    name: String,
    /// How often it is run to be counted: small pieces more often.
    times: usize,
    /// Makes what it needs, then runs it so many times.
    run: Box<dyn Fn(usize)>,
}

fn main() {
    let pieces = render::pieces().into_iter().chain(matching::pieces()).chain([commit::piece()]);
    let pieces: Vec<_> = pieces.chain(deliver::pieces()).collect();
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [] => pieces.iter().for_each(|piece| println!("{} {}", piece.times, piece.name)),
        [times, name] => {
            let piece = pieces.iter().find(|piece| piece.name == *name).expect("a piece has that name");
            (piece.run)(times.parse().unwrap());
        }
        _ => panic!("takes nothing, or how often and the name of a piece"),
    }
}

/// A tenant without anything of its own.
fn tenant_spec() -> TenantSpec {
    TenantSpec {
        profile: "standard".to_owned(),
        name: None,
        contacts: Vec::new(),
        options: "{}".to_owned(),
        retention: None,
        retention_bytes: None,
        sealed: None,
    }
}
