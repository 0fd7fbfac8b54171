//! The network of these tests: names and hosts are what the test says, a connection is a pipe whose far end the test
//! holds.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use http::Method;
use postroad_domain::{EndpointUrl, Headers, Repeat};
use postroad_egress::{
    AddressPolicy, Dial, Egress, EgressConfig, HttpEgress, OutboundRequest, OutboundResponse, Owner,
    Resolved, SendError, Stream,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::timeout,
};

/// Bytes a pipe holds before its writer waits.
const PIPE_BYTES: usize = 256 * 1024;

/// A name server and all hosts.
pub(crate) struct Network {
    script: Mutex<Script>,
    accepted: UnboundedSender<DuplexStream>,
}

#[derive(Default)]
struct Script {
    answers: HashMap<String, VecDeque<Vec<IpAddr>>>,
    valid_for: HashMap<String, Duration>,
    late: HashMap<String, Duration>,
    failing: HashSet<String>,
    refusing: HashSet<SocketAddr>,
    refusing_once: HashSet<SocketAddr>,
    silent: HashSet<SocketAddr>,
    own: HashSet<IpAddr>,
    resolved: Vec<String>,
    dialled: Vec<SocketAddr>,
}

/// The far ends of the connections, in the order they were made.
pub(crate) struct Hosts(UnboundedReceiver<DuplexStream>);

pub(crate) fn network() -> (Arc<Network>, Hosts) {
    let (accepted, hosts) = unbounded_channel();
    (Arc::new(Network { script: Mutex::default(), accepted }), Hosts(hosts))
}

impl Network {
    /// Adds an answer for a name: they are given in turn, the last one for ever. No address: a failing look-up.
    pub(crate) fn name(&self, host: &str, addresses: &[&str]) {
        let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
        self.script.lock().unwrap().answers.entry(host.to_owned()).or_default().push_back(addresses);
    }

    /// How long the answers for a name may be believed; not at all where nothing is said.
    pub(crate) fn valid_for(&self, host: &str, time: Duration) {
        self.script.lock().unwrap().valid_for.insert(host.to_owned(), time);
    }

    pub(crate) fn answers_late(&self, host: &str, by: Duration) {
        self.script.lock().unwrap().late.insert(host.to_owned(), by);
    }

    pub(crate) fn name_server_fails_for(&self, host: &str) {
        self.script.lock().unwrap().failing.insert(host.to_owned());
    }

    pub(crate) fn refuses(&self, address: &str) {
        self.script.lock().unwrap().refusing.insert(address.parse().unwrap());
    }

    /// The next dial alone is refused.
    pub(crate) fn refuses_once(&self, address: &str) {
        self.script.lock().unwrap().refusing_once.insert(address.parse().unwrap());
    }

    pub(crate) fn answers_again(&self, address: &str) {
        let address = address.parse().unwrap();
        let mut script = self.script.lock().unwrap();
        script.refusing.remove(&address);
        script.silent.remove(&address);
    }

    pub(crate) fn is_silent_at(&self, address: &str) {
        self.script.lock().unwrap().silent.insert(address.parse().unwrap());
    }

    pub(crate) fn owns(&self, ip: &str) {
        self.script.lock().unwrap().own.insert(ip.parse().unwrap());
    }

    pub(crate) fn resolved(&self) -> Vec<String> {
        self.script.lock().unwrap().resolved.clone()
    }

    pub(crate) fn dialled(&self) -> Vec<String> {
        self.script.lock().unwrap().dialled.iter().map(ToString::to_string).collect()
    }
}

#[async_trait]
impl Dial for Network {
    async fn resolve(&self, host: &str) -> io::Result<Resolved> {
        let late = {
            let mut script = self.script.lock().unwrap();
            script.resolved.push(host.to_owned());
            script.late.get(host).copied()
        };
        if let Some(late) = late {
            // Time stands still while anybody works, and passes when all wait.
            timeout(late, std::future::pending::<()>()).await.unwrap_err();
        }
        let mut script = self.script.lock().unwrap();
        if script.failing.contains(host) {
            return Err(io::Error::other("the name server is out of order"));
        }
        let answers = script.answers.get_mut(host).ok_or(io::ErrorKind::NotFound)?;
        let addresses = if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0].clone() };
        let valid_for = script.valid_for.get(host).copied().unwrap_or_default();
        Ok(Resolved { addresses, valid_for })
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<Box<dyn Stream>> {
        let is_silent = {
            let mut script = self.script.lock().unwrap();
            script.dialled.push(address);
            if script.refusing_once.remove(&address) || script.refusing.contains(&address) {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            script.silent.contains(&address)
        };
        if is_silent {
            std::future::pending::<()>().await;
        }
        let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
        self.accepted.send(theirs).map_err(|_| io::ErrorKind::ConnectionRefused)?;
        Ok(Box::new(ours))
    }

    fn is_own(&self, ip: IpAddr) -> bool {
        self.script.lock().unwrap().own.contains(&ip)
    }
}

