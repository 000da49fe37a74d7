//! Ids and counts that follow from the request alone, so that the same request gives the same answer.

/// The time that answers carry, in seconds since 1970: fixed, since a script knows no clock.
pub(super) const CREATED_SECONDS: u64 = 1_750_000_000;

/// The same in the notation of RFC 3339.
pub(super) const CREATED_RFC3339: &str = "2025-06-15T15:06:40Z";

/// The most characters of one token.
const TOKEN_CHARS_MAX: usize = 12;

/// A request's hash (FNV-1a, 64 bits), from which its ids are made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fingerprint(u64);

impl Fingerprint {
    /// Of everything that makes the answer.
    pub(super) fn of(path: &str, body: &[u8]) -> Self {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in path.bytes().chain(body.iter().copied()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Self(hash)
    }

    /// 16 bits of the hash, well mixed.
    pub(super) fn low_bits(self) -> u16 {
        let [first, second, .., sixth, seventh] = self.0.to_le_bytes();
        u16::from_le_bytes([first ^ sixth, second ^ seventh])
    }

    /// The `number`-th id with this beginning.
    pub(super) fn id(self, beginning: &str, number: usize) -> String {
        format!("{beginning}{:016x}{number:04x}", self.0)
    }
}

/// The tokens of a text: each ends after a space, and has at most 12 characters. Joined they are the text.
pub(super) fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let limit = rest.char_indices().nth(TOKEN_CHARS_MAX).map_or(rest.len(), |(place, _)| place);
        let end = rest.find(' ').map_or(limit, |space| limit.min(space + 1));
        let (token, after) = rest.split_at(end);
        tokens.push(token);
        rest = after;
    }
    tokens
}

/// How many tokens a text has.
pub(super) fn count(text: &str) -> usize {
    tokens(text).len()
}

#[cfg(test)]
mod tests {
    use super::{Fingerprint, count, tokens};
    use proptest::prelude::*;

    #[test]
    fn a_token_ends_after_a_space_or_twelve_characters() {
        assert_eq!(tokens("echo: hi there"), ["echo: ", "hi ", "there"]);
        assert_eq!(tokens("{\"a\":\"abcdefghijkl\"}"), ["{\"a\":\"abcdef", "ghijkl\"}"]);
        assert_eq!(count(""), 0);
    }

    #[test]
    fn an_id_depends_on_the_request_alone() {
        let id = Fingerprint::of("/v1/x", b"{}").id("msg_", 1);
        assert_eq!(id, Fingerprint::of("/v1/x", b"{}").id("msg_", 1));
        assert_ne!(id, Fingerprint::of("/v1/x", b"{ }").id("msg_", 1));
        assert_ne!(id, Fingerprint::of("/v1/x", b"{}").id("msg_", 2));
    }

    proptest! {
        #[test]
        fn joined_tokens_are_the_text(text in ".{0,80}") {
            prop_assert_eq!(tokens(&text).concat(), text);
        }
    }
}
