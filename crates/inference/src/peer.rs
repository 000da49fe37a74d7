//! Where a request comes from: the other end of its connection, or whoever a trusted proxy says it speaks for.

use std::net::{IpAddr, SocketAddr};

use domain::Network;
use http::HeaderMap;

/// The de-facto standard of proxies; each appends who spoke to it.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address of the client. `None` when a trusted proxy names one that cannot be read, since the proxy's own would be a lie.
///
/// The list is read from its end, since a client can write what it likes at its beginning: the last address that is no
/// trusted proxy is that of the client.
#[must_use]
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> Option<IpAddr> {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut client = peer.to_canonical();
    if !is_trusted(client) {
        return Some(client);
    }
    let lists = headers.get_all(FORWARDED_FOR).into_iter().rev();
    for list in lists {
        for text in list.to_str().ok()?.rsplit(',') {
            client = address(text.trim())?.to_canonical();
            if !is_trusted(client) {
                return Some(client);
            }
        }
    }
    Some(client)
}

/// An address, which some proxies write with its port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::{FORWARDED_FOR, HeaderMap, IpAddr, client_address};
    use domain::Network;
    use http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    fn client(peer: &str, forwarded: &[&str]) -> Option<String> {
        let trusted: Vec<Network> =
            ["10.0.0.0/8", "fd00::/8"].iter().map(|text| text.parse().unwrap()).collect();
        let value =
            |text: &&str| (HeaderName::from_static(FORWARDED_FOR), HeaderValue::from_str(text).unwrap());
        let headers: HeaderMap = forwarded.iter().map(value).collect();
        client_address(peer.parse().unwrap(), &headers, &trusted).map(|address| address.to_string())
    }

    #[test]
    fn a_trusted_proxy_is_believed_and_nobody_else() {
        for (peer, forwarded, expected) in [
            ("203.0.113.9", vec!["198.51.100.1"], "203.0.113.9"),
            ("::ffff:203.0.113.9", vec![], "203.0.113.9"),
            ("10.0.0.1", vec!["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", vec!["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", vec!["1.1.1.1", "198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            ("fd00::1", vec!["[2001:db8::7]:443"], "2001:db8::7"),
            ("10.0.0.1", vec!["198.51.100.1:5555"], "198.51.100.1"),
            ("10.0.0.1", vec![], "10.0.0.1"),
            ("10.0.0.1", vec!["10.0.0.3,10.0.0.2"], "10.0.0.3"),
        ] {
            assert_eq!(client(peer, &forwarded).as_deref(), Some(expected), "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn an_address_that_cannot_be_read_is_nobodys() {
        for forwarded in ["unknown", "", "198.51.100.1, _hidden", "1.1.1.1, 300.0.0.1"] {
            assert_eq!(client("10.0.0.1", &[forwarded]), None, "{forwarded}");
        }
    }

    proptest! {
        #[test]
        fn what_a_client_writes_before_its_proxy_changes_nothing(forged in "[0-9a-f.:, ]{0,40}", address: IpAddr) {
            prop_assume!(client(&address.to_string(), &[]).is_some());
            let honest = client("10.0.0.1", &[&address.to_string()]);
            let trusted = client(&address.to_string(), &["198.51.100.1"]).as_deref() == Some("198.51.100.1");
            prop_assume!(!trusted);
            prop_assert_eq!(client("10.0.0.1", &[&format!("{forged},{address}")]), honest);
        }
    }
}
