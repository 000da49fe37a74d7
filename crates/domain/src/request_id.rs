//! The id by which a request is found in logs: on every answer, in every error.

use http::HeaderValue;

/// `req_` and 32 hexadecimal digits, as the header value it is sent in.
#[derive(Debug, Clone)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The id of 128 random bits.
    #[must_use]
    pub fn from_random(high: u64, low: u64) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = *b"req_00000000000000000000000000000000";
        let bits = u128::from(high) << 64 | u128::from(low);
        for (place, byte) in text.iter_mut().skip(4).enumerate() {
            let digit = (bits >> (124 - 4 * place)) as usize & 0xf;
            *byte = DIGITS.get(digit).copied().unwrap_or(b'0');
        }
        Self(HeaderValue::from_bytes(&text).unwrap_or(HeaderValue::from_static("req_unknown")))
    }

    /// The id as a header value.
    #[must_use]
    pub fn header(&self) -> &HeaderValue {
        &self.0
    }

    /// The hexadecimal digits alone, to make further ids of.
    #[must_use]
    pub fn digits(&self) -> &str {
        self.as_str().strip_prefix("req_").unwrap_or("unknown")
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or("req_unknown")
    }
}

#[cfg(test)]
mod tests {
    use super::RequestId;

    #[test]
    fn an_id_shows_all_its_bits() {
        let id = RequestId::from_random(0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210);
        assert_eq!(id.as_str(), "req_0123456789abcdeffedcba9876543210");
    }
}
