//! Which box of the house may name which (ARCHITECTURE.md, "Code map and layers"): every arrow goes down, boxes of one level do not
//! know each other.

use cargo_metadata::{DependencyKind, Metadata, Package};

use super::{Finding, Weight};

/// Each crate of the workspace with the crates of the workspace it may name.
const LAYERS: &[(&str, &[&str])] = &[
    ("postroad-domain", &[]),
    ("postroad-profile", &["postroad-domain"]),
    ("postroad-sandbox", &["postroad-domain"]),
    ("postroad-egress", &["postroad-domain"]),
    ("postroad-mail", &["postroad-domain"]),
    ("postroad-store", &["postroad-domain"]),
    (
        "postroad-engine",
        &[
            "postroad-domain",
            "postroad-profile",
            "postroad-sandbox",
            "postroad-egress",
            "postroad-mail",
            "postroad-store",
        ],
    ),
    ("postroad-server", &["postroad-domain", "postroad-profile", "postroad-engine"]),
    ("postroad-store-sqlite", &["postroad-domain", "postroad-store"]),
    ("postroad-store-postgres", &["postroad-domain", "postroad-store"]),
    ("postroad-client", &[]),
    ("postroad", ANY_SHIPPED),
    ("postroad-testkit", ANY_SHIPPED),
    (SIMULATION, ANY_SHIPPED),
    ("bench", &["postroad-domain", "postroad-testkit"]),
    ("xtask", &[]),
];

/// Nothing but a test: its stories are told over the memory store too.
const SIMULATION: &str = "simulation";

/// The boxes below the top level.
const ANY_SHIPPED: &[&str] = &[
    "postroad-domain",
    "postroad-profile",
    "postroad-sandbox",
    "postroad-egress",
    "postroad-mail",
    "postroad-store",
    "postroad-engine",
    "postroad-server",
    "postroad-store-sqlite",
    "postroad-store-postgres",
    "postroad-client",
];

/// What tests of every crate may name besides: the test tools, and the store's seam with its conformance suite.
const FOR_TESTS: [&str; 2] = ["postroad-testkit", "postroad-store"];

/// Features of crates of the workspace that only tests may ask for: what ships must not hold what they bring.
const FEATURES_FOR_TESTS: [&str; 2] = ["memory", "conformance"];

/// Compares the manifests with the table.
pub(super) fn check(metadata: &Metadata) -> Vec<Finding> {
    let names: Vec<_> =
        metadata.workspace_packages().iter().map(|package| package.name.to_string()).collect();
    let mut findings = Vec::new();
    for package in metadata.workspace_packages() {
        let manifest = package.manifest_path.strip_prefix(&metadata.workspace_root);
        let manifest = manifest.map_or_else(|_| package.manifest_path.to_string(), ToString::to_string);
        let problems = match LAYERS.iter().find(|(name, _)| *name == package.name.as_str()) {
            Some((_, allowed)) => broken_arrows(package, allowed, &names),
            None => vec![(1, format!("`{}` has no place in the table of layers", package.name))],
        };
        findings.extend(problems.into_iter().map(|(line, problem)| finding(&manifest, line, problem)));
    }
    findings
}

fn broken_arrows(package: &Package, allowed: &[&str], names: &[String]) -> Vec<(usize, String)> {
    let manifest = std::fs::read_to_string(&package.manifest_path).unwrap_or_default();
    let inside = package.dependencies.iter().filter(|dependency| names.contains(&dependency.name));
    let problems = inside.filter_map(|dependency| {
        let problem = if may_name(allowed, &dependency.name, dependency.kind) {
            let feature = feature_for_tests(&dependency.features, dependency.kind)?;
            if package.name.as_str() == SIMULATION {
                return None;
            }
            format!("`{}` must ask for the feature `{feature}` among its dev-dependencies only", package.name)
        } else {
            format!("`{}` must not depend on `{}`", package.name, dependency.name)
        };
        Some((line_of(&manifest, &dependency.name), problem))
    });
    problems.collect()
}

fn feature_for_tests(features: &[String], kind: DependencyKind) -> Option<&str> {
    let of_tests = features.iter().find(|feature| FEATURES_FOR_TESTS.contains(&feature.as_str()));
    of_tests.filter(|_| kind != DependencyKind::Development).map(String::as_str)
}

fn may_name(allowed: &[&str], name: &str, kind: DependencyKind) -> bool {
    allowed.contains(&name) || (kind == DependencyKind::Development && FOR_TESTS.contains(&name))
}

fn line_of(manifest: &str, dependency: &str) -> usize {
    let starts =
        |line: &str| line.strip_prefix(dependency).is_some_and(|rest| rest.starts_with(['.', ' ', '=']));
    manifest.lines().position(starts).map_or(1, |index| index + 1)
}

fn finding(manifest: &str, line: usize, problem: String) -> Finding {
    Finding {
        file: manifest.to_owned(),
        line,
        rule: "layers",
        problem,
        remedy: "Move the code to the box it belongs to, or change the drawing and xtask/src/tidy/layers.rs together",
        weight: Weight::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_arrow_of_the_table_goes_down() {
        for (index, (name, allowed)) in LAYERS.iter().enumerate() {
            for below in *allowed {
                let place = LAYERS.iter().position(|(known, _)| known == below);
                assert!(place.is_some_and(|place| place < index), "{name} → {below}");
            }
        }
    }

    #[test]
    fn tests_may_name_the_test_tools_and_nothing_else_may() {
        let allowed = &["postroad-domain"][..];
        assert!(may_name(allowed, "postroad-domain", DependencyKind::Normal));
        assert!(may_name(allowed, "postroad-testkit", DependencyKind::Development));
        assert!(!may_name(allowed, "postroad-testkit", DependencyKind::Normal));
        assert!(!may_name(allowed, "postroad-store", DependencyKind::Build));
        assert!(!may_name(allowed, "postroad-store-sqlite", DependencyKind::Development));
    }

    #[test]
    fn what_ships_asks_for_no_feature_of_tests() {
        let features = ["std".to_owned(), "memory".to_owned()];
        assert_eq!(feature_for_tests(&features, DependencyKind::Normal), Some("memory"));
        assert_eq!(feature_for_tests(&features, DependencyKind::Development), None);
        assert_eq!(feature_for_tests(&features[..1], DependencyKind::Normal), None);
    }

    #[test]
    fn a_broken_arrow_is_shown_at_its_line() {
        let manifest =
            "[dependencies]\npostroad-store-sqlite.workspace = true\npostroad-store = { path = \"x\" }\n";
        assert_eq!(line_of(manifest, "postroad-store"), 3);
        assert_eq!(line_of(manifest, "postroad-store-sqlite"), 2);
        assert_eq!(line_of(manifest, "postroad-engine"), 1);
    }
}
