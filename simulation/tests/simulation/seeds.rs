//! Many seeds, and one.
//!
//! Without a word 300 stories are told, and 20,000 in `./test --long`. `SIMULATION_SEEDS=1000` or `SIMULATION_SEEDS=1000..2000` says
//! which; `SIMULATION_SEED=7` prints one story,
//! and `SIMULATION_SHRINK=1` with it leaves out what is not needed to break its first rule.

use std::ops::Range;

use simulation::{faults, generator, model::judge, shrink::shrink, story, tell};

/// The seeds are told in so many tests, so that each processor has some.
const PARTS: u64 = 4;

fn seeds() -> Range<u64> {
    match std::env::var("SIMULATION_SEEDS") {
        Ok(text) => match text.split_once("..") {
            Some((from, to)) => from.parse().unwrap()..to.parse().unwrap(),
            None => 0..text.parse().unwrap(),
        },
        Err(_) if std::env::var_os("POSTROAD_LONG").is_some() => 0..20_000,
        Err(_) => 0..300,
    }
}

fn no_story_breaks_a_rule(part: u64) {
    let mut broken = Vec::new();
    for seed in seeds().filter(|seed| seed % PARTS == part) {
        let told = tell(generator::draw(seed));
        let found = judge(&told);
        let news: Vec<_> =
            found.into_iter().filter(|one| faults::known(told.plan.theme, one.rule).is_none()).collect();
        if !news.is_empty() {
            println!("{}", story::print(&told, &news));
            broken.push(seed);
        }
    }
    assert!(broken.is_empty(), "these seeds tell stories that break a rule: {broken:?}");
}

#[test]
fn no_story_of_the_first_part_breaks_a_rule() {
    no_story_breaks_a_rule(0);
}

#[test]
fn no_story_of_the_second_part_breaks_a_rule() {
    no_story_breaks_a_rule(1);
}

#[test]
fn no_story_of_the_third_part_breaks_a_rule() {
    no_story_breaks_a_rule(2);
}

#[test]
fn no_story_of_the_fourth_part_breaks_a_rule() {
    no_story_breaks_a_rule(3);
}

/// Prints the story of one seed, with everything that it breaks; with `SIMULATION_SHRINK` as small as it gets and breaks the same.
#[test]
fn one_story() {
    let Ok(seed) = std::env::var("SIMULATION_SEED") else { return };
    let mut told = tell(generator::draw(seed.parse().unwrap()));
    let mut found = judge(&told);
    let news = found.iter().find(|one| faults::known(told.plan.theme, one.rule).is_none());
    let first = news.or(found.first()).map(|one| one.rule);
    if let Some(rule) = first.filter(|_| std::env::var_os("SIMULATION_SHRINK").is_some()) {
        told = tell(shrink(&told.plan, rule));
        found = judge(&told);
        found.retain(|one| one.rule == rule);
    }
    println!("{}", story::print_all(&told, &found));
    assert!(found.is_empty(), "it breaks {} rules", found.len());
}
