//! The real network, as far as the loopback goes.

use std::sync::Arc;

use postroad_domain::ErrorClass;
use postroad_egress::{AddressPolicy, Dial, Egress, EgressConfig, HttpEgress, SystemDial};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::network::post;

#[tokio::test]
async fn a_receiver_on_the_loopback_is_reached_by_name_where_it_is_allowed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let policy = AddressPolicy {
        allow_subnets: vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()],
        ..AddressPolicy::default()
    };
    let dial: Arc<dyn Dial> = Arc::new(SystemDial::new().unwrap());
    let egress = HttpEgress::new(EgressConfig::new(policy), Arc::clone(&dial)).unwrap();
    let (outcome, ()) = tokio::join!(egress.exchange(post(&format!("http://localhost:{port}/"))), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_u8().await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    });
    assert_eq!(outcome.unwrap().status, 200);

    let guarded = HttpEgress::new(EgressConfig::new(AddressPolicy::default()), dial).unwrap();
    let refused = guarded.exchange(post(&format!("http://localhost:{port}/"))).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Blocked);
}

#[tokio::test]
async fn the_machine_knows_its_own_addresses() {
    let dial = SystemDial::new().unwrap();
    assert!(dial.is_own("127.0.0.1".parse().unwrap()));
    assert!(!dial.is_own("203.0.113.7".parse().unwrap()));
}
