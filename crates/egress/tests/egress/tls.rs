//! https: whose certificate is good and whose is not.

use std::sync::Arc;

use postroad_domain::ErrorClass;
use postroad_egress::{AddressPolicy, Dial, Egress, EgressConfig, HttpEgress, OutboundResponse, SendError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use crate::{
    certificates::{Issuer, acceptor, authority},
    network::{Host, network, post},
};

/// One exchange with a client that trusts `trusted` and a host that does `script`.
async fn exchange_trusting<F: Future<Output = ()>>(
    trusted: &Issuer,
    target: &str,
    script: impl FnOnce(Host) -> F,
) -> Result<OutboundResponse, SendError> {
    let (network, mut hosts) = network();
    network.name("hook.example", &["93.184.216.34"]);
    network.name("hook.example.", &["93.184.216.34"]);
    let config = EgressConfig {
        extra_roots: vec![trusted.der().clone()],
        ..EgressConfig::new(AddressPolicy::default())
    };
    let egress = HttpEgress::new(config, Arc::clone(&network) as Arc<dyn Dial>).unwrap();
    let (outcome, ()) = tokio::join!(egress.exchange(post(target)), async {
        script(hosts.accept().await).await;
    });
    assert!(network.dialled()[0].ends_with(":443"));
    outcome
}

async fn answer_over_tls(acceptor: TlsAcceptor, host: Host) {
    // The client may turn away after it has seen the certificate.
    let Ok(mut stream) = acceptor.accept(host.0).await else { return };
    let mut first = [0; 4];
    if stream.read_exact(&mut first).await.is_ok() {
        assert_eq!(&first, b"POST");
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        stream.flush().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_certificate_of_a_trusted_authority_for_this_name_is_good() {
    let issuer = authority();
    for (target, name) in [
        ("https://hook.example/", "hook.example"),
        ("https://hook.example./", "hook.example"),
        ("https://HOOK.example/", "hook.example"),
        ("https://93.184.216.34/", "93.184.216.34"),
    ] {
        let acceptor = acceptor(&issuer, name);
        let outcome = exchange_trusting(&issuer, target, |host| answer_over_tls(acceptor, host)).await;
        assert_eq!(outcome.unwrap().status, 200, "{target}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_certificate_of_a_stranger_or_for_another_name_is_not() {
    let (issuer, stranger) = (authority(), authority());
    for (signed_by, name) in
        [(&stranger, "hook.example"), (&issuer, "other.example"), (&issuer, "93.184.216.34")]
    {
        let acceptor = acceptor(signed_by, name);
        let outcome =
            exchange_trusting(&issuer, "https://hook.example/", |host| answer_over_tls(acceptor, host)).await;
        let failed = outcome.unwrap_err();
        assert_eq!(failed.class, ErrorClass::Tls, "{failed}");
        assert!(failed.message.starts_with("the TLS handshake with hook.example failed: "), "{failed}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_without_tls_fails_the_handshake() {
    let issuer = authority();
    for answer in ["HTTP/1.1 400 Bad Request\r\n\r\n", ""] {
        let outcome = exchange_trusting(&issuer, "https://hook.example/", |mut host| async move {
            host.write(answer).await;
        });
        let failed = outcome.await.unwrap_err();
        assert_eq!(failed.class, ErrorClass::Tls, "{answer:?}");
        assert!(failed.message.starts_with("the TLS handshake with hook.example failed: "), "{failed}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_hangs_meets_the_deadline() {
    let issuer = authority();
    let outcome =
        exchange_trusting(&issuer, "https://hook.example/", |host| async move { host.closed().await });
    assert_eq!(outcome.await.unwrap_err().class, ErrorClass::Timeout);
}
