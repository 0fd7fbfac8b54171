//! Tells many stories and says which rules they broke: `cargo run --workspace --example survey -- 0..300 [theme]`.

use std::collections::BTreeMap;

use simulation::{generator, model::judge, plan::Theme, tell};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let seeds = arguments.next().unwrap_or_else(|| "0..300".to_owned());
    if seeds == "show" {
        let seed = arguments.next().and_then(|seed| seed.parse().ok()).unwrap_or(0);
        let theme = arguments.next();
        let theme = theme.and_then(|name| Theme::ALL.into_iter().find(|theme| format!("{theme:?}") == name));
        let plan = theme.map_or_else(|| generator::draw(seed), |theme| generator::draw_with(seed, theme));
        let told = tell(plan);
        let found = judge(&told);
        return println!("{}", simulation::story::print_all(&told, &found));
    }
    let (from, to) = seeds.split_once("..").unwrap_or(("0", &seeds));
    let (from, to): (u64, u64) = (from.parse().unwrap_or(0), to.parse().unwrap_or(300));
    let theme = arguments.next();
    let theme = theme.and_then(|name| Theme::ALL.into_iter().find(|theme| format!("{theme:?}") == name));
    let verbose = arguments.next().is_some();
    let mut broken: BTreeMap<_, Vec<u64>> = BTreeMap::new();
    for seed in from..to {
        let plan = theme.map_or_else(|| generator::draw(seed), |theme| generator::draw_with(seed, theme));
        let (of, kind) = (plan.theme, plan.store);
        let told = tell(plan);
        let found = judge(&told);
        let digest = simulation::journal::digest(&told.entries);
        println!(
            "{seed} {of:?} {kind:?} entries {} exchanges {} {digest:x}",
            told.entries.len(),
            told.exchanges()
        );
        let mut known = std::collections::BTreeSet::new();
        for violation in &found {
            if known.insert(violation.rule) || verbose {
                let known = simulation::faults::known(of, violation.rule);
                let fault = known.map_or("NEW".to_owned(), |known| format!("fault {}", known.fault));
                println!("    {fault} {:?} {:?}: {}", violation.at, violation.rule, violation.text);
            }
            let seeds = broken.entry((violation.rule, of)).or_default();
            if seeds.last() != Some(&seed) {
                seeds.push(seed);
            }
        }
    }
    for ((rule, theme), seeds) in &broken {
        println!("{rule:?} {theme:?}: {} {:?}", seeds.len(), &seeds[..seeds.len().min(12)]);
    }
}
