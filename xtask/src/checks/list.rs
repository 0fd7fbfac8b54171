//! Which checks there are. The one place that knows: a new product is a line here.

use anyhow::{Context, Result};

/// The checks of one product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Product {
    /// What the numbers of its checks begin with: `LH` of LH-1.
    pub(super) prefix: &'static str,
    /// How many checks there are; they are numbered from 1.
    pub(super) checks: u32,
    /// The module of the test binary `postroad` that holds them.
    pub(super) module: &'static str,
}

const PRODUCTS: [Product; 4] = [
    Product { prefix: "LB", checks: 13, module: "process_leanbe" },
    Product { prefix: "SP", checks: 12, module: "process_sleekplan" },
    Product { prefix: "LH", checks: 13, module: "process_leadhub" },
    Product { prefix: "LS", checks: 28, module: "process_leadsquared" },
];

/// The products with these prefixes, in the list's order; all of them when none is named.
pub(super) fn select(prefixes: &[String]) -> Result<Vec<Product>> {
    let has = |product: &Product, prefix: &str| product.prefix.eq_ignore_ascii_case(prefix);
    for prefix in prefixes {
        let known = prefixes_of_all();
        let found = PRODUCTS.iter().find(|product| has(product, prefix));
        found.with_context(|| format!("there is no product {prefix:?}; there are {known}"))?;
    }
    let is_wanted = |product: &Product| prefixes.iter().any(|prefix| has(product, prefix));
    Ok(PRODUCTS.into_iter().filter(|product| prefixes.is_empty() || is_wanted(product)).collect())
}

/// The prefixes in the list's order, as a person reads them: `LB, SP`.
pub(super) fn prefixes_of_all() -> String {
    PRODUCTS.map(|product| product.prefix).join(", ")
}

/// A check: a product's prefix and a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Check {
    /// The product.
    pub(super) product: Product,
    /// From 1.
    pub(super) number: u32,
}

impl Product {
    /// Its checks in their order.
    pub(super) fn each_check(self) -> impl Iterator<Item = Check> {
        (1..=self.checks).map(move |number| Check { product: self, number })
    }
}

impl Check {
    /// As people call it: `LH-6`.
    pub(super) fn title(self) -> String {
        format!("{}-{}", self.product.prefix, self.number)
    }

    /// What the names of its tests begin with: `lh_6_`.
    pub(super) fn test_prefix(self) -> String {
        format!("{}_{}_", self.product.prefix.to_ascii_lowercase(), self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(prefixes: &[&str]) -> Option<Vec<&'static str>> {
        let prefixes: Vec<_> = prefixes.iter().map(ToString::to_string).collect();
        select(&prefixes).ok().map(|products| products.iter().map(|product| product.prefix).collect())
    }

    #[test]
    fn products_come_in_the_order_of_the_list_whatever_was_typed() {
        assert_eq!(selected(&["lh", "LB"]), Some(vec!["LB", "LH"]));
        assert_eq!(selected(&[]).map(|all| all.len()), Some(PRODUCTS.len()));
        assert_eq!(selected(&["LB", "XY"]), None);
    }

    #[test]
    fn a_check_is_known_by_its_number_in_titles_and_in_names() {
        let checks: Vec<_> = PRODUCTS[0].each_check().collect();
        assert_eq!((checks[0].title(), checks[9].test_prefix()), ("LB-1".to_owned(), "lb_10_".to_owned()));
        assert_eq!(checks.len(), 13);
    }
}
