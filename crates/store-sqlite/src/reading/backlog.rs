//! How much waits in all lanes: a count of the whole queue, in steps of bounded size.

use postroad_store::{Backlog, LaneKey};
use rusqlite::Connection;

use crate::{
    error::Fault,
    numbers::DELIVERY_BITS,
    reading::{events, lanes},
    sql,
};

/// Rows that one step counts.
const ROWS_PER_STEP: usize = 20_000;
/// Lanes that one step looks at.
const LANES_PER_STEP: usize = 256;

/// A count under way.
pub(crate) struct Count {
    lane: LaneKey,
    /// Where to go on in it.
    within: Option<Within>,
    waiting: u64,
    /// The lowest number seen: deliveries are numbered in the order of their events.
    oldest_no: Option<i64>,
    is_done: bool,
}

/// A place in a lane.
struct Within {
    generation: i64,
    due: i64,
    delivery_no: i64,
}

impl Count {
    /// A count that begins.
    pub(crate) fn new() -> Self {
        Self { lane: lanes::BEFORE_ALL, within: None, waiting: 0, oldest_no: None, is_done: false }
    }

    /// The result, once every lane was counted.
    pub(crate) fn result(&self, db: &Connection) -> Result<Option<Backlog>, Fault> {
        if !self.is_done {
            return Ok(None);
        }
        let oldest =
            self.oldest_no.map(|no| events::by_number(db, no >> DELIVERY_BITS)).transpose()?.flatten();
        Ok(Some(Backlog { waiting: self.waiting, oldest: oldest.map(|event| event.accepted_at) }))
    }

    /// Counts on, in one picture of the database.
    pub(crate) fn step(&mut self, db: &Connection) -> Result<(), Fault> {
        let mut rows_left = ROWS_PER_STEP;
        for _ in 0..LANES_PER_STEP {
            if self.within.is_none() {
                self.enter_next_lane(db)?;
            }
            if self.is_done || rows_left == 0 {
                break;
            }
            rows_left -= self.count_lane(db, rows_left)?;
        }
        Ok(())
    }

    /// Counts up to `limit` rows of the lane; answers how many those were.
    fn count_lane(&mut self, db: &Connection, limit: usize) -> Result<usize, Fault> {
        let Some(within) = &mut self.within else { return Ok(0) };
        let (tenant_no, sub_no) = (self.lane.tenant_no.0, self.lane.subscription_no.0);
        let key = (tenant_no, sub_no, within.generation, within.due, within.delivery_no, limit);
        let mut statement = db.prepare_cached(sql::LANE_ROWS)?;
        let mut rows = statement.query(key)?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            (within.due, within.delivery_no) = (row.get(0)?, row.get(1)?);
            let oldest_no = self.oldest_no.map_or(within.delivery_no, |no| no.min(within.delivery_no));
            self.oldest_no = Some(oldest_no);
            count += 1;
        }
        self.waiting += count as u64;
        if count < limit {
            self.within = None;
        }
        Ok(count)
    }

    fn enter_next_lane(&mut self, db: &Connection) -> Result<(), Fault> {
        let Some((lane, _, _)) = lanes::next_lane(db, self.lane)? else {
            self.is_done = true;
            return Ok(());
        };
        self.lane = lane;
        let generation = lanes::state(db, lane)?.map(|state| state.generation);
        let start = |generation| Within { generation, due: i64::MIN, delivery_no: i64::MIN };
        self.within = generation.map(start);
        Ok(())
    }
}
