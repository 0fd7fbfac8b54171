//! Who fills bins, sends to them and reads them, as far as it matters for whose share something is and who pays when all is full.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The first 64 bits of an IPv6 address: one customer of a network has all that begin with them.
const NETWORK_V6: u128 = !0 << 64;

/// One that has shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Holder {
    /// Deliveries of this server: subscriptions made with a key.
    Server,
    /// Whoever calls from a network outside, without a key.
    Network(IpAddr),
}

impl Holder {
    /// Who sent from there; a delivery that was handed over within the process has no address.
    pub(super) fn of(remote: Option<SocketAddr>) -> Self {
        remote.map_or(Self::Server, |remote| Self::Network(network(remote.ip().to_canonical())))
    }
}

fn network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => ip.into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & NETWORK_V6).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(remote: &str) -> Holder {
        Holder::of(Some(remote.parse().unwrap()))
    }

    #[test]
    fn addresses_that_one_customer_has_are_one_holder() {
        assert_eq!(holder("[2001:db8::1]:80"), holder("[2001:db8::ffff:2]:90"));
        assert_eq!(holder("[::ffff:192.0.2.1]:80"), holder("192.0.2.1:90"));
        assert_ne!(holder("[2001:db8:0:1::1]:80"), holder("[2001:db8::1]:80"));
        assert_ne!(holder("192.0.2.1:80"), holder("192.0.2.2:80"));
        assert_ne!(holder("127.0.0.1:80"), Holder::of(None));
    }
}
