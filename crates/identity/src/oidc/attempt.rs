//! A sign-in that was begun in one browser: what its end is compared with. It travels in a cookie that only this gateway can open, so nothing
//! is kept for whoever begins and never ends.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// How long somebody may take at their provider.
pub const ATTEMPT_LASTS: Duration = Duration::from_secs(10 * 60);
/// What the sealed text is for: no other text that is sealed with the same key is one.
const PURPOSE: &[u8] = b"tollgate sign-in attempt";
/// The longest cookie that is opened.
const SEALED_BYTES_MAX: usize = 4096;
/// The longest path that somebody is taken to afterwards.
const PATH_BYTES_MAX: usize = 1024;

/// A sign-in that was begun.
#[derive(Serialize, Deserialize)]
pub struct Attempt {
    /// What comes back beside the code.
    pub(super) state: String,
    /// What comes back in the token.
    pub(super) nonce: String,
    /// What proves that whoever redeems the code has asked for it (RFC 7636).
    pub(super) verifier: String,
    /// Where they wanted to go.
    pub return_to: String,
    /// When it is too old, in seconds since 1970.
    until: u64,
}

impl Attempt {
    /// A new one. Of the three random texts the provider sees the first two.
    pub(super) fn new(return_to: &str, [state, nonce, verifier]: [[u8; 32]; 3], now: SystemTime) -> Self {
        let text = |random: [u8; 32]| URL_SAFE_NO_PAD.encode(random);
        let until = seconds(now + ATTEMPT_LASTS);
        let return_to = return_to.to_owned();
        Self { state: text(state), nonce: text(nonce), verifier: text(verifier), return_to, until }
    }

    /// What it is remembered by once it has ended.
    #[must_use]
    pub fn state(&self) -> &str {
        &self.state
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Attempt").field("return_to", &self.return_to).finish_non_exhaustive()
    }
}

/// The key that attempts are sealed with: the same for all replicas, since it is made of the client's secret.
pub(super) struct Seal(LessSafeKey);

struct SealKey;

impl KeyType for SealKey {
    fn len(&self) -> usize {
        AES_256_GCM.key_len()
    }
}

impl Seal {
    /// The key of a client (RFC 5869); none where the library refuses, which it does not.
    pub(super) fn of(secret: &str, client: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let extracted = Salt::new(HKDF_SHA256, client.as_bytes()).extract(secret.as_bytes());
        let info = [PURPOSE];
        extracted.expand(&info, SealKey).and_then(|key| key.fill(&mut bytes)).ok()?;
        UnboundKey::new(&AES_256_GCM, &bytes).ok().map(LessSafeKey::new).map(Self)
    }

    /// An attempt as only this gateway can read it. The random bits are for this text alone.
    pub(super) fn close(&self, attempt: &Attempt, random: [u8; 32]) -> Option<String> {
        let nonce: [u8; NONCE_LEN] = std::array::from_fn(|place| random.get(place).copied().unwrap_or(0));
        let mut sealed = serde_json::to_vec(attempt).ok()?;
        let unique = Nonce::assume_unique_for_key(nonce);
        self.0.seal_in_place_append_tag(unique, Aad::from(PURPOSE), &mut sealed).ok()?;
        Some(URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// The attempt of a sealed text that is not too old.
    pub(super) fn open(&self, text: &str, now: SystemTime) -> Option<Attempt> {
        if text.len() > SEALED_BYTES_MAX {
            return None;
        }
        let mut bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = self.0.open_in_place(nonce, Aad::from(PURPOSE), sealed).ok()?;
        let attempt: Attempt = serde_json::from_slice(opened).ok()?;
        (seconds(now) < attempt.until).then_some(attempt)
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Seal")
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Whether a text leads to a place of this gateway and nowhere else, however a browser reads it: a path of visible ASCII that begins with one
/// slash. Browsers take a backslash for a slash and pass over tabs and line ends.
#[must_use]
pub fn is_local_path(text: &str) -> bool {
    text.len() <= PATH_BYTES_MAX
        && text.starts_with('/')
        && !text.starts_with("//")
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::{ATTEMPT_LASTS, Attempt, Seal, SystemTime, UNIX_EPOCH, is_local_path};
    use proptest::prelude::*;

    fn attempt() -> Attempt {
        Attempt::new("/console?a=b", [[1; 32], [2; 32], [3; 32]], UNIX_EPOCH)
    }

    fn opened(seal: &Seal, text: &str, now: SystemTime) -> Option<String> {
        seal.open(text, now).map(|attempt| attempt.state)
    }

    #[test]
    fn an_attempt_is_opened_by_the_client_that_began_it_while_it_lasts() {
        let seal = Seal::of("secret", "client").unwrap();
        let text = seal.close(&attempt(), [4; 32]).unwrap();
        assert_eq!(opened(&seal, &text, UNIX_EPOCH), Some(attempt().state));
        assert_eq!(opened(&seal, &text, UNIX_EPOCH + ATTEMPT_LASTS), None);
        for other in [Seal::of("other", "client").unwrap(), Seal::of("secret", "other").unwrap()] {
            assert_eq!(opened(&other, &text, UNIX_EPOCH), None);
        }
        assert!(
            !text.contains(&attempt().verifier) && !format!("{:?}", attempt()).contains(&attempt().state)
        );
    }

    #[test]
    fn nobody_is_taken_out_of_the_gateway() {
        for good in ["/", "/console", "/a/b?c=d&e=%2F%2Fevil.example#f", "/@evil.example", "/a//b"] {
            assert!(is_local_path(good), "{good}");
        }
        for bad in [
            "",
            "console",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "\t//evil.example",
            " //evil.example",
            "/a b",
            "/a\r\nset-cookie: x",
            "https://evil.example",
            "https:evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "/\u{2215}evil",
            "/ä",
            &format!("/{}", "a".repeat(2000)),
        ] {
            assert!(!is_local_path(bad), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_sealed_text_that_was_touched_is_nothing(place in 0_usize..200, letter in "[A-Za-z0-9_-]", any in ".{0,60}") {
            let seal = Seal::of("secret", "client").unwrap();
            let text = seal.close(&attempt(), [4; 32]).unwrap();
            let mut touched = text.clone();
            touched.replace_range(place..=place, &letter);
            prop_assert!(touched == text || seal.open(&touched, UNIX_EPOCH).is_none());
            prop_assert!(seal.open(&any, UNIX_EPOCH).is_none());
        }
    }
}
