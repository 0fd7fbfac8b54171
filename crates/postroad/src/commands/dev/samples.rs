//! Sample events: the examples of each profile's catalogue, and a shop's where the names are free.

use serde_json::{Value, json, value::RawValue};

use super::tenants::DemoTenant;

/// Tenants in turn, each with the body of an event for the API, over and over.
pub(super) fn endless(tenants: &[DemoTenant]) -> impl Iterator<Item = (&DemoTenant, Vec<u8>)> {
    (0_usize..).flat_map(move |round| tenants.iter().map(move |tenant| (tenant, sample(tenant, round))))
}

fn sample(tenant: &DemoTenant, round: usize) -> Vec<u8> {
    if tenant.samples.is_empty() {
        let (event_type, data) = of_a_shop(1001 + round);
        return json!({"type": event_type, "data": data}).to_string().into_bytes();
    }
    let entry = &tenant.samples[round % tenant.samples.len()];
    // Examples are JSON: the profile has been checked. They are passed on byte for byte.
    let raw = |text: &str| serde_json::from_str::<&RawValue>(text).map(RawValue::to_owned).ok();
    let attributes = entry.example_attributes.as_deref().and_then(raw);
    let event = Sample { r#type: &entry.name, data: raw(&entry.example), attributes };
    serde_json::to_vec(&event).unwrap_or_default()
}

#[derive(serde::Serialize)]
struct Sample<'a> {
    r#type: &'a str,
    data: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<Box<RawValue>>,
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
