//! The addresses that are not globally routable: IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890 and its
//! successors), multicast, and what was once local or is some cloud's own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// What kind of address it is when it is not one of the public internet.
pub(super) fn not_global(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => V4.iter().find(|(network, _)| network.contains(&ip)).map(|(_, name)| *name),
        IpAddr::V6(ip) => {
            let special = V6.iter().find(|(network, _)| network.contains(&ip)).map(|(_, name)| *name);
            // All that was ever handed out for the public lies in two networks; whatever else exists is not for us.
            let public = V6_PUBLIC.iter().any(|network| network.contains(&ip));
            special.or((!public).then_some("outside of the addresses in public use"))
        }
    }
}

/// Whether it is an address of the network that the machine itself stands in and nobody else reaches.
pub(super) fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

const V4: [(Ipv4Net, &str); 17] = [
    (net4([0, 0, 0, 0], 8), "an address of this machine (0.0.0.0/8)"),
    (net4([10, 0, 0, 0], 8), "in a private network (10.0.0.0/8)"),
    (net4([100, 64, 0, 0], 10), "in a provider's inner network (100.64.0.0/10)"),
    (net4([127, 0, 0, 0], 8), "an address of this machine (127.0.0.0/8)"),
    // Azure's platform answers here in every machine of its cloud, from an otherwise public range.
    (net4([168, 63, 129, 16], 32), "the inner address of a cloud's platform (168.63.129.16)"),
    (net4([169, 254, 0, 0], 16), "a link-local address (169.254.0.0/16), where clouds keep their metadata"),
    (net4([172, 16, 0, 0], 12), "in a private network (172.16.0.0/12)"),
    (net4([192, 0, 0, 0], 24), "reserved for protocols (192.0.0.0/24)"),
    (net4([192, 0, 2, 0], 24), "reserved for documentation (192.0.2.0/24)"),
    (net4([192, 88, 99, 0], 24), "a former 6to4 relay (192.88.99.0/24)"),
    (net4([192, 168, 0, 0], 16), "in a private network (192.168.0.0/16)"),
    (net4([198, 18, 0, 0], 15), "reserved for benchmarks (198.18.0.0/15)"),
    (net4([198, 51, 100, 0], 24), "reserved for documentation (198.51.100.0/24)"),
    (net4([203, 0, 113, 0], 24), "reserved for documentation (203.0.113.0/24)"),
    (net4([224, 0, 0, 0], 4), "a multicast address (224.0.0.0/4)"),
    (net4([255, 255, 255, 255], 32), "the broadcast address"),
    (net4([240, 0, 0, 0], 4), "reserved (240.0.0.0/4)"),
];

const V6: [(Ipv6Net, &str); 16] = [
    (net6([0, 0, 0, 0, 0, 0, 0, 0], 128), "the unspecified address"),
    (net6([0, 0, 0, 0, 0, 0, 0, 1], 128), "an address of this machine (::1)"),
    (net6([0, 0, 0, 0, 0, 0, 0, 0], 96), "an obsolete form of an IPv4 address (::/96)"),
    (net6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96), "a translated IPv4 address (::ffff:0:0:0/96)"),
    (net6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48), "a site's own NAT64 (64:ff9b:1::/48)"),
    (net6([0x100, 0, 0, 0, 0, 0, 0, 0], 64), "for discarding (100::/64)"),
    (net6([0x100, 0, 0, 1, 0, 0, 0, 0], 64), "a dummy (100:0:0:1::/64)"),
    (net6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), "reserved for protocols (2001::/23)"),
    (net6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), "reserved for documentation (2001:db8::/32)"),
    (net6([0x3ffe, 0, 0, 0, 0, 0, 0, 0], 16), "of the former test network (3ffe::/16)"),
    (net6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), "reserved for documentation (3fff::/20)"),
    (net6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16), "a segment routing identifier (5f00::/16)"),
    (net6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), "in a private network (fc00::/7)"),
    (net6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), "a link-local address (fe80::/10)"),
    (net6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), "in a former site-local network (fec0::/10)"),
    (net6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), "a multicast address (ff00::/8)"),
];

/// Global unicast, and the well-known NAT64 prefix, whose embedded address is judged besides.
const V6_PUBLIC: [Ipv6Net; 2] =
    [net6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3), net6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96)];

const fn net4([a, b, c, d]: [u8; 4], prefix_bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix_bits)
}

const fn net6([a, b, c, d, e, f, g, h]: [u16; 8], prefix_bits: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), prefix_bits)
}
