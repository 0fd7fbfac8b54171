//! The configuration: where its values come from, which of them wins, and what they mean.
//!
//! One table, [`KEYS`], says everything about a key once: its name, default, words for people, and the one function
//! that checks it. The command line, the environment, the file and `docs/configuration.md` are all made from it.
//!
//! **Invariant:** behind [`load`] every value is checked; nobody looks at the text again. **Invariant:** no error and no
//! debug output shows the value of a secret key. Lacking on purpose: values that change while the server runs, and
//! files that are found without being named.

mod checks;
pub mod docs;
mod error;
mod file;
mod given;
mod keys;
mod layers;
mod variables;

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

use ipnet::IpNet;
use postroad_domain::{EndpointUrl, Invalid};
use postroad_egress::EgressProxy;
use postroad_engine::{Retention, SecretBox};
use postroad_mail::{Sender, SmtpServer};
use zeroize::Zeroizing;

pub(crate) use self::checks::duration;
pub use self::{
    error::{ConfigError, Origin, UnknownKey},
    given::Given,
    keys::{InDev, KEYS, Key, Otherwise},
    layers::Layers,
    variables::{UnknownVariable, unknown_variables},
};

/// Characters of a key that opens a server.
const KEY_CHARS_MIN: usize = 8;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

/// Whether the webhook tester is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inspecting {
    /// Its paths answer 404.
    Off,
    /// Names of bins are long enough that nobody guesses them.
    On,
    /// Bins may have short names too: for `postroad dev`.
    OnWithShortNames,
}

/// The command a configuration is for: `dev` knows fewer keys and has a few other defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// `postroad serve`.
    Serve,
    /// `postroad dev`.
    Dev,
}

/// What a server is started with; checked.
pub struct Config {
    /// The address to listen on; port 0 lets the machine choose one.
    pub listen: SocketAddr,
    /// The folder of the embedded store.
    pub data_dir: PathBuf,
    /// The key that may do everything; `None` for the one that is kept, or a fresh one at the first start.
    pub admin_key: Option<Zeroizing<String>>,
    /// The folder whose sub-folders are profiles that replace the built-in ones or stand beside them; read at the start.
    pub profiles: Option<PathBuf>,
    /// Subnets that may be called although they are not globally routable.
    pub allow_subnets: Vec<IpNet>,
    /// The proxy that receivers are called through.
    pub egress_proxy: Option<EgressProxy>,
    /// Where people and receivers reach this server from outside.
    pub public_url: Option<EndpointUrl>,
    /// Whether the webhook tester is on.
    pub inspector: Inspecting,
    /// Where the figures are without a key; `None` for nowhere.
    pub metrics_listen: Option<SocketAddr>,
    /// The key that opens the figures on the API's own address.
    pub metrics_key: Option<Zeroizing<String>>,
    /// Whether there are figures of single tenants.
    pub metrics_per_tenant: bool,
    /// Where traces are sent.
    pub otlp_endpoint: Option<EndpointUrl>,
    /// The share of the events without a trace of their own that begin one; from 0 to 1.
    pub trace_ratio: Option<f64>,
    /// The keys that secrets are encrypted with; `None` for the one beside the data.
    pub secret_key: Option<SecretBox>,
    /// How long and how much is kept.
    pub retention: Retention,
    /// The server that takes mail to contacts; `None` where none is sent.
    pub smtp_url: Option<SmtpServer>,
    /// Who that mail is from; set where `smtp_url` is, and only there.
    pub mail_from: Option<Sender>,
    /// How long deliveries of a subscription fail without a success until it becomes inactive; `None` for ever.
    pub deactivate_after: Option<Duration>,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Which log lines are written: a filter that `tracing-subscriber` understands.
    pub log_level: String,
    /// How long requests and deliveries under way may take after a signal to stop.
    pub shutdown_grace: Duration,
}

