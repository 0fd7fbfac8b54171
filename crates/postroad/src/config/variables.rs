//! Variables of the environment that look like Postroad's and are none: a slip of the pen there would go unnoticed.
//!
//! It is no fault: what orchestrators and people set beside ours must not end a start.

use std::{
    ffi::{OsStr, OsString},
    fmt,
};

use postroad_profile::near_word;

use super::{KEYS, Key};

/// What all of Postroad's variables begin with.
const PREFIX: &str = "POSTROAD_";
/// Those that belong to no key: of the commands that talk to a server. Without the prefix.
const OF_COMMANDS: [&str; 3] = ["SERVER", "KEY", "IMPORT_TOKEN"];
/// Those of Postroad's own tests and measurements, without the prefix. Nobody else means them.
const OF_TESTS: [&str; 5] = ["BENCH_SYNC_COUNT", "BENCH_SYNC_MICROS", "LONG", "SEED", "UPDATE_DOCS"];

/// A variable that nothing reads. As text it is a sentence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnknownVariable {
    /// Its name.
    pub name: String,
    /// The variable that it was most likely meant to be, where one is near.
    pub nearest: Option<String>,
}

/// The variables of an environment that begin like Postroad's and are read by nothing, in the order of their names. An
/// empty one counts as not set, and what orchestrators set on their own is left out.
pub fn unknown_variables(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Vec<UnknownVariable> {
    let of_keys: Vec<_> = KEYS.iter().map(Key::environment_name).collect();
    let of_keys = of_keys.iter().filter_map(|name| name.strip_prefix(PREFIX));
    let known: Vec<&str> = of_keys.chain(OF_COMMANDS).collect();
    let mut unknown = Vec::new();
    for (name, value) in environment {
        let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { continue };
        let is_read = known.contains(&rest) || OF_TESTS.contains(&rest);
        if is_read || value.is_empty() || is_of_orchestrator(rest, &value) {
            continue;
        }
        let near = near_word(rest, known.iter().copied());
        unknown.push(UnknownVariable {
            name: format!("{PREFIX}{rest}"),
            nearest: near.map(|near| format!("{PREFIX}{near}")),
        });
    }
    unknown.sort();
    unknown
}

/// What Kubernetes and Docker set for a service of this name: `POSTROAD_SERVICE_HOST`, `POSTROAD_PORT_8080_TCP_ADDR`, and
/// `POSTROAD_PORT` with a URL.
fn is_of_orchestrator(rest: &str, value: &OsStr) -> bool {
    let value = value.to_string_lossy();
    let is_url = ["tcp://", "udp://", "sctp://"].into_iter().any(|scheme| value.starts_with(scheme));
    let is_link = ["SERVICE_HOST", "SERVICE_PORT", "PORT_"].into_iter().any(|part| rest.contains(part));
    is_link || (is_url && rest.ends_with("PORT"))
}

impl fmt::Display for UnknownVariable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "nothing reads the environment variable {}", self.name)?;
        match &self.nearest {
            Some(nearest) => write!(out, "; the nearest is {nearest}"),
            None => out.write_str(" (all variables: postroad serve --help)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(variables: &[(&str, &str)]) -> Vec<String> {
        let pairs = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        unknown_variables(pairs).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_misspelt_variable_is_told_with_the_nearest_one_and_never_with_its_value() {
        let variables = [
            ("POSTROAD_PORT", "8080"),
            ("POSTROAD_ADMINKEY", "hunter2"),
            ("POSTROAD_LISEN", "127.0.0.1:1"),
            ("POSTROAD_SERVR", "http://127.0.0.1:1"),
        ];
        assert_eq!(
            told(&variables),
            [
                "nothing reads the environment variable POSTROAD_ADMINKEY; the nearest is POSTROAD_ADMIN_KEY",
                "nothing reads the environment variable POSTROAD_LISEN; the nearest is POSTROAD_LISTEN",
                "nothing reads the environment variable POSTROAD_PORT (all variables: postroad serve --help)",
                "nothing reads the environment variable POSTROAD_SERVR; the nearest is POSTROAD_SERVER",
            ]
        );
    }

    #[test]
    fn what_is_read_or_empty_or_set_by_an_orchestrator_or_a_test_is_not_told() {
        let variables = [
            ("PATH", "/bin"),
            ("POSTROAD_LISTEN", "127.0.0.1:1"),
            ("POSTROAD_KEY", "k"),
            ("POSTROAD_IMPORT_TOKEN", "t"),
            ("POSTROAD_LISEN", ""),
            ("POSTROAD_LONG", "1"),
            ("POSTROAD_PORT", "tcp://10.0.0.1:8080"),
            ("POSTROAD_PORT_8080_TCP_ADDR", "10.0.0.1"),
            ("POSTROAD_SERVICE_HOST", "10.0.0.1"),
            ("POSTROAD_SERVICE_PORT_HTTP", "8080"),
        ];
        assert_eq!(told(&variables), [""; 0]);
    }
}
