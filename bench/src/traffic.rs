//! What both ends say about one run.

use super::{
    figure::Findings, generator::GeneratorReport, load::Load, statistics::per_second, tally::TallyReport,
};

/// The reports of generator and receiver, together.
#[derive(Clone, Debug, Default)]
pub(super) struct Traffic {
    pub(super) sent: GeneratorReport,
    pub(super) arrived: TallyReport,
    /// Arrivals that were owed and did not come.
    pub(super) lost: u64,
}

impl Traffic {
    /// Of work of this shape.
    pub(super) fn new(load: &Load, sent: GeneratorReport, arrived: TallyReport) -> Self {
        let lost = (sent.accepted * load.subscriptions).saturating_sub(arrived.distinct);
        Self { sent, arrived, lost }
    }

    /// Events accepted a second.
    pub(super) fn accepted_per_second(&self) -> f64 {
        per_second(self.sent.accepted_in_window, self.sent.window_micros)
    }

    /// Deliveries that arrived a second.
    pub(super) fn delivered_per_second(&self) -> f64 {
        per_second(self.arrived.arrived, self.arrived.window_micros)
    }

    /// From sending to arrival.
    pub(super) fn add_latency(&self, findings: &mut Findings) {
        findings.add_micros("end to end p50", self.arrived.latency_p50_micros);
        findings.add_micros("end to end p99", self.arrived.latency_p99_micros);
        findings.add_micros("end to end p99.9", self.arrived.latency_p999_micros);
    }

    /// What went wrong; nothing of it should.
    pub(super) fn add_faults(&self, findings: &mut Findings) {
        findings.add("refused", self.sent.refused as f64, "events");
        findings.add("lost", self.lost as f64, "deliveries");
        findings.add("twice", self.arrived.duplicates as f64, "deliveries");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_accepted_and_never_arrived_is_lost_for_each_subscription() {
        let load = Load { subscriptions: 10, ..Load::ONE };
        let sent = GeneratorReport { accepted: 100, ..GeneratorReport::default() };
        let arrived = TallyReport { distinct: 998, ..TallyReport::default() };
        assert_eq!(Traffic::new(&load, sent, arrived).lost, 2);
    }
}
