//! A running server: whether it answers, is ready, is this version, and keeps up.

use std::time::Duration;

use postroad_client::{Client, Error, Retries};

use super::{report::Check, settings::listener};
use crate::{
    commands::{
        CommandError,
        remote::{self, Remote},
    },
    config::{Config, Layers},
    listening::local_url,
};

const NAME: &str = "server";
const DEADLINE: Duration = Duration::from_secs(5);
/// The gauge that alerts watch (docs/metrics.md).
const AGE_METRIC: &str = "postroad_oldest_waiting_age_seconds";
/// How many deliveries wait; read together with their age.
const WAITING_METRIC: &str = "postroad_deliveries_waiting";
/// A receiver that is away for an hour is worth a look.
const AGE_USUAL_SECONDS: f64 = 3_600.0;

/// The server that is asked.
pub(super) struct Server {
    pub(super) client: Client,
    /// Where `/metrics` is: on a listener of its own, or on the same.
    metrics: Client,
    url: String,
    /// Somebody named it; otherwise it is where the configuration would listen.
    is_named: bool,
    /// The URL of the server that nobody named, in words.
    place: String,
    opens_metrics: Opener,
}

/// What opens the figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opener {
    /// A listener of their own, which asks for no key.
    OwnListener,
    /// The configuration's `metrics-key`.
    MetricsKey,
    /// The key that the command was given.
    GivenKey,
    /// Nothing that is known here.
    Nothing,
}

impl Server {
    pub(super) fn of(
        config: &Config,
        layers: &Layers,
        remote: &Remote,
        variable: &impl Fn(&str) -> Option<String>,
    ) -> Result<Self, CommandError> {
        let (named, key) = (remote.named_server(variable), remote.given_key(variable));
        let is_named = named.is_some();
        let url = named.unwrap_or_else(|| local_url(config.listen));
        let client = once(&url, key.as_deref())?;
        let own_listener = config.metrics_listen.filter(|_| !is_named);
        let opens_metrics = match (own_listener, &config.metrics_key, &key) {
            (Some(_), ..) => Opener::OwnListener,
            (None, Some(_), _) => Opener::MetricsKey,
            (None, None, Some(_)) => Opener::GivenKey,
            (None, None, None) => Opener::Nothing,
        };
        let metrics_url = own_listener.map_or_else(|| url.clone(), local_url);
        let metrics_key = config.metrics_key.as_ref().map(|key| key.as_str());
        let metrics = once(&metrics_url, metrics_key.or(key.as_deref()))?;
        let place = listener(config, layers);
        Ok(Self { client, metrics, url, is_named, place, opens_metrics })
    }
}

/// A client that asks once. What is asked without a key needs none.
fn once(url: &str, key: Option<&str>) -> Result<Client, CommandError> {
    let once = Retries { attempts: 1, ..Retries::default() };
    let client = Client::builder(url, key.unwrap_or("none")).deadline(DEADLINE).retries(once);
    client.build().map_err(remote::unbuilt)
}

/// Whether there is a server at all, ready or not.
pub(super) async fn answers(server: &Result<Server, CommandError>) -> bool {
    match server {
        Ok(server) => server.client.is_ready().await.is_ok(),
        Err(_) => false,
    }
}

/// `holder` is the process that has the data folder open.
pub(super) async fn check(server: Result<Server, CommandError>, holder: Option<u32>) -> Vec<Check> {
    let server = match server {
        Ok(server) => server,
        Err(error) => return vec![Check::fail(NAME, error.to_string(), "correct --server or --key")],
    };
    match server.client.is_ready().await {
        Ok(is_ready) => {
            let mut checks = vec![ready(&server, is_ready), version(&server).await];
            checks.extend(backlog(&server).await);
            checks
        }
        Err(error) => vec![silent(&server, holder, &error)],
    }
}

fn ready(server: &Server, is_ready: bool) -> Check {
    if is_ready {
        return Check::ok(NAME, format!("{} is ready", server.url));
    }
    Check::fail(
        NAME,
        format!("{} answers and cannot take events now: its store takes no writes, or it stops", server.url),
        "look for the reason in its log and in the line about the disk",
    )
}

