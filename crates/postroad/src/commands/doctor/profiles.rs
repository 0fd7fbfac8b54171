//! The profiles: whether all of them load.

use std::path::Path;

use super::report::Check;
use crate::{logging, profiles};

const NAME: &str = "profiles";

pub(super) fn check(directory: Option<&Path>) -> Check {
    match logging::with_warnings(|| profiles::all(directory)) {
        Ok(all) => {
            let names: Vec<_> = all.iter().map(|given| given.profile.name.as_str()).collect();
            Check::ok(NAME, names.join(", "))
        }
        Err(problems) => {
            let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
            Check::fail(
                NAME,
                told.join("; "),
                "correct them; postroad profile check shows each with its line",
            )
        }
    }
}
