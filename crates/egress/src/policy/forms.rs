//! The other addresses that an address stands for: IPv6 has several ways to say an IPv4 address, and a gateway on
//! the way may take it at its word.

use std::{
    iter,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// The address itself and every IPv4 address embedded in it. A mapped address (`::ffff:0:0/96`) is the IPv4 address it
/// maps and nothing else: the system calls that one.
pub(super) fn of(ip: IpAddr) -> impl Iterator<Item = IpAddr> {
    let ip = ip.to_canonical();
    let embedded = match ip {
        IpAddr::V4(_) => [None, None],
        IpAddr::V6(ip) => embedded(ip),
    };
    iter::once(ip).chain(embedded.into_iter().flatten().map(IpAddr::V4))
}

fn embedded(ip: Ipv6Addr) -> [Option<Ipv4Addr>; 2] {
    let low = |at: usize| {
        let [a, b, c, d] = [at, at + 1, at + 2, at + 3].map(|index| ip.octets()[index]);
        Ipv4Addr::new(a, b, c, d)
    };
    match ip.segments() {
        // Loopback and unspecified lie in the range of IPv4-compatible addresses but are none.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => [None, None],
        // IPv4-compatible, ::/96, and NAT64, 64:ff9b::/96 (RFC 6052).
        [0, 0, 0, 0, 0, 0, _, _] | [0x64, 0xff9b, 0, 0, 0, 0, _, _] => [Some(low(12)), None],
        // NAT64 of a site, 64:ff9b:1::/48 (RFC 8215): at the end, or around the eighth byte as RFC 6052 has it for /48.
        [0x64, 0xff9b, 1, ..] => {
            let [a, b, _, c, d] = [6, 7, 8, 9, 10].map(|index| ip.octets()[index]);
            [Some(low(12)), Some(Ipv4Addr::new(a, b, c, d))]
        }
        // 6to4, 2002::/16 (RFC 3056).
        [0x2002, ..] => [Some(low(2)), None],
        // Teredo, 2001::/32 (RFC 4380): its server, and its client with all bits turned.
        [0x2001, 0, ..] => [Some(low(4)), Some(Ipv4Addr::from_bits(!low(12).to_bits()))],
        _ => [None, None],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_an_ipv4_address_is_seen() {
        for (text, expected) in [
            ("8.8.8.8", "8.8.8.8"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("::1", "::1"),
            ("::", "::"),
            ("::7f00:1", "::127.0.0.1 127.0.0.1"),
            ("64:ff9b::a00:1", "64:ff9b::a00:1 10.0.0.1"),
            ("64:ff9b:1:a00:0:100:7f00:1", "64:ff9b:1:a00:0:100:7f00:1 127.0.0.1 10.0.0.1"),
            ("2002:a00:1::1", "2002:a00:1::1 10.0.0.1"),
            ("2001:0:808:808::f5ff:fffe", "2001:0:808:808::f5ff:fffe 8.8.8.8 10.0.0.1"),
            ("2606:4700::1111", "2606:4700::1111"),
        ] {
            let seen: Vec<_> = of(text.parse().unwrap()).collect();
            let expected: Vec<IpAddr> = expected.split(' ').map(|form| form.parse().unwrap()).collect();
            assert_eq!(seen, expected, "{text}");
        }
    }
}
