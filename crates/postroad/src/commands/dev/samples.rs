//! Sample events: the examples of each profile's catalogue, and a shop's where the names are free.

use postroad_client::{Error, NewEvent};
use serde_json::{Value, json, value::RawValue};

use super::tenants::DemoTenant;

/// Tenants in turn, each with an event, over and over.
pub(super) fn endless(
    tenants: &[DemoTenant],
) -> impl Iterator<Item = (&DemoTenant, Result<NewEvent, Error>)> {
    (0_usize..).flat_map(move |round| tenants.iter().map(move |tenant| (tenant, sample(tenant, round))))
}

fn sample(tenant: &DemoTenant, round: usize) -> Result<NewEvent, Error> {
    if tenant.samples.is_empty() {
        let (event_type, data) = of_a_shop(1001 + round);
        return NewEvent::new(event_type, &data);
    }
    let entry = &tenant.samples[round % tenant.samples.len()];
    // Examples are JSON: the profile has been checked. They are passed on byte for byte.
    let data: &RawValue = serde_json::from_str(&entry.example)?;
    let event = NewEvent::new(&entry.name, data)?;
    match &entry.example_attributes {
        Some(attributes) => event.attributes(serde_json::from_str::<&RawValue>(attributes)?),
        None => Ok(event),
    }
}

fn of_a_shop(number: usize) -> (&'static str, Value) {
    let order = format!("ord_{number}");
    match number % 5 {
        0 => (
            "customer.created",
            json!({"id": format!("cus_{number}"), "name": "Ada Lovelace", "country": "GB"}),
        ),
        1 => ("order.created", json!({"id": order, "total": "42.00", "currency": "EUR", "items": 3})),
        2 => ("order.paid", json!({"id": order, "total": "42.00", "currency": "EUR", "method": "card"})),
        3 => ("order.shipped", json!({"id": order, "carrier": "DHL", "parcels": 1})),
        _ => ("invoice.sent", json!({"id": format!("inv_{number}"), "order": order, "due_in_days": 14})),
    }
}