impl Config {
    /// What every key fills in; none of these values is ever seen, since each key without a default is optional.
    fn unfilled() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data_dir: PathBuf::new(),
            admin_key: None,
            profiles: None,
            allow_subnets: Vec::new(),
            egress_proxy: None,
            public_url: None,
            inspector: Inspecting::Off,
            otlp_endpoint: None,
            trace_ratio: None,
            metrics_listen: None,
            metrics_key: None,
            metrics_per_tenant: false,
            secret_key: None,
            retention: Retention::default(),
            smtp_url: None,
            mail_from: None,
            deactivate_after: None,
            log_format: LogFormat::Text,
            log_level: String::new(),
            shutdown_grace: Duration::ZERO,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Config")
            .field("listen", &self.listen)
            .field("data_dir", &self.data_dir)
            .field("profiles", &self.profiles)
            .field("allow_subnets", &self.allow_subnets)
            .field("egress_proxy", &self.egress_proxy)
            .field("public_url", &self.public_url)
            .field("inspector", &self.inspector)
            .field("otlp_endpoint", &self.otlp_endpoint)
            .field("trace_ratio", &self.trace_ratio)
            .field("metrics_listen", &self.metrics_listen)
            .field("metrics_per_tenant", &self.metrics_per_tenant)
            .field("smtp_url", &self.smtp_url)
            .field("mail_from", &self.mail_from)
            .field("retention", &self.retention)
            .field("deactivate_after", &self.deactivate_after)
            .field("log_format", &self.log_format)
            .field("log_level", &self.log_level)
            .field("shutdown_grace", &self.shutdown_grace)
            .finish_non_exhaustive()
    }
}

/// Puts a configuration together: for each key the flag wins, then the environment, then the file, then the default.
/// Pure: what the machine holds was read before.
///
/// Errors: the first value that cannot be used, with the place where it stands.
pub fn load(
    purpose: Purpose,
    flags: &Given,
    environment: &Given,
    file: &Given,
) -> Result<Config, ConfigError> {
    let config = put_together(purpose, [flags, environment, file])?;
    ask_for_both_of_mail(&config, [flags, environment, file])?;
    if purpose == Purpose::Serve {
        refuse_guessable_keys(&config, [flags, environment, file])?;
    }
    Ok(config)
}

/// The configuration, whatever keys a server would be opened with.
fn put_together(purpose: Purpose, layers: [&Given; 3]) -> Result<Config, ConfigError> {
    let mut config = Config::unfilled();
    for key in KEYS.iter().filter(|key| key.is_for(purpose)) {
        let given = layers.into_iter().find_map(|layer| layer.get(key));
        if let Some((values, origin)) = given {
            (key.apply)(&mut config, values)
                .map_err(|problem| ConfigError::bad_value(key, values, origin.clone(), problem))?;
        } else if let Some(text) = key.default_for(purpose) {
            (key.apply)(&mut config, &[text.to_owned()]).map_err(|problem| {
                ConfigError::bad_value(key, &[text.to_owned()], Origin::Default, problem)
            })?;
        }
    }
    Ok(config)
}

/// Mail needs a server and a sender.
fn ask_for_both_of_mail(config: &Config, layers: [&Given; 3]) -> Result<(), ConfigError> {
    let (given, problem) = match (&config.smtp_url, &config.mail_from) {
        (Some(_), None) => {
            ("smtp-url", "needs mail-from as well: whom the mail is from, such as hooks@example.com")
        }
        (None, Some(_)) => (
            "mail-from",
            "needs smtp-url as well: the server that takes the mail, such as smtp://mail.example.com",
        ),
        (Some(_), Some(_)) | (None, None) => return Ok(()),
    };
    let key = KEYS.iter().find(|key| key.name == given);
    let given = key.and_then(|key| Some((key, layers.into_iter().find_map(|layer| layer.get(key))?)));
    match given {
        Some((key, (values, origin))) => {
            Err(ConfigError::bad_value(key, values, origin.clone(), Invalid::new(problem)))
        }
        None => Ok(()),
    }
}

/// Refuses keys that could be found by trying. Where it listens says nothing of who can try: before a loopback address there
/// is a proxy that everybody reaches.
fn refuse_guessable_keys(config: &Config, layers: [&Given; 3]) -> Result<(), ConfigError> {
    let keys = [("admin-key", &config.admin_key), ("metrics-key", &config.metrics_key)];
    let is_short =
        |given: &Option<Zeroizing<String>>| given.as_ref().is_some_and(|given| given.len() < KEY_CHARS_MIN);
    for (name, _) in keys.into_iter().filter(|(_, given)| is_short(given)) {
        let key = KEYS.iter().find(|key| key.name == name);
        let given = key.and_then(|key| Some((key, layers.into_iter().find_map(|layer| layer.get(key))?)));
        if let Some((key, (values, origin))) = given {
            let problem = Invalid::new(format!(
                "must have {KEY_CHARS_MIN} characters or more: shorter ones are found by trying"
            ));
            return Err(ConfigError::bad_value(key, values, origin.clone(), problem));
        }
    }
    Ok(())
}
