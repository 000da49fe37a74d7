//! Which addresses may be connected to: a client that names a host of its own must not reach the operator's network
//! or the metadata service of the cloud it runs in (server-side request forgery).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which addresses a host may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AddressPolicy {
    /// Any: the operator named the host.
    #[default]
    Any,
    /// Only public ones: a client named the host. Every address of the host is checked, and one that is not public
    /// refuses the host; the connection goes to an address that was checked, with no second lookup.
    PublicOnly,
}

impl AddressPolicy {
    /// The first of these addresses that is forbidden.
    #[must_use]
    pub fn first_refused(self, addresses: &[IpAddr]) -> Option<IpAddr> {
        match self {
            Self::Any => None,
            Self::PublicOnly => addresses.iter().copied().find(|address| !is_public(*address)),
        }
    }
}

/// Whether an address is a public unicast one.
///
/// The rule follows the IANA special-purpose registries (RFC 6890 and its updates). IPv6 addresses that embed an
/// IPv4 one (mapped, compatible, NAT64, 6to4, Teredo) are never public, whatever they embed.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !SPECIAL_V4.iter().any(|network| network.contains(address)),
        IpAddr::V6(address) => {
            GLOBAL_UNICAST_V6.contains(address) && !SPECIAL_V6.iter().any(|network| network.contains(address))
        }
    }
}

/// The leading `bits` of `address`.
struct NetworkV4 {
    address: Ipv4Addr,
    bits: u32,
}

struct NetworkV6 {
    address: Ipv6Addr,
    bits: u32,
}

impl NetworkV4 {
    const fn new(address: [u8; 4], bits: u32) -> Self {
        let [a, b, c, d] = address;
        Self { address: Ipv4Addr::new(a, b, c, d), bits }
    }

    fn contains(&self, address: Ipv4Addr) -> bool {
        (self.address.to_bits() ^ address.to_bits()) >> (32 - self.bits) == 0
    }
}

impl NetworkV6 {
    const fn new(leading: [u16; 3], bits: u32) -> Self {
        let [a, b, c] = leading;
        Self { address: Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), bits }
    }

    fn contains(&self, address: Ipv6Addr) -> bool {
        (self.address.to_bits() ^ address.to_bits()) >> (128 - self.bits) == 0
    }
}

/// <https://www.iana.org/assignments/iana-ipv4-special-registry>, multicast, and the one metadata address that lies
/// in public space.
const SPECIAL_V4: [NetworkV4; 17] = [
    NetworkV4::new([0, 0, 0, 0], 8),        // this network
    NetworkV4::new([10, 0, 0, 0], 8),       // private
    NetworkV4::new([100, 64, 0, 0], 10),    // carrier-grade NAT; Alibaba's metadata service
    NetworkV4::new([127, 0, 0, 0], 8),      // loopback
    NetworkV4::new([168, 63, 129, 16], 32), // Azure's wire server
    NetworkV4::new([169, 254, 0, 0], 16),   // link-local; metadata services
    NetworkV4::new([172, 16, 0, 0], 12),    // private
    NetworkV4::new([192, 0, 0, 0], 24),     // protocol assignments; Oracle's metadata service
    NetworkV4::new([192, 0, 2, 0], 24),     // documentation
    NetworkV4::new([192, 31, 196, 0], 24),  // AS112
    NetworkV4::new([192, 52, 193, 0], 24),  // AMT
    NetworkV4::new([192, 88, 99, 0], 24),   // 6to4 relays
    NetworkV4::new([192, 168, 0, 0], 16),   // private
    NetworkV4::new([198, 18, 0, 0], 15),    // benchmarking
    NetworkV4::new([198, 51, 100, 0], 24),  // documentation
    NetworkV4::new([203, 0, 113, 0], 24),   // documentation
    NetworkV4::new([224, 0, 0, 0], 3),      // multicast, reserved, broadcast
];

/// The only IPv6 space in which public addresses are assigned. It leaves out loopback, unspecified, IPv4-mapped and
/// -compatible, NAT64 (`64:ff9b::`), discard-only, unique-local (AWS's and GCP's metadata services), link-local,
/// site-local and multicast.
const GLOBAL_UNICAST_V6: NetworkV6 = NetworkV6::new([0x2000, 0, 0], 3);

/// <https://www.iana.org/assignments/iana-ipv6-special-registry>, inside of [`GLOBAL_UNICAST_V6`].
const SPECIAL_V6: [NetworkV6; 5] = [
    NetworkV6::new([0x2001, 0, 0], 23), // protocol assignments: Teredo, benchmarking, ORCHID
    NetworkV6::new([0x2001, 0xdb8, 0], 32), // documentation
    NetworkV6::new([0x2002, 0, 0], 16), // 6to4
    NetworkV6::new([0x2620, 0x4f, 0x8000], 48), // AS112
    NetworkV6::new([0x3fff, 0, 0], 20), // documentation
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const REFUSED: [&str; 44] = [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.100.100.200",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.169.254",
        "169.254.170.2",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:8.8.8.8",
        "::ffff:127.0.0.1",
        "::8.8.8.8",
        "::127.0.0.1",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:2::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:808:808::1",
        "3fff::1",
        "fd00:ec2::254",
        "fe80::1",
        "ff02::1",
    ];

    const PUBLIC: [&str; 16] = [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.1",
        "168.63.129.15",
        "172.15.255.255",
        "172.32.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2001:4860:4860::8888",
        "2606:4700::6810:84e5",
    ];

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn special_purpose_addresses_are_not_public() {
        for text in REFUSED {
            assert!(!is_public(address(text)), "{text}");
        }
    }

    #[test]
    fn addresses_beside_the_special_networks_are_public() {
        for text in PUBLIC {
            assert!(is_public(address(text)), "{text}");
        }
    }

    #[test]
    fn one_refused_address_is_found_among_public_ones() {
        let addresses = [address("8.8.8.8"), address("10.0.0.7"), address("1.1.1.1")];
        assert_eq!(AddressPolicy::PublicOnly.first_refused(&addresses), Some(address("10.0.0.7")));
        assert_eq!(AddressPolicy::Any.first_refused(&addresses), None);
    }

    proptest! {
        #[test]
        fn what_the_standard_library_calls_special_is_not_public(bits: u32) {
            let v4 = Ipv4Addr::from_bits(bits);
            let special = v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast()
                || v4.is_broadcast() || v4.is_documentation() || v4.is_unspecified();
            prop_assert!(!(special && is_public(v4.into())));
        }

        #[test]
        fn an_ipv6_address_that_embeds_ipv4_is_not_public(bits: u32) {
            let v4 = Ipv4Addr::from_bits(bits);
            let [a, b, c, d] = v4.octets().map(u16::from);
            let (high, low) = ((a << 8) | b, (c << 8) | d);
            for embedded in [
                v4.to_ipv6_mapped(),
                Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
            ] {
                prop_assert!(!is_public(embedded.into()));
            }
        }
    }
}
