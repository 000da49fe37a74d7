//! Tollgate client keys: their text, their hash, and what one may do.

use std::fmt;

use crate::name::{KeyName, RegionName};
use crate::pattern::Pattern;
use crate::quota::Standing;

const PREFIX: &str = "tg-";
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SECRET_DIGITS: usize = 43;
const CHECKSUM_DIGITS: usize = 6;

/// A key as its owner holds it: `tg-`, 43 base-62 digits (256 bits), 6 digits of checksum. Never printed by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyText(String);

impl KeyText {
    /// The key of 32 random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 32]) -> Self {
        let digits = base62::<SECRET_DIGITS>(&bytes);
        let checksum = checksum(&digits);
        Self(format!("{PREFIX}{digits}{checksum}"))
    }

    /// The text to show once to its owner.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The hash to keep.
    #[must_use]
    pub fn hash(&self) -> KeyHash {
        KeyHash::of(&self.0)
    }

    /// Whether a text has the form and checksum of a key: tells a mistyped key from an unknown one, and lets secret
    /// scanners recognise a leaked one.
    #[must_use]
    pub fn is_well_formed(text: &str) -> bool {
        let Some(rest) = text.strip_prefix(PREFIX) else { return false };
        let Some((digits, given)) = rest.split_at_checked(SECRET_DIGITS) else { return false };
        digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) && given == checksum(digits)
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyText(hidden)")
    }
}

/// BLAKE3 of a key's text. A key has 256 random bits, so a fast hash is enough: there is nothing to guess.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyHash([u8; 32]);

/// Why a text in the configuration is no key hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a key hash is `blake3:` and 64 hexadecimal digits; make one with `tollgate key new`")]
pub struct KeyHashProblem;

impl KeyHash {
    /// The hash of what a client sent.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(*blake3::hash(text.as_bytes()).as_bytes())
    }

    /// The hash itself.
    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::str::FromStr for KeyHash {
    type Err = KeyHashProblem;

    fn from_str(text: &str) -> Result<Self, KeyHashProblem> {
        let digits = text.strip_prefix("blake3:").ok_or(KeyHashProblem)?;
        blake3::Hash::from_hex(digits).map(|hash| Self(*hash.as_bytes())).map_err(|_| KeyHashProblem)
    }
}

impl fmt::Display for KeyHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "blake3:{}", blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// What one client key may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The owner's name for it, used in logs and metrics.
    pub name: KeyName,
    /// Which models and routes it may name: patterns over route names, `provider/model` and bare model names.
    pub models: Vec<Pattern>,
    /// Which providers it may reach, however named.
    pub providers: Vec<Pattern>,
    /// Where its requests may be served: patterns over regions. Only one that matches everything matches a place that nobody
    /// named.
    pub regions: Vec<Pattern>,
    /// Whether it may use `/providers/{name}/…` and unknown paths of drop-in prefixes, which no model check can cover.
    pub passthrough: bool,
    /// Whether it may send a whole route in `x-tollgate-config`.
    pub inline_config: bool,
    /// Whether it may ask why a request goes where it goes.
    pub explain: bool,
    /// How its requests wait for a provider's quota.
    pub standing: Standing,
}

impl ApiKey {
    /// Whether the key may reach a provider.
    #[must_use]
    pub fn allows_provider(&self, provider: &str) -> bool {
        self.providers.iter().any(|pattern| pattern.matches(provider))
    }

    /// Whether its requests may be served in a region, or in one that nobody named.
    #[must_use]
    pub fn allows_region(&self, region: Option<&RegionName>) -> bool {
        let region = region.map_or("", RegionName::as_str);
        self.regions.iter().any(|pattern| pattern.matches(region))
    }

    /// Whether the key may name this model or route.
    #[must_use]
    pub fn allows_name(&self, name: &str) -> bool {
        self.models.iter().any(|pattern| pattern.matches(name))
    }

    /// Whether the key may use a provider's model. A pattern with a slash speaks of `provider/model`, one without of the
    /// bare name: `openai/*` is all of OpenAI's, and not `openai/gpt-oss-120b` at another provider.
    #[must_use]
    pub fn allows_model(&self, provider: &str, model: &str) -> bool {
        let permits = |pattern: &Pattern| match pattern.as_str().contains('/') {
            true => pattern.matches(&format!("{provider}/{model}")),
            false => pattern.matches(model),
        };
        self.allows_provider(provider) && self.models.iter().any(permits)
    }
}

fn checksum(digits: &str) -> String {
    let hash = blake3::hash(digits.as_bytes());
    let mut head = [0_u8; 4];
    head.copy_from_slice(hash.as_bytes().first_chunk::<4>().unwrap_or(&[0; 4]));
    base62::<CHECKSUM_DIGITS>(&head)
}

/// Big-endian bytes as `DIGITS` base-62 digits, leading zeroes kept.
pub(crate) fn base62<const DIGITS: usize>(bytes: &[u8]) -> String {
    let mut number = bytes.to_vec();
    let mut digits = [b'0'; DIGITS];
    for digit in digits.iter_mut().rev() {
        let mut remainder = 0_u32;
        for byte in &mut number {
            let value = remainder << 8 | u32::from(*byte);
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            remainder = value % 62;
        }
        *digit = ALPHABET.get(remainder as usize).copied().unwrap_or(b'0');
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::{ApiKey, KeyHash, KeyText, Pattern, Standing};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_new_key_is_well_formed_and_any_changed_digit_is_noticed(bytes: [u8; 32], place in 3_usize..52) {
            let key = KeyText::from_random(bytes);
            prop_assert_eq!(key.reveal().len(), 52);
            prop_assert!(KeyText::is_well_formed(key.reveal()));
            let mut changed = key.reveal().to_owned().into_bytes();
            changed[place] = if changed[place] == b'x' { b'y' } else { b'x' };
            prop_assert!(!KeyText::is_well_formed(&String::from_utf8(changed).unwrap()));
        }

        #[test]
        fn a_hash_reads_back_from_its_text(bytes: [u8; 32]) {
            let hash = KeyText::from_random(bytes).hash();
            prop_assert_eq!(hash.to_string().parse::<KeyHash>().unwrap(), hash);
        }
    }

    #[test]
    fn debug_never_shows_a_key() {
        let key = KeyText::from_random([7; 32]);
        assert!(!format!("{key:?}").contains(key.reveal()));
    }

    #[test]
    fn a_model_is_allowed_by_full_or_bare_name_but_never_past_the_provider_list() {
        let key = |models: &[&str], providers: &[&str]| ApiKey {
            name: "k".into(),
            models: models.iter().copied().map(Pattern::from).collect(),
            providers: providers.iter().copied().map(Pattern::from).collect(),
            regions: vec![Pattern::any()],
            passthrough: false,
            inline_config: false,
            explain: false,
            standing: Standing::default(),
        };
        assert!(key(&["openai/*"], &["*"]).allows_model("openai", "gpt-4o"));
        assert!(key(&["gpt-*"], &["*"]).allows_model("azure", "gpt-4o"));
        assert!(!key(&["openai/*"], &["*"]).allows_model("groq", "llama"));
        assert!(!key(&["openai/*"], &["*"]).allows_model("groq", "openai/gpt-oss-120b"));
        assert!(key(&["groq/openai/*"], &["*"]).allows_model("groq", "openai/gpt-oss-120b"));
        assert!(key(&["*/openai/*"], &["*"]).allows_model("groq", "openai/gpt-oss-120b"));
        assert!(!key(&["*"], &["groq"]).allows_model("openai", "gpt-4o"));
    }
}
