//! Percent-encoding of one component of a URL, as RFC 3986 section 2.1 says.

use std::fmt::Write as _;

/// The text with every byte encoded that is not unreserved (RFC 3986 section 2.3), so that it fits in any place.
#[must_use]
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::encode;
    use proptest::prelude::*;

    #[test]
    fn only_unreserved_bytes_stay() {
        assert_eq!(encode("aZ9-._~"), "aZ9-._~");
        assert_eq!(encode("a/b c+ä&="), "a%2Fb%20c%2B%C3%A4%26%3D");
    }

    proptest! {
        #[test]
        fn the_encoded_text_is_always_a_query_value(text in ".*") {
            let uri = format!("http://h/p?k={}", encode(&text)).parse::<http::Uri>();
            prop_assert!(uri.is_ok_and(|uri| uri.query().is_some_and(|query| !query.contains('&'))));
        }
    }
}
