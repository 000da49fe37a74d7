//! Which headers of a client never reach a provider, whoever asks for them to be passed on.

use http::HeaderName;

/// Why a client's header is never passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withheld {
    /// It describes one connection or one message on it, and is written anew for the provider.
    Connection,
    /// It carries a credential: the client's for this gateway, or one that would stand in for the provider's own.
    Credential,
    /// It is meant for the gateway.
    Gateway,
}

/// RFC 9110 sections 7.6.1 and 10.1.1, and what says how the body is written.
const OF_THE_CONNECTION: [&str; 13] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Where clients and providers put keys, credentials and sessions; browsers have a key among the protocols of a WebSocket.
const OF_CREDENTIALS: [&str; 7] = [
    "api-key",
    "authorization",
    "cookie",
    "proxy-authorization",
    "sec-websocket-protocol",
    "x-api-key",
    "x-goog-api-key",
];

/// What goes along with a signature (AWS's and Oracle's). One of the client's says nothing about the request that the
/// provider gets.
const OF_SIGNATURES: [&str; 4] =
    ["x-amz-content-sha256", "x-amz-date", "x-amz-security-token", "x-content-sha256"];

/// How the headers begin that the gateway reads itself, its key among them.
const OF_THE_GATEWAY: [&str; 2] = ["x-tollgate-", "x-portkey-"];

/// Why a header is never passed on; `None` when it may be.
#[must_use]
pub fn withheld(name: &HeaderName) -> Option<Withheld> {
    let name = name.as_str();
    if OF_THE_CONNECTION.contains(&name) {
        Some(Withheld::Connection)
    } else if OF_CREDENTIALS.contains(&name) || OF_SIGNATURES.contains(&name) {
        Some(Withheld::Credential)
    } else if OF_THE_GATEWAY.iter().any(|prefix| name.starts_with(prefix)) {
        Some(Withheld::Gateway)
    } else {
        None
    }
}

/// A header, or the beginning of some, that is never passed on although its name begins with `prefix` (lower case).
#[must_use]
pub fn withheld_below(prefix: &str) -> Option<&'static str> {
    let names = OF_CREDENTIALS.into_iter().chain(OF_THE_CONNECTION).chain(OF_SIGNATURES);
    let gateway = OF_THE_GATEWAY.into_iter().find(|own| own.starts_with(prefix) || prefix.starts_with(own));
    names.into_iter().find(|name| name.starts_with(prefix)).or(gateway)
}

#[cfg(test)]
mod tests {
    use super::{
        OF_CREDENTIALS, OF_SIGNATURES, OF_THE_CONNECTION, OF_THE_GATEWAY, Withheld, withheld, withheld_below,
    };
    use http::HeaderName;

    #[test]
    fn every_header_in_which_a_key_is_read_is_withheld() {
        for (name, why) in [
            ("authorization", Withheld::Credential),
            ("x-api-key", Withheld::Credential),
            ("api-key", Withheld::Credential),
            ("sec-websocket-protocol", Withheld::Credential),
            ("x-tollgate-api-key", Withheld::Gateway),
            ("x-portkey-api-key", Withheld::Gateway),
            ("x-amz-security-token", Withheld::Credential),
        ] {
            assert_eq!(withheld(&HeaderName::from_static(name)), Some(why), "{name}");
        }
        assert_eq!(withheld(&HeaderName::from_static("anthropic-beta")), None);
    }

    #[test]
    fn no_beginning_of_a_withheld_name_passes() {
        let names = OF_CREDENTIALS.into_iter().chain(OF_SIGNATURES).chain(OF_THE_CONNECTION);
        for name in names.chain(OF_THE_GATEWAY) {
            for (end, _) in name.char_indices().skip(1) {
                let (prefix, _) = name.split_at(end);
                assert!(withheld_below(prefix).is_some(), "{prefix}*");
            }
        }
        assert_eq!(withheld_below("x-portkey-a"), Some("x-portkey-"));
        assert_eq!(withheld_below("openai-"), None);
    }
}