impl Hosts {
    /// The next connection.
    pub(crate) async fn accept(&mut self) -> Host {
        // Time stands still while anybody works: when it gets this far, nobody is going to connect.
        let connection = timeout(Duration::from_secs(3_600), self.0.recv()).await;
        Host(connection.expect("somebody connects").unwrap())
    }

    /// The next connection, its first request answered with `answer` and then left open.
    pub(crate) async fn answer(&mut self, answer: &str) -> (Host, String) {
        let mut host = self.accept().await;
        let request = host.answer(answer).await;
        (host, request)
    }
}

/// The far end of one connection.
pub(crate) struct Host(pub(crate) DuplexStream);

impl Host {
    /// One whole request as it came: its body is as long as `Content-Length` says.
    pub(crate) async fn read_request(&mut self) -> String {
        self.next_request().await.expect("the connection is open")
    }

    /// As [`read_request`](Self::read_request), or `None` when the other side has closed the connection.
    async fn next_request(&mut self) -> Option<String> {
        let mut text = String::new();
        loop {
            text.push(char::from(self.0.read_u8().await.ok()?));
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
            if body.len() == length.map_or(0, |length| length.parse().unwrap()) {
                return Some(text);
            }
        }
    }

    /// Writes as much as the other side takes.
    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        // The other side may have had enough: that is what some of the tests are about.
        let _ = self.0.write_all(bytes.as_ref()).await;
    }

    pub(crate) async fn answer(&mut self, answer: &str) -> String {
        let request = self.read_request().await;
        self.write(answer).await;
        request
    }

    /// Answers the next request; false when the other side has closed the connection instead.
    pub(crate) async fn answer_if_asked(&mut self, answer: &str) -> bool {
        let is_asked = self.next_request().await.is_some();
        if is_asked {
            self.write(answer).await;
        }
        is_asked
    }

    /// Ends when the other side has closed the connection.
    pub(crate) async fn closed(mut self) {
        let _ = self.0.read_to_end(&mut Vec::new()).await;
    }
}

/// The client under test over `network`, as the binary configures it, loopback not allowed.
pub(crate) fn egress(network: &Arc<Network>) -> HttpEgress {
    egress_with(network, AddressPolicy::default())
}

pub(crate) fn egress_with(network: &Arc<Network>, policy: AddressPolicy) -> HttpEgress {
    HttpEgress::new(EgressConfig::new(policy), Arc::clone(network) as Arc<dyn Dial>).unwrap()
}

pub(crate) fn url(text: &str) -> EndpointUrl {
    EndpointUrl::parse(text).unwrap()
}

/// A POST of `{}` with a deadline of 15 s.
pub(crate) fn post(text: &str) -> OutboundRequest {
    OutboundRequest {
        owner: Owner(1),
        repeat: Repeat::Always,
        method: Method::POST,
        url: url(text),
        headers: Headers::new(),
        body: Bytes::from_static(b"{}"),
        deadline: Duration::from_secs(15),
        channel: None,
    }
}

/// One exchange with a host that is at a public address and does `script`.
pub(crate) async fn exchange_with<F: Future<Output = ()>>(
    script: impl FnOnce(Host) -> F,
) -> Result<OutboundResponse, SendError> {
    let (network, mut hosts) = network();
    let egress = egress(&network);
    let (outcome, ()) = tokio::join!(egress.exchange(post("http://93.184.216.34/hook")), async {
        script(hosts.accept().await).await;
    });
    outcome
}

/// What the host `hook.example` saw of `request`, which it answered with 200.
pub(crate) async fn seen_of(request: OutboundRequest) -> String {
    let (network, mut hosts) = network();
    network.name("hook.example", &["93.184.216.34"]);
    let egress = egress(&network);
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    let (outcome, (_host, seen)) = tokio::join!(egress.exchange(request), hosts.answer(answer));
    assert_eq!(outcome.unwrap().status, 200);
    seen
}

/// Headers as a request has them.
pub(crate) fn list(headers: &[(&str, &str)]) -> Headers {
    headers.iter().copied().collect()
}
