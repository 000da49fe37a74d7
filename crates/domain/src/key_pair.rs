//! Key pairs for clients that sign requests as AWS's do, derived from Tollgate keys.
//!
//! Whoever verifies such a signature must know the secret it was made with, so a hash is not enough. Nothing is kept for it:
//! the pair of a key follows from the key's hash and one secret of the gateway. Without that secret the hashes in a
//! configuration give no pair away; without the hashes it is good for nothing.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::key::{KeyHash, KnownKey, base62};

/// What the two halves of a pair are derived for; changing one changes every pair.
const ID_CONTEXT: &str = "tollgate.key-pair 2026-11 access key id";
const SECRET_CONTEXT: &str = "tollgate.key-pair 2026-11 secret access key";
/// Tells a pair of Tollgate's from AWS's own, which begin with `AKIA` and `ASIA`.
const ID_PREFIX: &str = "TGAK";
/// 128 bits in base 62.
const ID_DIGITS: usize = 22;
/// 256 bits in base 62.
const SECRET_DIGITS: usize = 43;
/// The shortest secret that a gateway may have: 256 bits in hexadecimal digits are twice as long.
const PAIRING_SECRET_BYTES_MIN: usize = 32;

/// The secret of a gateway that its key pairs are derived with. Never printed by `Debug`.
#[derive(Clone)]
pub struct PairingSecret(SecretString);

/// Why a text is no pairing secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is shorter than {PAIRING_SECRET_BYTES_MIN} bytes; make one with `openssl rand -hex 32`")]
pub struct PairingSecretProblem;

/// A key pair as its owner holds it. Never printed by `Debug`.
#[derive(Clone)]
pub struct KeyPair {
    /// What is sent along with requests: `TGAK` and 22 letters and digits.
    pub access_key_id: String,
    /// What signs them: 43 letters and digits.
    pub secret_access_key: SecretString,
}

impl PairingSecret {
    /// The secret of this text.
    ///
    /// # Errors
    /// When it is too short to be one.
    pub fn new(text: &str) -> Result<Self, PairingSecretProblem> {
        let text = text.trim();
        if text.len() < PAIRING_SECRET_BYTES_MIN { Err(PairingSecretProblem) } else { Ok(Self(text.into())) }
    }

    /// The pair of the key with this hash.
    #[must_use]
    pub fn pair(&self, key: KeyHash) -> KeyPair {
        let derived = |context: &str| {
            let material = blake3::derive_key(context, self.0.expose_secret().as_bytes());
            *blake3::keyed_hash(&material, key.as_bytes()).as_bytes()
        };
        let id = derived(ID_CONTEXT);
        let id = id.first_chunk::<16>().map(|bytes| base62::<ID_DIGITS>(bytes)).unwrap_or_default();
        KeyPair {
            access_key_id: format!("{ID_PREFIX}{id}"),
            secret_access_key: base62::<SECRET_DIGITS>(&derived(SECRET_CONTEXT)).into(),
        }
    }
}

impl fmt::Debug for PairingSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PairingSecret(hidden)")
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("KeyPair").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// Which signed requests are believed.
#[derive(Debug, Default)]
pub struct SignedRequests {
    /// What new pairs are made with; `None` where requests are not signed.
    pub pairing_secret: Option<PairingSecret>,
    /// By access key id: the secret, and the key that the pair stands for.
    pub pairs: HashMap<String, (SecretString, KnownKey)>,
    /// How far the time of a signature may be from now.
    pub clock_skew_max: Duration,
    /// Whether a body may come along that the signature does not cover.
    pub unsigned_payload: bool,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    use super::{KeyHash, PairingSecret};

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn pair(secret: &str, key: &str) -> (String, String) {
        let pair = PairingSecret::new(secret).unwrap().pair(KeyHash::of(key));
        (pair.access_key_id, pair.secret_access_key.expose_secret().to_owned())
    }

    #[test]
    fn a_pair_stays_the_same_over_restarts_and_versions() {
        let expected = (
            "TGAK5kdDzgumgbZbpACZ44efJA".to_owned(),
            "1FKKJ51ktPZ3WoCjluF8iDqcZuV2uughpVONoTh1D2a".to_owned(),
        );
        assert_eq!(pair(SECRET, "tg-x"), expected);
        assert_eq!(pair(&format!(" {SECRET}\n"), "tg-x"), expected);
    }

    #[test]
    fn another_key_or_another_secret_gives_another_pair_in_both_halves() {
        let one = pair(SECRET, "tg-x");
        for other in [pair(SECRET, "tg-y"), pair("0123456789abcdef0123456789abcdeg", "tg-x")] {
            assert_ne!(one.0, other.0);
            assert_ne!(one.1, other.1);
        }
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert!(PairingSecret::new(" 0123456789abcdef0123456789abcde ").is_err());
        assert!(PairingSecret::new("").unwrap_err().to_string().contains("openssl rand -hex 32"));
    }

    #[test]
    fn neither_secret_is_ever_printed() {
        let secret = PairingSecret::new(SECRET).unwrap();
        let pair = secret.pair(KeyHash::of("tg-x"));
        let texts = format!("{secret:?} {pair:?}");
        assert!(
            !texts.contains(SECRET) && !texts.contains(pair.secret_access_key.expose_secret()),
            "{texts}"
        );
    }

    proptest! {
        /// What botocore and the AWS command line take for an access key id.
        #[test]
        fn both_halves_are_what_clients_of_aws_accept(key in ".*") {
            let (id, secret) = pair(SECRET, &key);
            prop_assert!((16..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            prop_assert!(secret.len() == 43 && secret.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        }
    }
}
