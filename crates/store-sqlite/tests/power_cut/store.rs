//! The store through power cuts, seed by seed. `POSTROAD_SEED=n` runs one seed, `POSTROAD_LONG=1` a thousand.

use std::{env, ops::Range, thread};

use crate::trial::{Conditions, Loss, Tally, Trial};

const SEEDS: u64 = 50;
const SEEDS_LONG: u64 = 1_000;
/// Events of this size fill the log so fast that the store's own checkpoints come.
const LARGE_BYTES: usize = 2_000_000;

const USUAL: Conditions =
    Conditions { seed: 0, torn: false, lies: false, data_bytes_max: 12_000, lives: 4, steps: 40 };

#[tokio::test]
async fn what_was_acknowledged_is_there_when_only_synced_bytes_survive() {
    survive_all(USUAL, 1).await;
}

#[tokio::test]
async fn what_was_acknowledged_is_there_when_any_part_of_the_rest_survives_too() {
    survive_all(Conditions { torn: true, ..USUAL }, 1).await;
}

#[tokio::test]
async fn the_stores_own_checkpoints_lose_nothing() {
    let large = Conditions { data_bytes_max: LARGE_BYTES, lives: 2, steps: 25, ..USUAL };
    survive_all(large, 20).await;
    survive_all(Conditions { torn: true, ..large }, 20).await;
}

#[tokio::test]
async fn a_disk_that_lies_about_syncs_is_found_out() {
    for torn in [false, true] {
        let mut found = 0;
        for seed in 0..SEEDS / 5 {
            found += usize::from(Trial::run(Conditions { seed, torn, lies: true, ..USUAL }).await.is_err());
        }
        assert!(found > 0, "torn: {torn}");
    }
}

/// Runs every seed, or one in `share` where each takes long.
async fn survive_all(conditions: Conditions, share: u64) {
    let mut sum = Tally::default();
    let seeds = seeds();
    for seed in seeds.clone().step_by(usize::try_from(share).unwrap()) {
        let _named = Named { seed };
        let lived: Result<Tally, Loss> = Trial::run(Conditions { seed, ..conditions }).await;
        let tally = lived.unwrap_or_else(|loss| panic!("{loss}"));
        sum.acknowledged += tally.acknowledged;
        sum.cut_at_start += tally.cut_at_start;
        sum.done += tally.done;
        sum.undone += tally.undone;
    }
    println!("{conditions:?}: {sum:?}");
    if seeds.end - seeds.start >= SEEDS && share == 1 {
        assert!(sum.cut_at_start > 0 && sum.undone > 0, "{sum:?}");
    }
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
