//! What is asked of a large store.

use super::filling::{DELIVERED_TYPE, RARE_TYPE, TENANT};
use crate::{store::Store, template::tenant_id};

/// Each question with its name and its path.
pub(super) fn questions(store: &Store) -> Vec<(&'static str, String)> {
    let Store { subscription, middle, event, .. } = store;
    let tenant = format!("/v1/tenants/{}", tenant_id(TENANT));
    vec![
        ("newest events", format!("{tenant}/events")),
        ("250 newest events", format!("{tenant}/events?limit=250")),
        ("events before the middle", format!("{tenant}/events?until={middle}")),
        ("events of a frequent type", format!("{tenant}/events?type={DELIVERED_TYPE}")),
        ("events of a rare type", format!("{tenant}/events?type={RARE_TYPE}")),
        ("newest deliveries", format!("{tenant}/deliveries")),
        ("deliveries that failed", format!("{tenant}/deliveries?status=failed")),
        ("deliveries of a subscription", format!("{tenant}/deliveries?subscription={subscription}")),
        ("deliveries of an event", format!("{tenant}/deliveries?event={event}")),
        ("deliveries before the middle", format!("{tenant}/deliveries?until={middle}")),
    ]
}
