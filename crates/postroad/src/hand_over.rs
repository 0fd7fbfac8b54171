//! Deliveries to the server's own inspector: they are handed over within the process, while the guard goes on refusing
//! every other call of the server to itself.
//!
//! **Invariant:** what is handed over goes through the same client as every delivery, onto a pipe instead of a socket: the
//! inspector sees the bytes that a receiver would. **Invariant:** nothing but the inspector is at the end of that pipe.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use async_trait::async_trait;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use postroad_domain::{EndpointUrl, limits::NAME_TIME};
use postroad_egress::{
    AddressPolicy, Dial, Egress, EgressConfig, HttpEgress, OutboundRequest, OutboundResponse, Resolved,
    SendError, StartError, Stream,
};
use postroad_server::{INSPECT_PREFIX, Inspector};
use url::{Host, Url};

/// Bytes that wait in the pipe, as in the buffers of a socket.
const PIPE_BYTES: usize = 64 * 1024;

/// Where this server is reached.
#[derive(Clone, Debug)]
pub struct OwnAddress {
    /// The address that it listens on.
    pub listen: SocketAddr,
    /// What people outside write instead, where that is known.
    pub public_url: Option<EndpointUrl>,
}

impl OwnAddress {
    /// Whether a URL leads to the inspector of this server.
    fn leads_to_inspector(&self, url: &EndpointUrl) -> bool {
        let text = url.as_str();
        let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
        let path = rest.find(['/', '?', '#', '\\']).map_or("", |start| &rest[start..]);
        let is_ours = |parsed: Url| self.is_public(&parsed) || self.is_listened_on(&parsed);
        path.starts_with(INSPECT_PREFIX) && Url::parse(text).is_ok_and(is_ours)
    }

    fn is_public(&self, url: &Url) -> bool {
        let public = self.public_url.as_ref().and_then(|public| Url::parse(public.as_str()).ok());
        public.is_some_and(|public| public.origin() == url.origin())
    }

    fn is_listened_on(&self, url: &Url) -> bool {
        let own = self.listen.ip().to_canonical();
        let everywhere = own.is_unspecified();
        let is_own = |ip: IpAddr| ip.to_canonical() == own || everywhere && ip.to_canonical().is_loopback();
        let is_host = match url.host() {
            Some(Host::Domain(name)) => name == "localhost" && (everywhere || own.is_loopback()),
            Some(Host::Ipv4(ip)) => is_own(ip.into()),
            Some(Host::Ipv6(ip)) => is_own(ip.into()),
            None => false,
        };
        is_host && url.scheme() == "http" && url.port_or_known_default() == Some(self.listen.port())
    }
}

/// An [`Egress`] that knows which requests do not leave the process.
pub struct HandOver {
    own: OwnAddress,
    inside: HttpEgress,
    outside: Arc<dyn Egress>,
}

impl HandOver {
    /// What leads to `inspector` under one of its own addresses goes there, the rest goes `outside`.
    ///
    /// Errors: as [`HttpEgress::new`].
    pub fn new(own: OwnAddress, inspector: Inspector, outside: Arc<dyn Egress>) -> Result<Self, StartError> {
        // Nothing is dialled inside, so there is nothing to judge.
        let everywhere = vec![IpNet::V4(Ipv4Net::default()), IpNet::V6(Ipv6Net::default())];
        let policy = AddressPolicy { allow_subnets: everywhere, ..AddressPolicy::default() };
        let inside = HttpEgress::new(EgressConfig::new(policy), Arc::new(Pipes(inspector)))?;
        Ok(Self { own, inside, outside })
    }
}

#[async_trait]
impl Egress for HandOver {
    async fn exchange(&self, mut request: OutboundRequest) -> Result<OutboundResponse, SendError> {
        if !self.own.leads_to_inspector(&request.url) {
            return self.outside.exchange(request).await;
        }
        request.url = without_tls(request.url);
        self.inside.exchange(request).await
    }

    async fn check(&self, url: &EndpointUrl) -> Result<(), SendError> {
        if self.own.leads_to_inspector(url) { Ok(()) } else { self.outside.check(url).await }
    }
}

/// The same address by plain HTTP: there is nobody on a pipe from whom TLS would protect.
fn without_tls(url: EndpointUrl) -> EndpointUrl {
    match url.as_str().split_once(':') {
        Some((_, rest)) if url.is_https() => EndpointUrl::parse(&format!("http:{rest}")).unwrap_or(url),
        _ => url,
    }
}

/// Connections to the inspector, whatever the host is called.
struct Pipes(Inspector);

