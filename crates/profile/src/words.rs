//! The product's own words for what Postroad calls by its own: states of a delivery, things on a page.

use std::collections::BTreeMap;

use crate::{reader::Section, rules::Field};

/// The states of a delivery that may have another word.
const STATES: [&str; 5] = ["queued", "delivering", "succeeded", "failed", "cancelled"];
/// The things on a page that may have another label, beside the fields of a subscription.
const THINGS: [&str; 7] =
    ["tenant", "event", "subscription", "subscriptions", "delivery", "deliveries", "url"];

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
    let labels = THINGS.into_iter().chain(Field::all().map(Field::as_str));
    Words {
        states: read_table(root.section("words"), STATES.into_iter()),
        labels: read_table(root.section("labels"), labels),
    }
}

fn read_table(
    section: Option<Section<'_>>,
    keys: impl Iterator<Item = &'static str>,
) -> BTreeMap<&'static str, String> {
    let Some(section) = section else { return BTreeMap::new() };
    keys.filter_map(|key| Some((key, section.owned_text(key)?))).collect()
}
