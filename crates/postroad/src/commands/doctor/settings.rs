//! The configuration: whether it can be used, and what it leaves open.

use super::report::Check;
use crate::config::{Config, ConfigError, Given, KEYS, Layers, UnknownKey};

/// A configuration that can be used.
pub(super) fn tell(config: &Config, layers: &Layers) -> Check {
    let layers = [("flags", &layers.flags), ("environment", &layers.environment), ("file", &layers.file)];
    let given: Vec<_> = layers.into_iter().filter_map(|(name, given)| named(name, given)).collect();
    let given = if given.is_empty() { "all defaults".to_owned() } else { given.join("; ") };
    let folder = config.data_dir.display();
    Check::ok("config", format!("every key and value can be used ({given}); data in {folder}"))
}

/// `flags: data-dir, listen`
fn named(layer: &str, given: &Given) -> Option<String> {
    let names: Vec<_> = KEYS.iter().filter(|key| given.get(key).is_some()).map(|key| key.name).collect();
    (!names.is_empty()).then(|| format!("{layer}: {}", names.join(", ")))
}

/// A configuration that cannot be used.
pub(super) fn refused(error: &ConfigError) -> Check {
    let remedy = match error {
        ConfigError::UnknownKeys { unknown, .. } => match unknown.as_slice() {
            [UnknownKey { nearest: Some(nearest), .. }] => format!("write {nearest}, or remove the line"),
            [_] => "remove the line".to_owned(),
            _ => "correct these lines, or remove them".to_owned(),
        },
        ConfigError::Unreadable { .. } => "name a file that this user can read".to_owned(),
        ConfigError::BadValue { .. } | ConfigError::NotText { .. } | ConfigError::NotToml { .. } => {
            "correct it; docs/configuration.md lists every key with its values".to_owned()
        }
    };
    Check::fail("config", error.to_string(), format!("{remedy}. Nothing else was checked"))
}

/// The address that the server would listen on; where nobody gave one, that it is only the default: the server may run with
/// flags that this command was not given.
pub(super) fn listener(config: &Config, layers: &Layers) -> String {
    let is_default = if layers.gives("listen") { "" } else { " (the default, since no --listen was given)" };
    format!("{}{is_default}", config.listen)
}

/// The listener speaks plain HTTP: who may reach it decides whether that is enough.
pub(super) fn tls(config: &Config, layers: &Layers) -> Check {
    let address = listener(config, layers);
    let is_secured = config.public_url.as_ref().is_some_and(|url| url.as_str().starts_with("https://"));
    if is_secured || config.listen.ip().is_loopback() {
        let why = if is_secured { "a proxy before it speaks TLS" } else { "only this machine reaches it" };
        return Check::ok("tls", format!("not configured: {address} speaks plain HTTP, and {why}"));
    }
    Check::warn(
        "tls",
        format!("{address} speaks plain HTTP to everybody who reaches it: keys and events can be read"),
        "listen on 127.0.0.1 behind a proxy that speaks TLS, and set --public-url to its https:// address",
    )
}
