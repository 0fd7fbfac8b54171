//! The store through power cuts, seed by seed. `POSTROAD_SEED=n` runs one seed, `POSTROAD_LONG=1` a thousand.

use std::{env, ops::Range, thread};

use crate::power_cut::trial::{Conditions, Latest, Loss, Tally, Trial};

/// Enough that a commit without an answer survives in some of them: about three of a hundred tell of one.
const SEEDS: u64 = 100;
const SEEDS_LONG: u64 = 1_000;
/// One seed of so many is tried with large events, as each takes long.
const LARGE_SHARE: usize = 10;

const USUAL: Conditions = Conditions {
    seed: 0,
    torn: false,
    lies: false,
    checkpoints: true,
    data_bytes_max: 12_000,
    lives: 4,
    steps: 40,
    cuts: [Latest::Call(60), Latest::Call(600), Latest::Call(4_000)],
};

/// Events so large that the log grows to where the store moves it by itself.
const LARGE: Conditions = Conditions {
    checkpoints: false,
    data_bytes_max: 2_000_000,
    lives: 2,
    steps: 60,
    cuts: [Latest::CallToDatabase(2_000), Latest::CallToDatabase(4_000), Latest::Call(40_000)],
    ..USUAL
};

#[tokio::test]
async fn what_was_acknowledged_is_there_when_only_synced_bytes_survive() {
    try_all(USUAL, 1, was_cut_everywhere).await;
}

#[tokio::test]
async fn what_was_acknowledged_is_there_when_any_part_of_the_rest_survives_too() {
    try_all(Conditions { torn: true, ..USUAL }, 1, |met| was_cut_everywhere(met) && met.done > 0).await;
}

#[tokio::test]
async fn the_stores_own_checkpoints_lose_nothing_when_only_synced_bytes_survive() {
    try_all(LARGE, LARGE_SHARE, moved_its_log).await;
}

#[tokio::test]
async fn the_stores_own_checkpoints_lose_nothing_when_any_part_of_the_rest_survives_too() {
    try_all(Conditions { torn: true, ..LARGE }, LARGE_SHARE, moved_its_log).await;
}

#[tokio::test]
async fn a_disk_that_lies_about_syncs_is_found_out() {
    for torn in [false, true] {
        let mut found = 0;
        for seed in 0..SEEDS {
            let lies = Conditions { seed, torn, lies: true, ..USUAL };
            match Trial::run(lies).await {
                Err(_) => found += 1,
                // Every cut came before anything was acknowledged that can be seen: nothing was lost.
                Ok(met) => {
                    assert_eq!(met.at_stake, 0, "acknowledged operations were never on the disk: {met:?}")
                }
            }
            if found == SEEDS / 20 {
                break;
            }
        }
        assert_eq!(found, SEEDS / 20);
    }
}

#[tokio::test]
async fn a_seed_always_tells_the_same_story() {
    for torn in [false, true] {
        let conditions = Conditions { seed: 7, torn, ..USUAL };
        let (once, again) = (Trial::run(conditions).await.unwrap(), Trial::run(conditions).await.unwrap());
        assert_eq!(once, again);
    }
}

/// Tries every seed, or one in `share`; all together must meet what they are for.
async fn try_all(conditions: Conditions, share: usize, is_enough: impl Fn(&Tally) -> bool) {
    let mut met = Tally::default();
    let seeds = seeds();
    for seed in seeds.clone().step_by(share) {
        let _named = Named { seed };
        let lived: Result<Tally, Loss> = Trial::run(Conditions { seed, ..conditions }).await;
        met += lived.unwrap_or_else(|loss| panic!("{loss}"));
    }
    println!("{met:?}");
    let is_one_alone = seeds.end - seeds.start == 1;
    assert!(is_one_alone || is_enough(&met), "{met:?}");
}

fn was_cut_everywhere(met: &Tally) -> bool {
    let cuts = [met.cut_opening, met.cut_checkpointing, met.cut_closing, met.undone];
    cuts.into_iter().chain(met.groups).all(|count| count > 0)
}

fn moved_its_log(met: &Tally) -> bool {
    met.cut_own_checkpoint > 0 && met.own_checkpoints > 0
}

fn seeds() -> Range<u64> {
    match env::var("POSTROAD_SEED") {
        Ok(seed) => {
            let seed = seed.parse().expect("POSTROAD_SEED is a number");
            seed..seed + 1
        }
        Err(_) if env::var_os("POSTROAD_LONG").is_some() => 0..SEEDS_LONG,
        Err(_) => 0..SEEDS,
    }
}

/// Tells the seed when its trial panics.
struct Named {
    seed: u64,
}

impl Drop for Named {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("the seed {0} failed: POSTROAD_SEED={0} runs it alone", self.seed);
        }
    }
}
