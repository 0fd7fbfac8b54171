//! Client certificates and authorities of a subscription's own: shown, trusted, and never mixed up in the pool.

use std::{sync::Arc, time::Duration};

use postroad_domain::{ErrorClass, HttpVersion, Timestamp, TlsSettings};
use postroad_egress::{
    AddressPolicy, Channel, Dial, Egress, EgressConfig, HttpEgress, OutboundRequest, OutboundResponse,
    SendError, check_tls,
};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{
    certificates::{authority, client_settings, server_config, trusting},
    network::{Hosts, Network, network, post},
};

const TARGET: &str = "https://hook.example/";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

fn sender(network: &Arc<Network>, channels_max: usize) -> HttpEgress {
    network.name("hook.example", &["93.184.216.34"]);
    let config = EgressConfig { channels_max, ..EgressConfig::new(AddressPolicy::default()) };
    HttpEgress::new(config, Arc::clone(network) as Arc<dyn Dial>).unwrap()
}

fn over(tls: &TlsSettings) -> OutboundRequest {
    OutboundRequest { channel: Channel::of(Some(tls), HttpVersion::One), ..post(TARGET) }
}

type Stream = TlsStream<tokio::io::DuplexStream>;

/// One exchange on a connection that is there.
async fn answer(stream: &mut Stream) {
    let mut request = Vec::new();
    while !request.ends_with(b"{}") {
        request.push(stream.read_u8().await.unwrap());
    }
    stream.write_all(OK).await.unwrap();
    stream.flush().await.unwrap();
}

/// One exchange on the next connection, which is answered if its handshake succeeds.
async fn exchange(
    egress: &HttpEgress,
    hosts: &mut Hosts,
    acceptor: &TlsAcceptor,
    tls: &TlsSettings,
) -> (Result<OutboundResponse, SendError>, Option<Stream>) {
    let (outcome, stream) = tokio::join!(egress.exchange(over(tls)), async {
        let mut stream = acceptor.accept(hosts.accept().await.0).await.ok()?;
        answer(&mut stream).await;
        Some(stream)
    });
    tokio::task::yield_now().await;
    (outcome, stream)
}

