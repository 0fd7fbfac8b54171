//! The work in the background, made here until nothing of it is left.

use std::time::Duration;

use super::{World, prune_nothing};
use crate::{BacklogBudget, Prune, Pruned, Sweep, Swept};

impl World {
    /// Sweeps until nothing is left to do, in steps of `limit` rows; answers the sum.
    pub async fn sweep_all(&mut self, limit: usize) -> Swept {
        self.sweep_within(BacklogBudget::default(), limit).await
    }

    /// The same with another budget for each lane.
    pub async fn sweep_within(&mut self, budget: BacklogBudget, limit: usize) -> Swept {
        let mut sum = Swept::default();
        for _ in 0..1_000 {
            let at = self.tick();
            let step = self.store.sweep(Sweep { at, limit, budget }).await.unwrap();
            let rows = step.cancelled + step.expired + step.overflowed + step.erased;
            assert!(rows <= limit, "a step keeps to its limit");
            sum.cancelled += step.cancelled;
            sum.expired += step.expired;
            sum.overflowed += step.overflowed;
            sum.erased += step.erased;
            sum.growing.extend(step.growing);
            if !step.more {
                return sum;
            }
        }
        panic!("the sweep does not end");
    }

    /// Forgets what is older than `age`, in steps of `rows_max` rows, until nothing is left to do; answers the sum.
    pub async fn prune_all(&mut self, age: Duration, rows_max: usize) -> Pruned {
        let (age_max, at) = (Some(age), self.now);
        self.prune_by(Prune { age_max, rows_max, ..prune_nothing(at) }).await
    }

    /// Forgets by a rule until nothing is left to do; answers the sum.
    pub async fn prune_by(&mut self, prune: Prune) -> Pruned {
        let mut sum = Pruned::default();
        for _ in 0..1_000 {
            let step = self.store.prune(prune.clone()).await.unwrap();
            sum = Pruned { events: sum.events + step.events, rows: sum.rows + step.rows, ..step };
            if !step.more {
                return sum;
            }
        }
        panic!("forgetting does not end");
    }
}
