//! Counters of single tenants, where the operator asks for them.
//!
//! **Invariant:** there are at most [`METRICS_TENANTS_MAX`] tenants with counters of their own; the rest is counted
//! together, so that no number of tenants can overwhelm who reads the figures. A tenant keeps its place until the restart.

use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use postroad_domain::{TenantId, TenantNo, limits::METRICS_TENANTS_MAX};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, counter::Counter},
};
use rustc_hash::FxHashMap;

/// All tenants beyond the limit. No tenant's id begins with this sign.
const OTHERS: &str = "_others";

/// The counters of one tenant.
#[derive(Debug, Default)]
pub(crate) struct TenantCounters {
    /// Its id, once somebody has looked it up.
    name: OnceLock<String>,
    /// Events made durable.
    pub(crate) accepted: Counter,
    /// Deliveries taken by a receiver.
    pub(crate) succeeded: Counter,
    /// Deliveries whose last attempt failed.
    pub(crate) failed: Counter,
}

/// The counters of all tenants.
#[derive(Clone, Debug, Default)]
pub(crate) struct PerTenant(Arc<Mutex<FxHashMap<TenantNo, Arc<TenantCounters>>>>, Arc<TenantCounters>);

impl PerTenant {
    /// Counters at zero.
    pub(crate) fn new() -> Self {
        let counters = Self::default();
        counters.1.name.get_or_init(|| OTHERS.to_owned());
        counters
    }

    /// The counters of a tenant.
    pub(crate) fn of(&self, no: TenantNo) -> Arc<TenantCounters> {
        let mut tenants = self.0.lock();
        if let Some(known) = tenants.get(&no) {
            return Arc::clone(known);
        }
        if tenants.len() >= METRICS_TENANTS_MAX {
            return Arc::clone(&self.1);
        }
        Arc::clone(tenants.entry(no).or_default())
    }

    /// The tenants whose ids are not known yet; they are shown when they are.
    pub(crate) fn unnamed(&self) -> Vec<TenantNo> {
        let tenants = self.0.lock();
        tenants.iter().filter(|(_, counters)| counters.name.get().is_none()).map(|(no, _)| *no).collect()
    }

    /// Tells the id of a tenant.
    pub(crate) fn name(&self, no: TenantNo, id: &TenantId) {
        self.of(no).name.get_or_init(|| id.to_string());
    }

    /// Those that can be shown, by id; the rest last.
    fn named(&self) -> Vec<Arc<TenantCounters>> {
        let mut named: Vec<_> = self.0.lock().values().cloned().collect();
        named.retain(|counters| counters.name.get().is_some());
        named.sort_by(|one, other| one.name.get().cmp(&other.name.get()));
        named.push(Arc::clone(&self.1));
        named
    }
}

impl Collector for PerTenant {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        type Pick = fn(&TenantCounters) -> &Counter;
        let metrics: [(&str, &str, Pick); 3] = [
            ("tenant_events_accepted", "Events of a tenant made durable", |counters| &counters.accepted),
            ("tenant_deliveries_succeeded", "Deliveries of a tenant taken by a receiver", |counters| {
                &counters.succeeded
            }),
            ("tenant_deliveries_failed", "Deliveries of a tenant whose last attempt failed", |counters| {
                &counters.failed
            }),
        ];
        let tenants = self.named();
        for (name, help, pick) in metrics {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for counters in &tenants {
                let tenant = counters.name.get().map_or(OTHERS, String::as_str);
                pick(counters).encode(family.encode_family(&[("tenant", tenant)])?)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::{encoding::text::encode, registry::Registry};

    use super::*;

    #[test]
    fn one_tenant_too_many_is_counted_with_the_others() {
        let (counters, mut registry) = (PerTenant::new(), Registry::default());
        registry.register_collector(Box::new(counters.clone()));
        for no in 0..=METRICS_TENANTS_MAX {
            let no = TenantNo(i64::try_from(no).unwrap());
            counters.of(no).accepted.inc();
            counters.name(no, &TenantId::parse(&format!("t{}", no.0)).unwrap());
        }
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        let of = |tenant: &str| format!("tenant_events_accepted_total{{tenant=\"{tenant}\"}} 1\n");
        assert_eq!(text.matches("tenant_events_accepted_total{").count(), METRICS_TENANTS_MAX + 1);
        for (tenant, is_there) in [("t0", true), ("t999", true), ("t1000", false), ("_others", true)] {
            assert_eq!(text.contains(&of(tenant)), is_there, "{tenant}");
        }
    }

    #[test]
    fn a_tenant_is_shown_when_its_id_is_known() {
        let counters = PerTenant::new();
        counters.of(TenantNo(7)).failed.inc();
        assert_eq!((counters.unnamed(), counters.named().len()), (vec![TenantNo(7)], 1));
        counters.name(TenantNo(7), &TenantId::parse("acme").unwrap());
        assert_eq!((counters.unnamed(), counters.named().len()), (Vec::new(), 2));
    }
}
