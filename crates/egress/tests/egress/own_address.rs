//! Postroad never calls itself, whatever the subnets allow, outside of `postroad dev`.

use postroad_domain::ErrorClass;
use postroad_egress::{AddressPolicy, Egress};

use crate::network::{egress_with, network, url};

fn everything_allowed(own: &str) -> AddressPolicy {
    AddressPolicy {
        allow_subnets: vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()],
        own_addresses: vec![own.parse().unwrap()],
        allow_own: false,
    }
}

#[tokio::test]
async fn the_listen_address_is_refused_in_every_form_and_its_neighbours_are_not() {
    let (network, _hosts) = network();
    network.name("self.example", &["93.184.216.34", "10.0.0.5"]);
    let egress = egress_with(&network, everything_allowed("10.0.0.5:8080"));
    for host in ["10.0.0.5", "167772165", "[::ffff:10.0.0.5]", "[64:ff9b::10.0.0.5]", "self.example"] {
        let refused = egress.check(&url(&format!("http://{host}:8080/v1"))).await.unwrap_err();
        assert_eq!(refused.class, ErrorClass::Blocked, "{host}");
        assert!(refused.message.contains("where Postroad itself listens"), "{refused}");
    }
    for neighbour in ["http://10.0.0.5:8081/", "http://10.0.0.6:8080/"] {
        egress.check(&url(neighbour)).await.unwrap();
    }
}

#[tokio::test]
async fn the_unspecified_address_is_a_way_to_call_oneself() {
    let (network, _hosts) = network();
    let egress = egress_with(&network, everything_allowed("127.0.0.1:8080"));
    for host in ["127.0.0.1", "0.0.0.0", "0", "[::]", "[::ffff:0.0.0.0]"] {
        let refused = egress.check(&url(&format!("http://{host}:8080/"))).await.unwrap_err();
        assert!(refused.message.contains("where Postroad itself listens"), "{host}: {refused}");
    }
    egress.check(&url("http://0.0.0.0:8081/")).await.unwrap();
}

#[tokio::test]
async fn whoever_listens_on_all_addresses_is_refused_on_all_of_them() {
    for own in ["0.0.0.0:8080", "[::]:8080", "[::ffff:0.0.0.0]:8080"] {
        let (network, _hosts) = network();
        network.owns("10.0.0.5");
        let egress = egress_with(&network, everything_allowed(own));
        for host in ["127.0.0.1", "127.9.9.9", "0.0.0.0", "[::1]", "[::]", "10.0.0.5", "[::ffff:10.0.0.5]"] {
            let refused = egress.check(&url(&format!("http://{host}:8080/"))).await.unwrap_err();
            assert!(refused.message.contains("where Postroad itself listens"), "{own} {host}: {refused}");
        }
        for other in ["http://10.0.0.5:80/", "http://127.0.0.1/", "http://10.0.0.6:8080/"] {
            egress.check(&url(other)).await.unwrap();
        }
    }
}

#[tokio::test]
async fn dev_may_call_itself_where_the_subnet_is_allowed_too() {
    let (network, _hosts) = network();
    let loopback = AddressPolicy {
        allow_subnets: vec!["127.0.0.0/8".parse().unwrap()],
        own_addresses: vec!["127.0.0.1:8080".parse().unwrap(), "0.0.0.0:8080".parse().unwrap()],
        allow_own: true,
    };
    let egress = egress_with(&network, loopback);
    egress.check(&url("http://127.0.0.1:8080/inspect/a")).await.unwrap();
    assert_eq!(egress.check(&url("http://10.0.0.5:8080/")).await.unwrap_err().class, ErrorClass::Blocked);
}
