//! Networks as operators write them: `10.1.0.0/16`, `2001:db8::/32`, or one address.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// The addresses that share a prefix (RFC 4632 section 3.1, RFC 4291 section 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network {
    first: IpAddr,
    prefix_bits: u8,
}

/// Why a text is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkProblem {
    /// It does not read as one.
    #[error("`{0}` is no network; write it as `10.1.0.0/16`, `2001:db8::/32` or one address")]
    Malformed(String),
    /// It has bits beyond its prefix, so that it is not clear what was meant.
    #[error("`{0}` has bits beyond its prefix; the network is `{1}`")]
    Beyond(String, Network),
}

impl Network {
    /// The network that an address is in when so many of its bits count. Of an IPv4 address there are 32, of others 128.
    #[must_use]
    pub fn around(address: IpAddr, prefix_bits: u8) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let prefix_bits = prefix_bits.min(32);
                let mask = u32::MAX.checked_shl(32 - u32::from(prefix_bits)).unwrap_or(0);
                Self { first: IpAddr::V4((u32::from(address) & mask).into()), prefix_bits }
            }
            IpAddr::V6(address) => {
                let prefix_bits = prefix_bits.min(128);
                let mask = u128::MAX.checked_shl(128 - u32::from(prefix_bits)).unwrap_or(0);
                Self { first: IpAddr::V6(Ipv6Addr::from(u128::from(address) & mask)), prefix_bits }
            }
        }
    }

    /// Whether an address is in it. An IPv4 address that is written as IPv6 (`::ffff:10.0.0.1`) counts as what it is.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.first.is_ipv4() && Self::around(address, self.prefix_bits) == *self
    }
}

impl FromStr for Network {
    type Err = NetworkProblem;

    fn from_str(text: &str) -> Result<Self, NetworkProblem> {
        let malformed = || NetworkProblem::Malformed(text.to_owned());
        let (address, bits) =
            text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| malformed())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits =
            bits.map(|bits| bits.parse::<u8>().ok().filter(|bits| *bits <= width)).unwrap_or(Some(width));
        let network = match (address, bits.ok_or_else(malformed)?) {
            // A mapped address is an IPv4 one, whose prefix has 96 bits less.
            (IpAddr::V6(mapped), bits) if mapped.to_ipv4_mapped().is_some() && bits >= 96 => {
                Self::around(address, bits - 96)
            }
            (IpAddr::V6(mapped), _) if mapped.to_ipv4_mapped().is_some() => return Err(malformed()),
            (address, bits) => Self::around(address, bits),
        };
        if network.first == address.to_canonical() {
            return Ok(network);
        }
        Err(NetworkProblem::Beyond(text.to_owned(), network))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.first, self.prefix_bits)
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::Network;
    use proptest::prelude::*;

    #[test]
    fn a_network_has_the_addresses_of_its_prefix_and_no_others() {
        for (network, inside, outside) in [
            (
                "10.1.0.0/16",
                vec!["10.1.0.0", "10.1.255.255", "::ffff:10.1.2.3"],
                vec!["10.2.0.0", "::a01:203"],
            ),
            ("192.0.2.7", vec!["192.0.2.7"], vec!["192.0.2.8"]),
            ("0.0.0.0/0", vec!["203.0.113.9"], vec!["::1"]),
            ("2001:db8::/32", vec!["2001:db8:ffff::1"], vec!["2001:db9::", "10.0.0.1"]),
            ("::/0", vec!["::1"], vec!["127.0.0.1"]),
            ("::ffff:10.0.0.0/104", vec!["10.255.0.1"], vec!["11.0.0.1"]),
        ] {
            let parsed: Network = network.parse().unwrap();
            inside.iter().for_each(|address| {
                assert!(parsed.contains(address.parse().unwrap()), "{network} {address}")
            });
            outside.iter().for_each(|address| {
                assert!(!parsed.contains(address.parse().unwrap()), "{network} {address}")
            });
        }
    }

    #[test]
    fn what_is_no_network_or_not_clearly_one_is_refused_with_what_was_probably_meant() {
        for text in
            ["", "10.0.0.0/33", "10.0.0/8", "::/129", "host", "10.0.0.0/", "10.0.0.0/-1", "::ffff:10.0.0.0/8"]
        {
            assert!(text.parse::<Network>().unwrap_err().to_string().contains("is no network"), "{text}");
        }
        let problem = "10.1.2.3/16".parse::<Network>().unwrap_err();
        assert!(problem.to_string().ends_with("the network is `10.1.0.0/16`"), "{problem}");
    }

    proptest! {
        #[test]
        fn every_address_is_in_the_network_around_it_which_reads_back(address: IpAddr, bits in 0_u8..=128) {
            let network = Network::around(address, bits);
            prop_assert!(network.contains(address));
            prop_assert_eq!(network.to_string().parse::<Network>().unwrap(), network);
        }
    }
}
