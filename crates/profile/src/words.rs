//! The product's own words for what Postroad calls by its own: states of a delivery, things on a page.

use std::collections::BTreeMap;

use crate::reader::Section;

/// The states of a delivery that may have another word.
const STATES: [&str; 5] = ["queued", "delivering", "succeeded", "failed", "cancelled"];
/// The things on a page that may have another label.
const LABELS: [&str; 9] =
    ["tenant", "event", "events", "subscription", "subscriptions", "delivery", "deliveries", "secret", "url"];

/// Words of the product. What is not here is called as everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// By the status: `queued` → `In Queue`.
    pub states: BTreeMap<&'static str, String>,
    /// By the thing: `deliveries` → `Webhook Log`.
    pub labels: BTreeMap<&'static str, String>,
}

/// Reads `[words]` and `[labels]`.
pub(crate) fn read(root: &Section<'_>) -> Words {
    Words {
        states: read_table(root.section("words"), &STATES),
        labels: read_table(root.section("labels"), &LABELS),
    }
}

fn read_table(section: Option<Section<'_>>, keys: &[&'static str]) -> BTreeMap<&'static str, String> {
    let Some(section) = section else { return BTreeMap::new() };
    keys.iter().filter_map(|key| Some((*key, section.owned_text(key)?))).collect()
}
