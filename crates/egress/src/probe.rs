//! The way to a URL step by step, for somebody who looks for the step that fails.
//!
//! **Invariant:** it goes the way that deliveries go: the same resolver, the same judge, the same trust, the same proxy. What
//! is sent is one `HEAD`, which changes nothing at the receiver.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, StatusCode};
use postroad_domain::{EndpointUrl, ErrorClass, limits::TIMEOUT};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use crate::{
    client::StartError,
    connector::Opened,
    dial::{Dial, Stream},
    exchange::SendError,
    failure,
    guard::Guard,
    http_1::{self, Http1Error},
    policy::AddressPolicy,
    proxy::EgressProxy,
    target::{Place, Target},
    tls::{self, Tls},
};

/// A part of the way to a receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// From the host's name to its addresses.
    Resolve,
    /// Whether they may be called.
    Judge,
    /// The connection, or through the operator's proxy the tunnel.
    Connect,
    /// The handshake of TLS.
    Tls,
    /// A request and its answer.
    Http,
}

/// One part of the way, gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which.
    pub stage: Stage,
    /// How long it took.
    pub took: Duration,
    /// What was found, in words, or why it failed. After a failure there is no further step.
    pub outcome: Result<String, SendError>,
}

/// Goes the way to a URL.
pub struct Probe {
    guard: Guard,
    dial: Arc<dyn Dial>,
    proxy: Option<EgressProxy>,
    tls: TlsConnector,
}

impl Probe {
    /// A probe over `dial`. Errors: TLS has no roots to trust.
    pub fn new(
        policy: AddressPolicy,
        proxy: Option<EgressProxy>,
        dial: Arc<dyn Dial>,
    ) -> Result<Self, StartError> {
        let tls = Tls::new(Vec::new())?.usual()?;
        Ok(Self { guard: Guard::new(policy, Arc::clone(&dial)), dial, proxy, tls })
    }

    /// The steps in their order, up to the first that fails.
    pub async fn walk(&self, url: &EndpointUrl) -> Vec<Step> {
        let mut walk = Walk::default();
        // An error is a step that failed: the list says it.
        let _ = self.go(url, &mut walk).await;
        walk.steps
    }

    async fn go(&self, url: &EndpointUrl, walk: &mut Walk) -> Result<(), Failed> {
        let target = match Target::of(url) {
            Ok(target) => target,
            Err(error) => return walk.step(Stage::Http, async { Err(error) }).await,
        };
        let born = Instant::now();
        let Place { is_https, host, port } = &**target.place;
        let (is_https, port) = (*is_https, *port);
        let mut stream = match &self.proxy {
            None => self.connect(host, port, walk).await?,
            Some(proxy) => self.tunnel(proxy, host, port, walk).await?,
        };
        if is_https {
            let handshake = async {
                let (stream, _) = tls::handshake(&self.tls, host, stream)
                    .await
                    .map_err(|error| SendError::new(ErrorClass::Tls, tls::why_failed(host, &error)))?;
                Ok((stream, "the certificate is trusted and fits the host".to_owned()))
            };
            stream = walk.step(Stage::Tls, handshake).await?;
        }
        let opened = Opened { stream, born, is_encrypted: is_https, is_http_2: false };
        walk.step(Stage::Http, ask(opened, &target)).await
    }

    async fn connect(&self, host: &str, port: u16, walk: &mut Walk) -> Result<Box<dyn Stream>, Failed> {
        let resolve = async {
            let found = self.guard.addresses_unjudged(host, port).await.map_err(|error| {
                SendError::new(ErrorClass::Dns, format!("cannot resolve {host}: {error}"))
            })?;
            let texts: Vec<_> = found.iter().map(|address| address.ip().to_string()).collect();
            Ok(((), texts.join(", ")))
        };
        walk.step(Stage::Resolve, resolve).await?;
        let judge = async {
            let addresses = self.guard.addresses(host, port).await.map_err(SendError::from)?;
            Ok((addresses, "may be called".to_owned()))
        };
        let addresses = walk.step(Stage::Judge, judge).await?;
        let connect = async {
            let mut last = failure::timed_out(TIMEOUT.default);
            for address in addresses {
                match self.dial.connect(address).await {
                    Ok(stream) => return Ok((stream, address.to_string())),
                    Err(error) => last = unreachable(format!("cannot connect to {address}: {error}")),
                }
            }
            Err(last)
        };
        walk.step(Stage::Connect, connect).await
    }

    async fn tunnel(
        &self,
        proxy: &EgressProxy,
        host: &str,
        port: u16,
        walk: &mut Walk,
    ) -> Result<Box<dyn Stream>, Failed> {
        let judge = async {
            self.guard.judge_literal(host, port).map_err(SendError::from)?;
            Ok(((), "names are the proxy's to resolve and to judge".to_owned()))
        };
        walk.step(Stage::Judge, judge).await?;
        let connect = async {
            let refused =
                |error: std::io::Error| unreachable(format!("cannot reach the proxy {proxy}: {error}"));
            let addresses = self.guard.addresses_unjudged(&proxy.host, proxy.port).await.map_err(refused)?;
            let address = *addresses.first().ok_or_else(|| unreachable(format!("{proxy} has no address")))?;
            let stream = self.dial.connect(address).await.map_err(refused)?;
            let tunnel = proxy.tunnel(stream, host, port).await;
            Ok((
                tunnel.map_err(|error| unreachable(error.to_string()))?,
                format!("through the proxy {proxy}"),
            ))
        };
        walk.step(Stage::Connect, connect).await
    }
}

/// One `HEAD`, and the status of its answer.
async fn ask(opened: Opened, target: &Target) -> Result<((), String), SendError> {
    let headers = [("User-Agent", "postroad-doctor")].into();
    let head = http_1::write_head(&Method::HEAD, target, &headers, &Bytes::new())?;
    let status = http_1::ask_once(opened, &head).await.map_err(|error| why_unanswered(&error))?;
    Ok(((), format!("HEAD is answered with {}", in_words(status))))
}

/// Why the `HEAD` has no answer. The probe offers HTTP/1.1 only, and says so: deliveries may speak HTTP/2 to the same receiver.
fn why_unanswered(error: &Http1Error) -> SendError {
    match error {
        Http1Error::NotHttp(why) => {
            SendError::new(ErrorClass::Protocol, format!("the receiver does not speak HTTP/1.1: {why}"))
        }
        error => failure::from_http_1(error),
    }
}

/// The number of a status, and its usual words where it has any.
fn in_words(status: u16) -> String {
    StatusCode::from_u16(status).map_or_else(|_| status.to_string(), |status| status.to_string())
}

fn unreachable(message: String) -> SendError {
    SendError::new(ErrorClass::Connect, message)
}

/// A step failed; the list of steps says why.
struct Failed;

#[derive(Default)]
struct Walk {
    steps: Vec<Step>,
}

impl Walk {
    /// Does one step and notes it, with a bound on its time.
    async fn step<T>(
        &mut self,
        stage: Stage,
        work: impl Future<Output = Result<(T, String), SendError>>,
    ) -> Result<T, Failed> {
        let begun = Instant::now();
        let time_max = TIMEOUT.default;
        let done = timeout(time_max, work).await.unwrap_or_else(|_| Err(failure::timed_out(time_max)));
        let took = begun.elapsed();
        let (result, outcome) = match done {
            Ok((result, found)) => (Ok(result), Ok(found)),
            Err(error) => (Err(Failed), Err(error)),
        };
        self.steps.push(Step { stage, took, outcome });
        result
    }
}
