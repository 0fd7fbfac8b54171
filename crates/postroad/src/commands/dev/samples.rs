//! Events as a shop might have them.

use serde_json::{Value, json};

/// Bodies of events for the API, over and over, each time with another number.
pub(super) fn endless() -> impl Iterator<Item = Vec<u8>> {
    (1001_u32..).map(|number| {
        let (event_type, data) = sample(number);
        json!({"type": event_type, "data": data}).to_string().into_bytes()
    })
}

fn sample(number: u32) -> (&'static str, Value) {
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
