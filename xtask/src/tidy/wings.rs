//! The wings within a crate, checked as crates are: ARCHITECTURE.md has a table of them ("Wings"), and this rule reads it.
//!
//! A wing is a folder or a file at the top of a crate's sources. It may name the wings that its row lists, all of which stand
//! below it in the table, and what the crate's row `ground` lists. No modules of such a crate form a circle. Elsewhere the
//! circles that there are may shrink and not grow ([`KNOWN_CIRCLES`]); there a module's own children do not count as others.
//! `modules.rs` tells what an arrow is.

use super::{
    Finding, Weight,
    modules::{Modules, Path},
    tree::Tree,
};

/// Crates without a row in the table that have circles, each with the numbers of their modules, largest first: a client and its
/// builder; a value and an object of values. No more are to come.
const KNOWN_CIRCLES: &[(&str, &[usize])] = &[("client", &[2]), ("server", &[2])];

/// The row of what every wing may name.
const GROUND: &str = "ground";
/// What a wing names that names no other.
const NOTHING: &str = "nothing";

/// What a row of the table says.
struct Row<'a> {
    line: usize,
    krate: &'a str,
    wing: &'a str,
    may_name: Vec<&'a str>,
}

/// Compares each crate with the table.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let rows = tree.files.iter().find(|file| file.path == "ARCHITECTURE.md").map(|file| rows(&file.text));
    let rows = rows.unwrap_or_default();
    let mut findings = arrows_up(&rows);
    let mut folders: Vec<&str> =
        tree.rust().filter_map(|file| Some(file.path.split_once("/src/")?.0)).collect();
    folders.dedup();
    for folder in folders {
        let krate = folder.rsplit('/').next().unwrap_or(folder);
        let modules = Modules::read(&format!("{folder}/src/"), tree.rust());
        let of_crate: Vec<&Row<'_>> = rows.iter().filter(|row| row.krate == krate).collect();
        if of_crate.is_empty() {
            findings.extend(grown_circles(krate, &modules));
        } else {
            findings.extend(modules.circles(false).iter().map(|circle| circle_finding(&modules, circle)));
            findings.extend(broken_arrows(&modules, &of_crate));
        }
    }
    findings
}

fn rows(text: &str) -> Vec<Row<'_>> {
    let in_section = text.lines().enumerate().skip_while(|(_, line)| *line != "### Wings").skip(1);
    let table = in_section.take_while(|(_, line)| !line.starts_with('#'));
    table.filter_map(|(index, line)| row(index + 1, line)).collect()
}

fn row(number: usize, line: &str) -> Option<Row<'_>> {
    let cells: Vec<&str> = line.split('|').map(str::trim).collect();
    let ["", krate, wing, may_name, ""] = cells[..] else { return None };
    let krate = krate.strip_prefix('`')?.strip_suffix('`')?;
    let may_name = may_name.split(',').map(|name| name.trim().trim_matches('`')).collect();
    Some(Row { line: number, krate, wing: wing.trim_matches('`'), may_name })
}

/// Rows that name what does not stand below them.
fn arrows_up(rows: &[Row<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, row) in rows.iter().enumerate().filter(|(_, row)| row.wing != GROUND) {
        let is_below = |name: &&str| {
            rows[index + 1..].iter().any(|below| below.krate == row.krate && below.wing == *name)
        };
        for name in row.may_name.iter().filter(|name| **name != NOTHING && !is_below(name)) {
            let problem = format!("`{name}` is no wing of `{}` below `{}`", row.krate, row.wing);
            findings.push(finding("ARCHITECTURE.md", row.line, problem));
        }
    }
    findings
}

