//! The way to the collector: through the same client as every other exchange, with every address allowed, because the
//! operator names it.

use std::{fmt, sync::Arc, time::Duration};

use anyhow::Context as _;
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderName, Request, Response, StatusCode, header};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use opentelemetry_http::{HttpClient, HttpError};
use postroad_domain::{EndpointUrl, Repeat};
use postroad_egress::{
    AddressPolicy, Egress as _, EgressConfig, HttpEgress, OutboundRequest, Owner, SystemDial,
};
use tokio::runtime::Handle;

/// They follow from URL and body.
const FRAMING: [HeaderName; 2] = [header::HOST, header::CONTENT_LENGTH];

/// Sends what the SDK's thread gives it, on the runtime's threads.
pub(super) struct Collector {
    egress: Arc<HttpEgress>,
    runtime: Handle,
    timeout: Duration,
}

impl Collector {
    /// Errors: names or certificates of the machine cannot be read.
    pub(super) fn new(runtime: Handle, timeout: Duration) -> anyhow::Result<Self> {
        let everywhere = vec![IpNet::V4(Ipv4Net::default()), IpNet::V6(Ipv6Net::default())];
        let policy = AddressPolicy { allow_subnets: everywhere, ..AddressPolicy::default() };
        let dial = SystemDial::new().context("cannot set up the resolver of names")?;
        let egress = HttpEgress::new(EgressConfig::new(policy), Arc::new(dial))?;
        Ok(Self { egress: Arc::new(egress), runtime, timeout })
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Collector")
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = request.into_parts();
        let kept = head.headers.iter().filter(|(name, _)| !FRAMING.contains(name));
        let header = |(name, value): (&HeaderName, &http::HeaderValue)| {
            Ok::<_, HttpError>((name.to_string(), value.to_str()?.to_owned()))
        };
        let request = OutboundRequest {
            // The collector alone uses this client.
            owner: Owner(0),
            method: head.method,
            url: EndpointUrl::parse(&head.uri.to_string())?,
            headers: kept.map(header).collect::<Result<_, _>>()?,
            body,
            deadline: self.timeout,
            repeat: Repeat::Always,
            channel: None,
        };
        let egress = Arc::clone(&self.egress);
        let answered = self.runtime.spawn(async move { egress.exchange(request).await }).await??;
        let mut response = Response::new(answered.body);
        *response.status_mut() = StatusCode::from_u16(answered.status)?;
        Ok(response)
    }
}