fn silent(server: &Server, holder: Option<u32>, error: &Error) -> Check {
    match (server.is_named, holder) {
        (false, None) => Check::ok(NAME, format!("none runs at {}", server.place)),
        (false, Some(process)) => Check::fail(
            NAME,
            format!("the process {process} has the data folder open, and {error}"),
            "name the server with --server if it listens elsewhere; otherwise look into its log",
        ),
        (true, _) => Check::fail(NAME, error.to_string(), "start it, or correct --server"),
    }
}

async fn version(server: &Server) -> Check {
    const NAME: &str = "version";
    let own = env!("CARGO_PKG_VERSION");
    match server.client.server_version().await {
        Ok(theirs) if theirs == own => Check::ok(NAME, format!("{own}, as this program")),
        Ok(theirs) => Check::warn(
            NAME,
            format!("the server is {theirs} and this program is {own}"),
            "use the program that the server was started with",
        ),
        Err(error) => Check::warn(NAME, error.to_string(), "see whether another program listens there"),
    }
}

async fn backlog(server: &Server) -> Option<Check> {
    const NAME: &str = "backlog";
    match server.metrics.get_text("/metrics").await {
        Ok(text) => of_figures(NAME, &text),
        Err(_) if server.opens_metrics == Opener::Nothing => {
            Some(Check::ok(NAME, "not asked: that needs a key (--key or POSTROAD_KEY)"))
        }
        Err(error) => Some(untold(NAME, server.opens_metrics, &error)),
    }
}

/// That the server does not know a key is its own sentence: which of several keys is meant only this side knows.
fn untold(name: &'static str, opener: Opener, error: &Error) -> Check {
    let (why, remedy) = match (opener, error.status()) {
        (Opener::MetricsKey, Some(401)) => (
            "the running server does not know the metrics-key of this configuration".to_owned(),
            "start the server with this configuration, or give --metrics-key as the server has it",
        ),
        (Opener::GivenKey, Some(401)) => (
            "the running server does not know the key of --key or POSTROAD_KEY".to_owned(),
            "give its admin key with --key",
        ),
        _ => (error.to_string(), "give the admin key with --key"),
    };
    Check::warn(name, format!("its age is not told: {why}"), remedy)
}

/// `text` is that of `/metrics`. Where nothing waits, the age of the oldest tells nothing.
fn of_figures(name: &'static str, text: &str) -> Option<Check> {
    let age = gauge(text, AGE_METRIC)?;
    let is_idle = gauge(text, WAITING_METRIC) == Some(0.0);
    Some(if is_idle { Check::ok(name, "nothing waits") } else { of_age(name, age) })
}

fn of_age(name: &'static str, seconds: f64) -> Check {
    let finding = format!("the oldest delivery that waits is {seconds:.0} s old");
    if seconds <= AGE_USUAL_SECONDS {
        return Check::ok(name, finding);
    }
    Check::warn(name, finding, "GET /v1/deliveries?status=queued shows what waits, and its attempts why")
}

/// The value of a gauge without labels in the text of `/metrics`.
fn gauge(text: &str, name: &str) -> Option<f64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    value.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_is_read_from_the_metrics_and_judged() {
        let text = format!("# TYPE {AGE_METRIC} gauge\n{AGE_METRIC} 7200.5\n{AGE_METRIC}_more 1\n");
        assert_eq!(gauge(&text, AGE_METRIC), Some(7200.5));
        assert_eq!(gauge("", AGE_METRIC), None);
        assert!(of_age("backlog", 7200.5).to_string().starts_with("warn"));
        assert!(of_age("backlog", 12.0).to_string().contains("12 s old"));
    }

    #[test]
    fn where_nothing_waits_no_age_is_told() {
        let told = |waiting: &str| {
            let text = format!("{WAITING_METRIC}{waiting}\n{AGE_METRIC} 0.0\n");
            of_figures("backlog", &text).unwrap().to_string()
        };
        assert!(told(" 0").ends_with("nothing waits"), "{}", told(" 0"));
        for waiting in [" 1", "_else 0"] {
            assert!(told(waiting).contains("0 s old"), "{}", told(waiting));
        }
        assert!(of_figures("backlog", "").is_none());
    }
}