/// Arrows that the rows of a crate do not allow.
fn broken_arrows(modules: &Modules, rows: &[&Row<'_>]) -> Vec<Finding> {
    let row_of = |wing: &str| rows.iter().find(|row| row.wing == wing);
    let ground = row_of(GROUND).map(|row| row.may_name.as_slice()).unwrap_or_default();
    let mut findings = Vec::new();
    for (from, arrows) in &modules.arrows {
        // The crate's root only says what there is.
        let Some(wing) = from.first() else { continue };
        let Some(may_name) = row_of(wing).map(|row| row.may_name.as_slice()) else {
            if !ground.contains(&wing.as_str()) {
                let problem = format!("`{wing}` has no place in the table of wings");
                findings.push(finding(modules.file_of(from), 1, problem));
            } else {
                let above = arrows.iter().filter(|(to, _)| !is_in(ground, to));
                findings.extend(above.map(|(to, line)| broken(modules, (from, to), *line)));
            }
            continue;
        };
        let broken_ones = arrows
            .iter()
            .filter(|(to, _)| to.first() != Some(wing) && !is_in(ground, to) && !is_in(may_name, to));
        findings.extend(broken_ones.map(|(to, line)| broken(modules, (from, to), *line)));
    }
    findings
}

fn is_in(wings: &[&str], module: &Path) -> bool {
    module.first().is_some_and(|wing| wings.contains(&wing.as_str()))
}

fn broken(modules: &Modules, (from, to): (&Path, &Path), line: usize) -> Finding {
    let problem = format!("`{}` must not name `{}`", name_of(from), name_of(to));
    finding(modules.file_of(from), line, problem)
}

/// Circles beyond those that are known.
fn grown_circles(krate: &str, modules: &Modules) -> Vec<Finding> {
    let known = KNOWN_CIRCLES.iter().find(|(of, _)| *of == krate).map_or(&[][..], |(_, sizes)| *sizes);
    let mut circles = modules.circles(true);
    circles.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    let is_grown =
        |(index, circle): &(usize, &Vec<&Path>)| known.get(*index).is_none_or(|size| circle.len() > *size);
    circles.iter().enumerate().filter(is_grown).map(|(_, circle)| circle_finding(modules, circle)).collect()
}

fn circle_finding(modules: &Modules, circle: &[&Path]) -> Finding {
    let names: Vec<_> = circle.iter().map(|module| name_of(module)).collect();
    let problem = format!("{} modules form a circle: {}", circle.len(), names.join(", "));
    finding(circle.first().map_or("", |first| modules.file_of(first)), 1, problem)
}

fn name_of(module: &Path) -> String {
    if module.is_empty() { "crate".to_owned() } else { module.join("::") }
}

fn finding(file: &str, line: usize, problem: String) -> Finding {
    Finding {
        file: file.to_owned(),
        line,
        rule: "wings",
        problem,
        remedy: "Move the code to where it belongs, or what both need below them; or change the drawing in ARCHITECTURE.md, \
                 \"Wings\"",
        weight: Weight::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::tree_of;

    const TABLE: &str = "# Architecture\n\n### Wings\n\n| crate | wing | may name |\n|---|---|---|\n\
                         | `boat` | `deck` | `hold`, `keel` |\n| `boat` | `hold` | `keel` |\n\
                         | `boat` | `keel` | nothing |\n| `boat` | ground | `water` |\n\n## Other\n";

    fn problems(files: &[(&str, &str)]) -> Vec<String> {
        let mut all = vec![("ARCHITECTURE.md", TABLE), ("crates/boat/src/water.rs", "pub struct Wave;")];
        all.extend(files);
        check(&tree_of(&all))
            .iter()
            .map(|found| format!("{}:{}: {}", found.file, found.line, found.problem))
            .collect()
    }

    #[test]
    fn arrows_that_go_down_are_allowed_however_they_are_written() {
        let found = problems(&[
            ("crates/boat/src/lib.rs", "mod deck; mod hold; mod keel; mod water; pub use deck::Mast;"),
            (
                "crates/boat/src/deck/mod.rs",
                "mod mast;\npub use self::mast::Mast;\nuse crate::{hold::{self, Chest}, water::Wave};",
            ),
            (
                "crates/boat/src/deck/mast.rs",
                "use super::super::keel;\npub struct Mast;\nfn a() { keel::b(); crate::hold::c() }",
            ),
            ("crates/boat/src/hold.rs", "pub struct Chest;\nuse crate::keel::*;"),
            (
                "crates/boat/src/keel.rs",
                "pub fn b() -> crate::water::Wave { \"crate::deck::Mast\" } // crate::deck::Mast",
            ),
        ]);
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn an_arrow_up_is_refused_at_its_line() {
        let found = problems(&[
            ("crates/boat/src/deck.rs", "pub struct Mast;"),
            ("crates/boat/src/hold.rs", "use crate::{\n    deck::Mast,\n};"),
            ("crates/boat/src/keel.rs", "\nfn a() { crate::hold::b() }"),
        ]);
        assert_eq!(
            found,
            [
                "crates/boat/src/hold.rs:2: `hold` must not name `deck`",
                "crates/boat/src/keel.rs:2: `keel` must not name `hold`",
            ]
        );
    }

    #[test]
    fn a_circle_is_refused_also_between_a_module_and_its_child() {
        let found = problems(&[
            ("crates/boat/src/hold/mod.rs", "mod chest;\npub struct Lid;\nfn a() { chest::open() }"),
            ("crates/boat/src/hold/chest.rs", "use super::Lid;\npub fn open() {}"),
        ]);
        assert_eq!(found, ["crates/boat/src/hold/mod.rs:1: 2 modules form a circle: hold, hold::chest"]);
    }

    #[test]
    fn a_module_that_only_shows_its_children_forms_no_circle_with_them() {
        let found = problems(&[
            (
                "crates/boat/src/hold/mod.rs",
                "mod chest;\nmod lid;\npub use chest::open;\npub use lid::Lid;\npub struct Key;",
            ),
            ("crates/boat/src/hold/chest.rs", "use super::{Key, Lid};\npub fn open() {}"),
            ("crates/boat/src/hold/lid.rs", "pub struct Lid;"),
        ]);
        assert!(found.is_empty(), "{found:#?}");
        let found = problems(&[
            ("crates/boat/src/hold/mod.rs", "mod chest;\nmod lid;\npub use chest::open;\npub use lid::Lid;"),
            ("crates/boat/src/hold/chest.rs", "use super::Lid;\npub fn open() {}"),
            ("crates/boat/src/hold/lid.rs", "pub struct Lid;\nfn a() { super::open() }"),
        ]);
        assert_eq!(
            found,
            ["crates/boat/src/hold/chest.rs:1: 2 modules form a circle: hold::chest, hold::lid"]
        );
    }

    #[test]
    fn every_module_has_a_place_and_the_table_itself_points_down() {
        let found = problems(&[("crates/boat/src/sail.rs", "")]);
        assert_eq!(found, ["crates/boat/src/sail.rs:1: `sail` has no place in the table of wings"]);
        let table = TABLE.replace("| `keel` | nothing |", "| `keel` | `deck` |");
        let found = check(&tree_of(&[("ARCHITECTURE.md", &table)]));
        assert_eq!(found[0].problem, "`deck` is no wing of `boat` below `keel`");
    }

    #[test]
    fn elsewhere_a_new_circle_is_refused_and_children_are_no_others() {
        let one = ("crates/raft/src/one.rs", "use crate::two::B;\npub struct A;");
        let two = ("crates/raft/src/two.rs", "use crate::one::A;\npub struct B;");
        let found = problems(&[one, two]);
        assert_eq!(found, ["crates/raft/src/one.rs:1: 2 modules form a circle: one, two"]);
        let found = problems(&[
            ("crates/raft/src/log/mod.rs", "mod bark;\npub struct Ring;\nfn a() { bark::peel() }"),
            ("crates/raft/src/log/bark.rs", "use super::Ring;\npub fn peel() {}"),
        ]);
        assert!(found.is_empty(), "{found:#?}");
    }
}
