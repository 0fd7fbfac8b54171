//! Measurements over the machine's own sockets, which take long and decide nothing by themselves:
//!
//! `cargo nextest run --workspace --test egress --run-ignored only --no-capture`

use std::{
    convert::Infallible,
    fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use postroad_domain::HttpVersion;
use postroad_egress::{
    AddressPolicy, Channel, Dial, Egress, EgressConfig, HttpEgress, OutboundRequest, Owner, SystemDial,
};
use rustls::HandshakeKind;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    runtime,
    task::JoinSet,
    time::Instant,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    certificates::{Issuer, authority, server_config, trusting},
    network::post,
};

const TENANTS: u64 = 10_000;
/// Exchanges under way at a time.
const AT_A_TIME: u64 = 64;
const SENDER: &str = "sender";

/// What the receiver has seen.
#[derive(Default)]
struct Seen {
    whole: AtomicUsize,
    resumed: AtomicUsize,
    open: AtomicUsize,
}

/// Ten thousand tenants whose subscriptions all call one host, once each in turn: what a connection for each tenant costs. Then
/// as many exchanges of few tenants, whose connections are kept, for comparison.
#[test]
#[ignore = "a measurement"]
fn ten_thousand_tenants_to_one_host_over_tls() {
    for version in [HttpVersion::One, HttpVersion::Two] {
        let issuer = authority();
        let receiver = runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let seen = Arc::new(Seen::default());
        let listener = receiver.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let target = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
        receiver.spawn(receive(listener, acceptor(&issuer), Arc::clone(&seen)));
        let sender = runtime::Builder::new_multi_thread();
        let sender = { sender }.worker_threads(2).thread_name(SENDER).enable_all().build().unwrap();
        sender.block_on(async {
            let egress = Arc::new(egress());
            let channel = Channel::of(Some(&trusting(&issuer)), version);
            let of =
                |owner| OutboundRequest { owner: Owner(owner), channel: channel.clone(), ..post(&target) };
            for (tenants, what) in [(TENANTS, "each of 10,000 tenants in turn"), (8, "8 tenants in turn")] {
                measure(&egress, &seen, what, (0..TENANTS).map(|turn| of(turn % tenants))).await;
            }
        });
        println!("  over HTTP/{}", version.as_str());
    }
}

/// A head that comes in the smallest packets: what its search for its end costs.
#[test]
#[ignore = "a measurement"]
fn a_head_of_63_kb_that_comes_in_packets_of_two_bytes() {
    let receiver = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = receiver.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let target = format!("http://localhost:{}/", listener.local_addr().unwrap().port());
    receiver.spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream.read_u8().await.unwrap();
        let head = format!("HTTP/1.1 200 OK\r\n{}content-length: 0\r\n\r\n", "x: v\r\n".repeat(10_500));
        for piece in head.as_bytes().chunks(2) {
            stream.write_all(piece).await.unwrap();
        }
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    let sender = runtime::Builder::new_multi_thread();
    let sender = { sender }.worker_threads(1).thread_name(SENDER).enable_all().build().unwrap();
    let egress = egress();
    let asked = sender.spawn(async move { egress.exchange(post(&target)).await });
    let (status, cpu) = sender.block_on(async { (asked.await.unwrap().unwrap().status, cpu_time()) });
    println!("a head of 63 KB in packets of two bytes: status {status}, {cpu:?} of processor time");
}

async fn measure(
    egress: &Arc<HttpEgress>,
    seen: &Seen,
    what: &str,
    mut requests: impl Iterator<Item = OutboundRequest>,
) {
    let handshakes = || (seen.whole.load(Ordering::SeqCst), seen.resumed.load(Ordering::SeqCst));
    let (begun, cpu, before) = (Instant::now(), cpu_time(), handshakes());
    let (mut running, mut open_max, mut exchanges) = (JoinSet::new(), 0, 0);
    loop {
        while running.len() < AT_A_TIME as usize
            && let Some(request) = requests.next()
        {
            let egress = Arc::clone(egress);
            running.spawn(async move { egress.exchange(request).await });
        }
        let Some(outcome) = running.join_next().await else { break };
        assert_eq!(outcome.unwrap().unwrap().status, 200);
        exchanges += 1;
        open_max = open_max.max(seen.open.load(Ordering::SeqCst));
    }
    let (took, cpu, after) = (begun.elapsed(), cpu_time() - cpu, handshakes());
    let (whole, resumed) = (after.0 - before.0, after.1 - before.1);
    println!(
        "{what}: {exchanges} exchanges in {took:.1?}, {:.0} dials/s ({whole} whole handshakes, {resumed} resumed), \
         {:.0} µs of processor time for each exchange, at most {open_max} connections open at the receiver, {} \
         descriptors of both ends now",
        (whole + resumed) as f64 / took.as_secs_f64(),
        cpu.as_secs_f64() * 1e6 / f64::from(exchanges),
        fs::read_dir("/proc/self/fd").unwrap().count(),
    );
}

fn egress() -> HttpEgress {
    let policy = AddressPolicy {
        allow_subnets: vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()],
        ..AddressPolicy::default()
    };
    let dial: Arc<dyn Dial> = Arc::new(SystemDial::new().unwrap());
    HttpEgress::new(EgressConfig::new(policy), dial).unwrap()
}

fn acceptor(issuer: &Issuer) -> TlsAcceptor {
    let mut config = server_config(issuer, "localhost", None);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

/// Answers every request with 200, in whatever version its connection has chosen.
async fn receive(listener: TcpListener, acceptor: TlsAcceptor, seen: Arc<Seen>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (acceptor, seen) = (acceptor.clone(), Arc::clone(&seen));
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let is_resumed = stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed);
            let handshakes = if is_resumed { &seen.resumed } else { &seen.whole };
            handshakes.fetch_add(1, Ordering::SeqCst);
            seen.open.fetch_add(1, Ordering::SeqCst);
            let answer =
                service_fn(|_| async { Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())) });
            let _ =
                auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), answer).await;
            seen.open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

/// What the threads of the sender have used of the processor.
fn cpu_time() -> Duration {
    let mut nanos = 0;
    for task in fs::read_dir("/proc/self/task").unwrap().flatten() {
        let read = |name| fs::read_to_string(task.path().join(name)).unwrap_or_default();
        if read("comm").trim() == SENDER {
            // The first number is the time on a processor.
            nanos += read("schedstat").split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0);
        }
    }
    Duration::from_nanos(nanos)
}
