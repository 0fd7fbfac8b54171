//! The guard against a corpus of addresses, literals and names.

use std::sync::Arc;

use postroad_domain::{ErrorClass, limits::NAME_TIME};
use postroad_egress::{AddressPolicy, Egress};
use tokio::time::advance;

use crate::network::{Hosts, Network, egress, egress_with, network, post, url};

const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\n\r\n";

/// Hosts as a URL may write them, none of which may be called.
const BLOCKED: &[&str] = &[
    // This machine, plain and in the odd ways that URLs allow.
    "127.0.0.1",
    "127.255.255.254",
    "127.1",
    "127.0.1",
    "127.0.0.1.",
    "2130706433",
    "017700000001",
    "0x7f000001",
    "0x7f.1",
    "0x7F.0x0.0x0.0x1",
    "0177.0.0.1",
    "0177.0.0.0x1",
    "00000177.1",
    "%31%32%37.0.0.1",
    "0.0.0.0",
    "0",
    "0x0",
    "0.1.2.3",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[0000::0001]",
    // The same, mapped, compatible and translated.
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:7f00:0001]",
    "[::127.0.0.1]",
    "[::7f00:1]",
    "[::ffff:0:127.0.0.1]",
    "[::ffff:0.0.0.0]",
    "[::8.8.8.8]",
    // Private networks and their edges.
    "10.0.0.0",
    "10.1.2.3",
    "10.255.255.255",
    "012.1.2.3",
    "167772161",
    "172.16.0.0",
    "172.31.255.255",
    "192.168.0.1",
    "192.168.255.255",
    "0xc0a80001",
    "3232235521",
    "192.168.257",
    "100.64.0.0",
    "100.127.255.255",
    "100.100.100.200",
    "[::ffff:10.0.0.1]",
    "[::ffff:192.168.0.1]",
    "[::ffff:172.16.0.1]",
    "[::ffff:100.64.0.1]",
    "[fc00::]",
    "[fd00:ec2::254]",
    "[fdff:ffff::1]",
    "[fec0::1]",
    "[feff::1]",
    // Link-local addresses, where clouds keep their credentials.
    "169.254.169.254",
    "169.254.170.2",
    "0xa9fea9fe",
    "2852039166",
    "0251.0376.0251.0376",
    "169.254.43518",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[fe80::1]",
    "[febf::1]",
    "168.63.129.16",
    "[::ffff:168.63.129.16]",
    // Reserved, documentation, benchmarks, relays.
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.255",
    "240.0.0.1",
    "255.255.255.254",
    "255.255.255.255",
    "4294967295",
    "[2001:db8::1]",
    "[2001:2::1]",
    "[2001:10::1]",
    "[2001:20::1]",
    "[100::1]",
    "[100:0:0:1::1]",
    "[3ffe::1]",
    "[3fff::1]",
    "[5f00::1]",
    "[4000::1]",
    "[1::1]",
    // Multicast.
    "224.0.0.1",
    "239.255.255.250",
    "[ff02::1]",
    "[ff0e::1]",
    // IPv4 inside NAT64, 6to4 and Teredo.
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b::10.0.0.1]",
    "[64:ff9b:1::8.8.8.8]",
    "[64:ff9b:1::10.0.0.1]",
    "[2002:7f00:1::1]",
    "[2002:a9fe:a9fe::]",
    "[2002:c0a8:1::1]",
    "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
];

/// Neighbours of the blocked networks, and public addresses in the ways that URLs and gateways write them.
const PUBLIC: &[(&str, &str)] = &[
    ("9.255.255.255", "9.255.255.255:80"),
    ("11.0.0.0", "11.0.0.0:80"),
    ("100.63.255.255", "100.63.255.255:80"),
    ("100.128.0.0", "100.128.0.0:80"),
    ("126.255.255.255", "126.255.255.255:80"),
    ("128.0.0.1", "128.0.0.1:80"),
    ("169.253.255.255", "169.253.255.255:80"),
    ("172.15.255.255", "172.15.255.255:80"),
    ("172.32.0.0", "172.32.0.0:80"),
    ("192.167.255.255", "192.167.255.255:80"),
    ("198.20.0.0", "198.20.0.0:80"),
    ("223.255.255.255", "223.255.255.255:80"),
    ("0x08080808", "8.8.8.8:80"),
    ("134744072", "8.8.8.8:80"),
    ("[::ffff:8.8.8.8]", "8.8.8.8:80"),
    ("[64:ff9b::808:808]", "[64:ff9b::808:808]:80"),
    ("[2002:808:808::1]", "[2002:808:808::1]:80"),
    ("[2606:4700:4700::1111]", "[2606:4700:4700::1111]:80"),
];

