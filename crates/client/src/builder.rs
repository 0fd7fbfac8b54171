//! From a URL and a key to a client.

use std::{fmt, sync::Arc, time::Duration};

use http::{HeaderValue, Uri, uri::Scheme};
use rand::{Rng, SeedableRng, rngs::StdRng, rngs::SysRng};
use rustls::pki_types::CertificateDer;
use thiserror::Error;

use crate::{
    api::Client,
    retries::Retries,
    timer::{RuntimeTimer, Timer},
    transport::{Settings, SharedRng, Transport, connect},
};

/// How long a call may take, its repeats included.
const DEADLINE: Duration = Duration::from_secs(30);
/// The longest page holds 250 events of a mebibyte; most are a thousand times smaller.
const ANSWER_BYTES_MAX: usize = 256 << 20;
/// Connections that wait for the next call.
const IDLE_CONNECTIONS_MAX: usize = 32;

/// Why there is no client.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The server's URL is not one.
    #[error("the server's URL {problem}")]
    BadUrl {
        /// What is wrong and what to write instead; reads on after the URL.
        problem: &'static str,
    },
    /// The key cannot stand in a header.
    #[error("the key holds a character that a key never has")]
    BadKey,
    /// The machine has no certificates to trust, or an extra one is none.
    #[error("cannot set up TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// The machine gives no randomness.
    #[error("the system has no randomness to give: {0}")]
    NoChance(Box<dyn std::error::Error + Send + Sync>),
}

/// What a client is made of; begins at [`Client::builder`].
#[must_use]
pub struct ClientBuilder {
    server: String,
    key: String,
    deadline: Duration,
    retries: Retries,
    answer_bytes_max: usize,
    idle_connections_max: usize,
    extra_roots: Vec<CertificateDer<'static>>,
    timer: Arc<dyn Timer>,
    rng: Option<SharedRng>,
}

impl ClientBuilder {
    pub(crate) fn new(server: &str, key: &str) -> Self {
        Self {
            server: server.to_owned(),
            key: key.to_owned(),
            deadline: DEADLINE,
            retries: Retries::default(),
            answer_bytes_max: ANSWER_BYTES_MAX,
            idle_connections_max: IDLE_CONNECTIONS_MAX,
            extra_roots: Vec::new(),
            timer: Arc::new(RuntimeTimer),
            rng: None,
        }
    }

    /// How long a call may take, its repeats included; 30 s by default. [`Client::with_deadline`] sets another for some
    /// calls.
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// How often and with which gaps a call is repeated that could not be done now.
    pub fn retries(self, retries: Retries) -> Self {
        Self { retries, ..self }
    }

    /// How long an answer may be, in bytes; 256 MiB by default. A longer one is [`Error::Unexpected`](crate::Error).
    pub fn answer_bytes_max(self, answer_bytes_max: usize) -> Self {
        Self { answer_bytes_max, ..self }
    }

    /// How many connections wait for the next call; 32 by default.
    pub fn idle_connections_max(self, idle_connections_max: usize) -> Self {
        Self { idle_connections_max, ..self }
    }

    /// A certificate of an authority, in DER, that is trusted besides those of the machine.
    pub fn extra_root(mut self, certificate: Vec<u8>) -> Self {
        self.extra_roots.push(certificate.into());
        self
    }

    /// What is waited with, in place of the runtime's timer: for tests that turn time by hand.
    pub fn timer(self, timer: Arc<dyn Timer>) -> Self {
        Self { timer, ..self }
    }

    /// What fills bytes at random, in place of a generator seeded by the system: for tests that want the same
    /// keys and gaps each time.
    pub fn rng(self, fill: impl FnMut(&mut [u8]) + Send + 'static) -> Self {
        Self { rng: Some(SharedRng::new(fill)), ..self }
    }

    /// The client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// The URL or the key cannot be one; the machine has no certificates or gives no randomness.
    pub fn build(self) -> Result<Client, BuildError> {
        let server = check_server(&self.server)?;
        let mut authorization =
            HeaderValue::from_str(&format!("Bearer {}", self.key)).map_err(|_| BuildError::BadKey)?;
        authorization.set_sensitive(true);
        let rng = match self.rng {
            Some(given) => given,
            None => of_the_system()?,
        };
        let settings = Settings {
            server,
            authorization,
            retries: self.retries,
            answer_bytes_max: self.answer_bytes_max,
            timer: self.timer,
            rng,
        };
        let connections = connect(self.extra_roots, self.idle_connections_max)?;
        Ok(Client::over(Arc::new(Transport::new(settings, connections)), self.deadline))
    }
}

/// The URL without the slash at its end, ready for a path behind it.
fn check_server(text: &str) -> Result<String, BuildError> {
    let bad = |problem| BuildError::BadUrl { problem };
    let uri: Uri = text.parse().map_err(|_| bad("is not a URL: write https://hooks.example.com"))?;
    if uri.scheme() != Some(&Scheme::HTTP) && uri.scheme() != Some(&Scheme::HTTPS) {
        return Err(bad("must begin with http:// or https://"));
    }
    if uri.authority().is_none_or(|authority| authority.as_str().contains('@')) {
        return Err(bad("must name a host and no user"));
    }
    if uri.query().is_some() || text.contains('#') {
        return Err(bad("must end before the ? or #"));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn of_the_system() -> Result<SharedRng, BuildError> {
    let seeded = StdRng::try_from_rng(&mut SysRng);
    let mut generator = seeded.map_err(|error| BuildError::NoChance(Box::new(error)))?;
    Ok(SharedRng::new(move |bytes| generator.fill_bytes(bytes)))
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ClientBuilder").field("server", &self.server).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_a_url_to_which_a_path_can_be_added() {
        for (text, server) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("https://hooks.example.com/", "https://hooks.example.com"),
            ("https://example.com/hooks/", "https://example.com/hooks"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(check_server(text).unwrap(), server);
        }
        for text in ["", "hooks.example.com", "/v1", "ftp://a", "http://u:p@a", "http://a/?x", "http://a/#x"]
        {
            check_server(text).unwrap_err();
        }
    }

    #[test]
    fn a_key_that_would_end_its_header_is_refused() {
        let refused = ClientBuilder::new("http://a", "k\r\nx: y").build();
        assert!(matches!(refused, Err(BuildError::BadKey)), "{refused:?}");
    }
}
