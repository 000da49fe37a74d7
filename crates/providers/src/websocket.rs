//! What both sides of a WebSocket handshake prove to each other.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What every server knows (RFC 6455 section 1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The `sec-websocket-accept` for a `sec-websocket-key` (RFC 6455 section 4.2.2). SHA-1 is the protocol's choice and protects
/// nothing here.
#[must_use]
pub fn accept(key: &str) -> String {
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{GUID}").as_bytes());
    STANDARD.encode(hash)
}

/// Whether a `sec-websocket-key` is one: 16 bytes in base64 (RFC 6455 section 4.1).
#[must_use]
pub fn is_key(key: &str) -> bool {
    STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == 16)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_example_of_the_rfc_is_accepted() {
        assert_eq!(super::accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