#[tokio::test(start_paused = true)]
async fn no_literal_that_leads_inside_is_called_however_it_is_written() {
    let (network, _hosts) = network();
    let egress = egress(&network);
    for host in BLOCKED {
        let target = format!("http://{host}/");
        let refused = egress.check(&url(&target)).await.unwrap_err();
        assert_eq!(refused.class, ErrorClass::Blocked, "{host}: {refused}");
        assert_eq!(egress.exchange(post(&target)).await.unwrap_err(), refused, "{host}");
    }
    assert_eq!(network.resolved(), [""; 0], "a literal never goes to the resolver");
    assert_eq!(network.dialled(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_public_literal_is_called_at_the_address_it_means() {
    for &(host, address) in PUBLIC {
        let (network, mut hosts) = network();
        answered(&network, &mut hosts, &format!("http://{host}/")).await;
        assert_eq!(network.dialled(), [address], "{host}");
        assert_eq!(network.resolved(), [""; 0], "{host}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_is_judged_by_every_address_it_has() {
    for (host, addresses) in [
        ("inside.example", &["10.0.0.1"][..]),
        ("mixed.example", &["93.184.216.34", "10.0.0.1"]),
        ("mixed.example", &["10.0.0.1", "93.184.216.34"]),
        ("mixed.example", &["2606:4700::1111", "93.184.216.34", "::1"]),
        ("mapped.example", &["::ffff:127.0.0.1"]),
        ("nat64.example", &["64:ff9b::a9fe:a9fe"]),
        ("metadata.google.internal", &["169.254.169.254"]),
        ("localhost", &["127.0.0.1", "::1"]),
        ("localhost.", &["127.0.0.1"]),
        ("dot.example.", &["192.168.1.1"]),
        ("127.0.0.1.nip.example", &["127.0.0.1"]),
    ] {
        let (network, _hosts) = network();
        network.name(host, addresses);
        let refused = egress(&network).exchange(post(&format!("http://{host}/x"))).await.unwrap_err();
        assert_eq!(refused.class, ErrorClass::Blocked, "{host}: {refused}");
        assert_eq!(network.dialled(), [""; 0], "{host}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_names_the_address_and_the_remedy() {
    let (network, _hosts) = network();
    network.name("inside.example", &["93.184.216.34", "10.0.0.1"]);
    let refused = egress(&network).check(&url("https://inside.example/?key=1")).await.unwrap_err();
    assert_eq!(
        refused.message,
        "inside.example may not be called: 10.0.0.1:443 is in a private network (10.0.0.0/8). \
         If this receiver is meant, start Postroad with --allow-subnet 10.0.0.1/32"
    );
    // Where clouds keep the keys of a machine: nobody is told how to open that.
    let refused = egress(&network).check(&url("http://169.254.169.254/latest")).await.unwrap_err();
    assert!(refused.message.ends_with("No receiver should be there: use another address of it"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn the_address_that_was_judged_is_the_one_that_is_dialled() {
    let (network, mut hosts) = network();
    network.name("rebinding.example", &["93.184.216.34"]);
    network.name("rebinding.example", &["127.0.0.1"]);
    answered(&network, &mut hosts, "http://rebinding.example/").await;
    assert_eq!(network.resolved(), ["rebinding.example"], "resolved once, not a second time for the dial");
    assert_eq!(network.dialled(), ["93.184.216.34:80"]);

    let refused = egress(&network).exchange(post("http://rebinding.example/")).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Blocked);
    assert_eq!(network.dialled(), ["93.184.216.34:80"]);
}

#[tokio::test(start_paused = true)]
async fn a_check_does_not_vouch_for_later() {
    let (network, _hosts) = network();
    network.name("rebinding.example", &["93.184.216.34"]);
    network.name("rebinding.example", &["169.254.169.254"]);
    let egress = egress(&network);
    egress.check(&url("http://rebinding.example/")).await.unwrap();
    advance(NAME_TIME.min).await;
    let refused = egress.exchange(post("http://rebinding.example/")).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Blocked);
    assert_eq!(network.dialled(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn an_allowed_subnet_is_lifted_in_every_form_and_nothing_beside_it() {
    let policy = AddressPolicy {
        allow_subnets: vec!["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()],
        ..AddressPolicy::default()
    };
    let (network, _hosts) = network();
    let egress = egress_with(&network, policy);
    for host in ["10.0.0.1", "[::ffff:10.0.0.1]", "[64:ff9b::10.0.0.1]", "[::1]"] {
        egress.check(&url(&format!("http://{host}/"))).await.unwrap();
    }
    for host in ["127.0.0.1", "192.168.0.1", "[::2]", "[::10.0.0.1]", "[64:ff9b:1::10.0.0.1]"] {
        let refused = egress.check(&url(&format!("http://{host}/"))).await.unwrap_err();
        assert_eq!(refused.class, ErrorClass::Blocked, "{host}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_without_address_is_a_failure_of_the_name() {
    let (network, _hosts) = network();
    network.name("empty.example", &[]);
    let egress = egress(&network);
    for target in ["http://empty.example/", "http://missing.example/"] {
        assert_eq!(egress.check(&url(target)).await.unwrap_err().class, ErrorClass::Dns, "{target}");
        assert_eq!(egress.exchange(post(target)).await.unwrap_err().class, ErrorClass::Dns, "{target}");
    }
}

async fn answered(network: &Arc<Network>, hosts: &mut Hosts, target: &str) {
    let egress = egress(network);
    let (outcome, _host) = tokio::join!(egress.exchange(post(target)), hosts.answer(NO_CONTENT));
    assert_eq!(outcome.unwrap().status, 204, "{target}");
}
