//! What the commands that talk to a server have in common: where it is, and with which key.

use postroad_client::{BuildError, Client, Error};
use postroad_domain::TenantId;

use super::CommandError;

/// The address of a server on this machine.
const SERVER_DEFAULT: &str = "http://127.0.0.1:8080";
const NO_KEY: &str = "a key is needed: --key KEY, or POSTROAD_KEY in the environment";

/// What the command line said of the server; unchecked.
#[derive(Clone, Debug, Default)]
pub struct Remote {
    /// The server's URL; else from the environment, else the default address of a server on this machine.
    pub server: Option<String>,
    /// An API key; else from the environment.
    pub key: Option<String>,
}

impl Remote {
    /// The server's URL where somebody named one. `variable` looks into the environment.
    pub fn named_server(&self, variable: &impl Fn(&str) -> Option<String>) -> Option<String> {
        self.server.clone().or_else(|| variable("POSTROAD_SERVER")).filter(|server| !server.is_empty())
    }

    /// The server's URL, named or not. `variable` looks into the environment.
    pub fn url(&self, variable: &impl Fn(&str) -> Option<String>) -> String {
        self.named_server(variable).unwrap_or_else(|| SERVER_DEFAULT.to_owned())
    }

    /// The key where somebody gave one.
    pub fn given_key(&self, variable: &impl Fn(&str) -> Option<String>) -> Option<String> {
        self.key_and_how_to_type_it(variable).map(|(key, _)| key)
    }

    /// The key, and how it is written in a line that can be typed: by its variable where it comes from one.
    pub fn key_and_how_to_type_it(
        &self,
        variable: &impl Fn(&str) -> Option<String>,
    ) -> Option<(String, &'static str)> {
        let set = |name, typed| Some((variable(name).filter(|value| !value.is_empty())?, typed));
        let given = self.key.clone().map(|key| (key, "YOUR_KEY"));
        given
            .or_else(|| set("POSTROAD_KEY", "$POSTROAD_KEY"))
            .or_else(|| set("POSTROAD_ADMIN_KEY", "$POSTROAD_ADMIN_KEY"))
    }

    /// A client. `variable` looks into the environment.
    ///
    /// Errors: there is no key, the URL or the key cannot be one, or the machine's certificates cannot be read.
    pub fn client(&self, variable: &impl Fn(&str) -> Option<String>) -> Result<Client, CommandError> {
        let key = self.given_key(variable).ok_or_else(|| CommandError::Usage(NO_KEY.to_owned()))?;
        Client::new(&self.url(variable), &key).map_err(unbuilt)
    }
}

/// A tenant's id as it stands on the command line.
pub fn tenant(text: &str) -> Result<TenantId, CommandError> {
    TenantId::parse(text).map_err(|problem| CommandError::Usage(format!("--tenant {text:?} {problem}")))
}

/// A client that could not be made.
pub fn unbuilt(error: BuildError) -> CommandError {
    match error {
        BuildError::BadUrl { .. } | BuildError::BadKey => CommandError::Usage(error.to_string()),
        _ => CommandError::Failed(anyhow::Error::msg(error)),
    }
}

/// A call that brought no success.
pub fn failed(error: Error) -> CommandError {
    CommandError::Failed(anyhow::Error::msg(error))
}
