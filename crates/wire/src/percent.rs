//! Percent-encoding of one component of a URL, as RFC 3986 section 2.1 says.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Everything that is not unreserved (RFC 3986 section 2.3), so that an encoded text fits in any place.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The text with every byte encoded that is not unreserved.
#[must_use]
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// A path of segments, each of them encoded.
#[must_use]
pub fn encode_path<'s>(segments: impl Iterator<Item = &'s str>) -> String {
    segments.map(encode).collect::<Vec<_>>().join("/")
}

/// The text that was encoded; `None` when it is not UTF-8.
#[must_use]
pub fn decode(text: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(text).decode_utf8().ok()
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};
    use proptest::prelude::*;

    #[test]
    fn only_unreserved_bytes_stay() {
        assert_eq!(encode("aZ9-._~"), "aZ9-._~");
        assert_eq!(encode("a/b c+ä&="), "a%2Fb%20c%2B%C3%A4%26%3D");
        assert_eq!(decode("%ff"), None);
    }

    proptest! {
        #[test]
        fn the_encoded_text_is_always_a_query_value_and_decodes_to_itself(text in ".*") {
            let encoded = encode(&text);
            let decoded = decode(&encoded);
            prop_assert_eq!(decoded.as_deref(), Some(text.as_str()));
            let uri = format!("http://h/p?k={encoded}").parse::<http::Uri>();
            prop_assert!(uri.is_ok_and(|uri| uri.query().is_some_and(|query| !query.contains('&'))));
        }
    }
}
