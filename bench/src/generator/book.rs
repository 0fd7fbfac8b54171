//! What a generator notes about the answers, and what it says in the end.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Answer, Plan};
use crate::{
    histogram::Histogram,
    tally::{self, Bits},
};

/// What the generator says in the end. Times are microseconds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct GeneratorReport {
    /// Events of the whole run that were accepted, and that were not.
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
    /// Events accepted in the time that is measured, and that time.
    pub(crate) accepted_in_window: u64,
    pub(crate) window_micros: u64,
    /// Events answered in that time by their status; 0 is a connection that broke.
    pub(crate) statuses: BTreeMap<u16, u64>,
    /// Events accepted in that time, of each tenant in turn.
    pub(crate) accepted_by_tenant: Vec<u64>,
    /// From sending a request to its answer, in the time that is measured.
    pub(crate) answer_p50_micros: u64,
    pub(crate) answer_p99_micros: u64,
}

/// The notes of a run.
pub(super) struct Book {
    /// The numbers of the accepted events; kept only where a ledger is asked for.
    pub(super) accepted: Bits,
    keeps_numbers: bool,
    first_tenant: u64,
    figures: GeneratorReport,
    began_micros: u64,
    answer_micros: Histogram,
}

impl Book {
    pub(super) fn new(plan: &Plan) -> Self {
        let accepted_by_tenant = vec![0; plan.target.tenants() as usize];
        Self {
            accepted: Bits::new(),
            keeps_numbers: plan.ledger.is_some(),
            first_tenant: plan.target.tenant_of(0),
            figures: GeneratorReport { accepted_by_tenant, ..GeneratorReport::default() },
            began_micros: 0,
            answer_micros: Histogram::default(),
        }
    }

    pub(super) const fn begin(&mut self, now_micros: u64) {
        self.began_micros = now_micros;
    }

    pub(super) const fn end(&mut self, now_micros: u64) {
        self.figures.window_micros = now_micros - self.began_micros;
    }

    pub(super) fn note(&mut self, answer: Answer, in_window: bool) {
        let Answer { turn, tenant, status, refusal, events, accepted, micros } = answer;
        let refused = events.saturating_sub(accepted);
        self.figures.accepted += accepted;
        self.figures.refused += refused;
        if self.keeps_numbers && accepted == events {
            (turn.number..turn.number + events).for_each(|number| _ = tally::set(&mut self.accepted, number));
        }
        if in_window {
            self.figures.accepted_in_window += accepted;
            self.figures.accepted_by_tenant[(tenant - self.first_tenant) as usize] += accepted;
            for (status, count) in [(status, accepted), (refusal, refused)] {
                if count > 0 {
                    *self.figures.statuses.entry(status).or_default() += count;
                }
            }
            self.answer_micros.record(micros);
        }
    }

    pub(super) fn report(&self) -> GeneratorReport {
        GeneratorReport {
            answer_p50_micros: self.answer_micros.percentile(50.0),
            answer_p99_micros: self.answer_micros.percentile(99.0),
            ..self.figures.clone()
        }
    }
}