fn with_ca(settings: TlsSettings, ca: &crate::certificates::Issuer) -> TlsSettings {
    TlsSettings { ca: Some(ca.pem()), ..settings }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_demands_a_certificate_sees_the_subscriptions() {
    let (servers, clients) = (authority(), authority());
    let config = server_config(&servers, "hook.example", Some(&clients));
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (network, mut hosts) = network();
    let egress = sender(&network, 10);
    let settings = with_ca(client_settings(&clients, "postroad"), &servers);
    let (outcome, stream) = exchange(&egress, &mut hosts, &acceptor, &settings).await;
    assert_eq!(outcome.unwrap().status, 200);
    let shown = stream.unwrap().get_ref().1.peer_certificates().unwrap()[0].clone();
    assert!(pem_of(&settings.client_certificate.unwrap()).as_ref() == shown.as_ref());

    let strangers = with_ca(client_settings(&authority(), "postroad"), &servers);
    for without in [trusting(&servers), strangers] {
        let outcome = tokio::join!(egress.exchange(over(&without)), async {
            let _ = acceptor.accept(hosts.accept().await.0).await;
        });
        let failed = outcome.0.unwrap_err();
        assert_eq!(failed.class, ErrorClass::Tls, "{failed}");
    }
}

fn pem_of(text: &str) -> rustls::pki_types::CertificateDer<'static> {
    use rustls::pki_types::pem::PemObject;
    rustls::pki_types::CertificateDer::from_pem_slice(text.as_bytes()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_authority_of_its_own_takes_the_place_of_the_machines() {
    let (private, machines) = (authority(), authority());
    let (network, mut hosts) = network();
    network.name("hook.example", &["93.184.216.34"]);
    let config = EgressConfig {
        extra_roots: vec![machines.der().clone()],
        ..EgressConfig::new(AddressPolicy::default())
    };
    let egress = HttpEgress::new(config, Arc::clone(&network) as Arc<dyn Dial>).unwrap();
    for (signed_by, is_good) in [(&private, true), (&machines, false), (&authority(), false)] {
        let acceptor = TlsAcceptor::from(Arc::new(server_config(signed_by, "hook.example", None)));
        let (outcome, ()) = tokio::join!(egress.exchange(over(&trusting(&private))), async {
            if let Ok(mut stream) = acceptor.accept(hosts.accept().await.0).await
                && is_good
            {
                answer(&mut stream).await;
                stream.shutdown().await.unwrap();
            }
        });
        match outcome {
            Ok(response) => assert!(is_good && response.status == 200),
            Err(failed) => {
                assert!(!is_good, "{failed}");
                assert_eq!(failed.class, ErrorClass::Tls);
                assert!(
                    failed.message.starts_with("the TLS handshake with hook.example failed: "),
                    "{failed}"
                );
            }
        }
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn connections_are_used_again_for_the_same_identity_and_never_for_another() {
    let (servers, clients) = (authority(), authority());
    let config = server_config(&servers, "hook.example", Some(&clients));
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (network, mut hosts) = network();
    let egress = sender(&network, 10);
    let [one, two] = ["one", "two"].map(|name| with_ca(client_settings(&clients, name), &servers));
    let mut streams = Vec::new();
    for settings in [&one, &two] {
        let (outcome, stream) = exchange(&egress, &mut hosts, &acceptor, settings).await;
        outcome.unwrap();
        streams.push(stream.unwrap());
    }
    for (settings, stream) in [&one, &two].into_iter().zip(&mut streams) {
        let (outcome, ()) = tokio::join!(egress.exchange(over(settings)), answer(stream));
        outcome.unwrap();
    }
    assert_eq!(network.dialled().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn of_more_channels_than_are_kept_the_one_used_longest_ago_gives_its_connections_up() {
    let servers = authority();
    let acceptor = TlsAcceptor::from(Arc::new(server_config(&servers, "hook.example", None)));
    let (network, mut hosts) = network();
    let egress = sender(&network, 2);
    let clients = authority();
    let settings = ["a", "b", "c"].map(|name| with_ca(client_settings(&clients, name), &servers));
    let mut kept = Vec::new();
    for settings in &settings[..2] {
        let (outcome, stream) = exchange(&egress, &mut hosts, &acceptor, settings).await;
        outcome.unwrap();
        kept.push(stream.unwrap());
    }
    let (outcome, ()) = tokio::join!(egress.exchange(over(&settings[0])), answer(&mut kept[0]));
    outcome.unwrap();
    let (outcome, _third) = exchange(&egress, &mut hosts, &acceptor, &settings[2]).await;
    outcome.unwrap();
    let mut rest = Vec::new();
    // The second channel's connection ends, the first one's goes on.
    let _ = kept.pop().unwrap().read_to_end(&mut rest).await;
    let (outcome, ()) = tokio::join!(egress.exchange(over(&settings[0])), answer(&mut kept[0]));
    outcome.unwrap();
    assert_eq!(network.dialled().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_is_given_up_during_its_exchange_keeps_no_connection() {
    let servers = authority();
    let acceptor = TlsAcceptor::from(Arc::new(server_config(&servers, "hook.example", None)));
    let (network, mut hosts) = network();
    let egress = sender(&network, 1);
    let clients = authority();
    let [slow, other] = ["slow", "other"].map(|name| with_ca(client_settings(&clients, name), &servers));
    let (outcome, mut stream) = tokio::join!(egress.exchange(over(&slow)), async {
        let mut stream = acceptor.accept(hosts.accept().await.0).await.unwrap();
        // There is room for one channel: this exchange takes it from the slow one.
        let (outcome, _other) = exchange(&egress, &mut hosts, &acceptor, &other).await;
        outcome.unwrap();
        answer(&mut stream).await;
        stream
    });
    assert_eq!(outcome.unwrap().status, 200);
    let closed = timeout(Duration::from_secs(1), stream.read_to_end(&mut Vec::new())).await;
    assert!(closed.is_ok(), "its connection waits for an exchange that never comes");
}

#[tokio::test(start_paused = true)]
async fn settings_that_cannot_be_used_fail_the_exchange_and_not_the_sender() {
    let (network, _hosts) = network();
    let settings = TlsSettings { ca: Some("no PEM".to_owned()), ..TlsSettings::default() };
    let failed = sender(&network, 10).exchange(over(&settings)).await.unwrap_err();
    assert_eq!(failed.class, ErrorClass::Tls);
    assert!(failed.message.contains("`ca` holds no certificate"), "{failed}");
    assert_eq!(network.dialled(), [""; 0]);
}

/// 2026-11-22.
const NOW: Timestamp = Timestamp::from_millis(1_795_305_600_000);

fn refusals(settings: &TlsSettings) -> Vec<String> {
    let faults = check_tls(settings, None, NOW);
    faults.iter().map(|fault| format!("{} {}", fault.field, fault.why)).collect()
}

#[test]
fn settings_are_checked_when_they_are_written() {
    let issuer = authority();
    let (good, other) = (client_settings(&issuer, "a"), client_settings(&issuer, "b"));
    assert_eq!(refusals(&with_ca(good.clone(), &issuer)), [""; 0]);
    let key = good.client_key.clone().unwrap();
    let text = |text: &str| Some(text.to_owned());
    let encrypted = key.replace("BEGIN PRIVATE", "BEGIN ENCRYPTED PRIVATE");
    let broken = key.replace("-----END", "-----");
    let many = good.client_certificate.as_ref().unwrap().repeat(21);
    let both = format!("{}{key}", good.client_certificate.as_ref().unwrap());
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (settings, says) in [
        (TlsSettings { client_key: None, ..good.clone() }, "client_key is required beside"),
        (TlsSettings { client_certificate: None, ..good.clone() }, "client_certificate is required beside"),
        (
            TlsSettings { client_key: other.client_key, ..good.clone() },
            "client_key does not belong to the first",
        ),
        (TlsSettings { client_key: text("x"), ..good.clone() }, "client_key holds no key: it must be PEM"),
        (
            TlsSettings { client_key: Some(encrypted), ..good.clone() },
            "client_key is encrypted: give it without",
        ),
        (TlsSettings { client_key: Some(broken), ..good.clone() }, "client_key is not PEM"),
        (
            TlsSettings { client_certificate: text("x"), ..good.clone() },
            "client_certificate holds no certificate",
        ),
        (TlsSettings { client_certificate: Some(many), ..good.clone() }, "21 certificates; 20 are allowed"),
        (
            TlsSettings { client_certificate: Some(both), ..good.clone() },
            "holds a private key, which would be shown",
        ),
        (TlsSettings { client_certificate: text(garbage), ..good.clone() }, "number 1, that cannot be read"),
        (TlsSettings { ca: text(garbage), ..TlsSettings::default() }, "ca holds a certificate, number 1"),
        (TlsSettings { ca: text(""), ..TlsSettings::default() }, "ca holds no certificate"),
    ] {
        let found = refusals(&settings);
        assert_eq!(found.len(), 1, "{says}: {found:?}");
        assert!(found[0].contains(says), "{says}: {found:?}");
    }
}

#[test]
fn a_certificate_that_has_run_out_is_refused_with_its_date_when_it_is_new_only() {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["old".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2021, 2, 3);
    let old = params.self_signed(&key).unwrap().pem();
    let settings = TlsSettings {
        client_certificate: Some(old.clone()),
        client_key: Some(key.serialize_pem()),
        ca: Some(old),
    };
    let expired = "holds a certificate, number 1, that expired at 2021-02-03T00:00:00Z";
    assert_eq!(refusals(&settings), [format!("client_certificate {expired}"), format!("ca {expired}")]);
    assert_eq!(check_tls(&settings, Some(&settings), NOW), []);
}