#[async_trait]
impl Dial for Pipes {
    async fn resolve(&self, _: &str) -> io::Result<Resolved> {
        Ok(Resolved { addresses: vec![Ipv4Addr::LOCALHOST.into()], valid_for: NAME_TIME.max })
    }

    async fn connect(&self, _: SocketAddr) -> io::Result<Box<dyn Stream>> {
        let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
        let inspector = self.0.clone();
        tokio::spawn(async move { inspector.serve_in_process(theirs).await });
        Ok(Box::new(ours))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use http::Method;
    use postroad_domain::{ErrorClass, Headers, Repeat};
    use postroad_egress::Owner;
    use postroad_server::InspectorParts;
    use postroad_testkit::ManualClock;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    /// Whatever leaves the process fails.
    struct Nowhere;

    #[async_trait]
    impl Egress for Nowhere {
        async fn exchange(&self, request: OutboundRequest) -> Result<OutboundResponse, SendError> {
            let message = format!("{:?} went outside", request.url);
            Err(SendError::new(ErrorClass::Connect, message))
        }

        async fn check(&self, url: &EndpointUrl) -> Result<(), SendError> {
            Err(SendError::new(ErrorClass::Blocked, format!("{url:?} is outside")))
        }
    }

    fn own(listen: &str, public_url: Option<&str>) -> OwnAddress {
        let public_url = public_url.map(|url| EndpointUrl::parse(url).unwrap());
        OwnAddress { listen: listen.parse().unwrap(), public_url }
    }

    #[test]
    fn only_the_inspector_under_an_own_address_is_handed_over() {
        let loopback = own("127.0.0.1:8080", Some("https://hooks.example.com"));
        let everywhere = own("0.0.0.0:80", None);
        for (own, url, is_ours) in [
            (&loopback, "http://127.0.0.1:8080/inspect/abcdefgh", true),
            (&loopback, "http://localhost:8080/inspect/abcdefgh/a?b=c", true),
            (&loopback, "http://2130706433:8080/inspect/abcdefgh", true),
            (&loopback, "https://hooks.example.com/inspect/abcdefgh", true),
            (&loopback, "https://HOOKS.example.com:443/inspect/abcdefgh", true),
            (&loopback, "http://hooks.example.com/inspect/abcdefgh", false),
            (&loopback, "https://127.0.0.1:8080/inspect/abcdefgh", false),
            (&loopback, "http://127.0.0.1:8081/inspect/abcdefgh", false),
            (&loopback, "http://127.0.0.2:8080/inspect/abcdefgh", false),
            (&loopback, "http://127.0.0.1:8080/v1/tenants", false),
            (&loopback, "http://127.0.0.1:8080/inspector/abcdefgh", false),
            (&loopback, "http://127.0.0.1:8080/x/../inspect/abcdefgh", false),
            (&loopback, "http://127.0.0.1:8080?/inspect/abcdefgh", false),
            (&loopback, "http://127.0.0.1:8080\\inspect/abcdefgh", false),
            (&loopback, "http://example.com/inspect/abcdefgh", false),
            (&everywhere, "http://127.9.9.9/inspect/abcdefgh", true),
            (&everywhere, "http://[::1]/inspect/abcdefgh", true),
            (&everywhere, "http://10.0.0.5/inspect/abcdefgh", false),
        ] {
            let parsed = EndpointUrl::parse(url).unwrap();
            assert_eq!(own.leads_to_inspector(&parsed), is_ours, "{url}");
        }
    }

    #[tokio::test]
    async fn an_own_address_is_the_same_in_capitals_and_with_tls() {
        let inspector = Inspector::new(InspectorParts {
            clock: Arc::new(ManualClock::default()),
            rng: StdRng::seed_from_u64(1),
            public_url: EndpointUrl::parse("https://hooks.example.com").unwrap(),
            short_names: true,
        });
        let own = own("127.0.0.1:8080", Some("https://Hooks.example.com"));
        let hand_over = HandOver::new(own, inspector, Arc::new(Nowhere)).unwrap();
        for url in [
            "https://hooks.example.com/inspect/a",
            "HTTPS://HOOKS.EXAMPLE.COM/inspect/a",
            "hTTps://hooks.example.com:443/inspect/a",
            "HTTP://LocalHost:8080/inspect/a",
        ] {
            let url = EndpointUrl::parse(url).unwrap();
            hand_over.check(&url).await.unwrap();
            let request = OutboundRequest {
                owner: Owner(1),
                method: Method::POST,
                url,
                headers: Headers::new(),
                body: Bytes::new(),
                deadline: Duration::from_secs(10),
                repeat: Repeat::Always,
                channel: None,
            };
            assert_eq!(hand_over.exchange(request).await.unwrap().status, 200);
        }
    }
}
