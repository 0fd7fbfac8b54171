//! The cases: one file for each, and the list of them.

mod backup;
mod batch;
mod beside_fanouts;
mod beside_groups;
mod big;
mod checkpoint;
mod comparison;
mod crash;
mod full_start;
mod neighbours;
mod one;
mod overload;
mod pace;
mod promised;
mod retention;
mod size;
mod stored;
mod ten;
mod tenants;
mod throughput;

use std::{future::Future, pin::Pin};

use anyhow::{Result, ensure};

use super::{figure::Findings, load::Load, run::Run};

/// One case of the benchmark.
pub(super) struct Case {
    /// What the command line calls it; what stands before a dash names a group.
    pub(super) name: &'static str,
    /// What its figures mean, in one sentence.
    pub(super) meaning: &'static str,
    /// The shape of its work; the same is done without the server in each run.
    pub(super) load: Load,
    /// Runs it once.
    pub(super) measure: for<'a> fn(&'a Run<'a>) -> Measuring<'a>,
}

/// A run under way.
pub(super) type Measuring<'a> = Pin<Box<dyn Future<Output = Result<Findings>> + 'a>>;

/// Every case, in the order in which they run.
pub(super) const CASES: [Case; 24] = [
    one::ONE_64,
    one::ONE_512,
    ten::CASE,
    batch::CASE,
    pace::PACE_200,
    pace::PACE_2000,
    big::CASE,
    neighbours::DEAD,
    neighbours::SLOW,
    neighbours::FAILING,
    neighbours::TRICKLING,
    beside_fanouts::CASE,
    beside_groups::CASE,
    promised::CASE,
    tenants::CASE,
    crash::CASE,
    full_start::CASE,
    stored::CASE,
    stored::REPLAY,
    checkpoint::CASE,
    backup::CASE,
    overload::CASE,
    size::CASE,
    retention::CASE,
];

/// The cases of these names or groups, all of them for none.
pub(super) fn select(names: &[String]) -> Result<Vec<&'static Case>> {
    for name in names {
        let all: Vec<_> = CASES.iter().map(|case| case.name).collect();
        ensure!(
            all.iter().any(|case| is_called(case, name)),
            "there is no case `{name}`: name any of {}",
            all.join(", ")
        );
    }
    let wanted = |case: &&Case| names.is_empty() || names.iter().any(|name| is_called(case.name, name));
    Ok(CASES.iter().filter(wanted).collect())
}

fn is_called(case: &str, name: &str) -> bool {
    case == name || case.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(wanted: &[&str]) -> Vec<&'static str> {
        let wanted: Vec<_> = wanted.iter().map(|name| (*name).to_owned()).collect();
        select(&wanted).unwrap().iter().map(|case| case.name).collect()
    }

    #[test]
    fn a_name_selects_its_case_and_a_group_all_of_its_cases() {
        assert_eq!(names(&[]).len(), CASES.len());
        assert_eq!(names(&["one-512"]), ["one-512"]);
        assert_eq!(names(&["ten"]), ["ten"]);
        assert_eq!(names(&["batch", "one"]), ["one-64", "one-512", "batch"]);
        assert_eq!(names(&["neighbours"]).len(), 4);
    }

    #[test]
    fn an_unknown_name_is_answered_with_all_names() {
        let error = select(&["two".to_owned()]).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("`two`") && error.contains("pace-2000"), "{error}");
    }

    #[test]
    fn every_case_says_in_one_sentence_what_it_means() {
        for case in &CASES {
            let sentences = case.meaning.matches(['.', '?', '!']).count();
            assert!(sentences == 1 && case.meaning.ends_with('.'), "{}: {}", case.name, case.meaning);
        }
    }
}
