//! The keys that an issuer publishes (RFC 7517 section 5), and the verification of signatures by them.

use bytes::Bytes;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::crypto::verify;
use jsonwebtoken::jwk::Jwk;
use serde::Deserialize;
use serde_json::Value;

use crate::algorithm::Algorithm;
use crate::problem::TokenProblem;
use crate::renewed::{Document, Fetch, FetchedDocument};
use crate::token::Token;

/// The longest set that is read.
pub(crate) const SET_BYTES_MAX: usize = 256 << 10;
/// Most keys of a set.
const KEYS_MAX: usize = 100;

/// The keys that tokens can be verified with. Those for other purposes, and those that are not understood, are left out: an issuer
/// may publish them for somebody else.
#[derive(Debug)]
pub struct KeySet {
    keys: Vec<Key>,
    text: Bytes,
}

struct Key {
    id: Option<Box<str>>,
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

/// Why a text is no set of keys that could be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeySetProblem {
    /// It is another document.
    #[error("it is no set of JSON web keys (`{{\"keys\": […]}}`)")]
    Form,
    /// It is too long.
    #[error("it is longer than {SET_BYTES_MAX} bytes")]
    TooLong,
    /// It has too many.
    #[error("it has more than {KEYS_MAX} keys")]
    TooMany,
    /// It has none to verify tokens with.
    #[error("none of its keys can verify tokens; RSA of at least 2048 bits, P-256, P-384 and Ed25519 can")]
    NoneUsable,
}

impl KeySet {
    /// Reads a set.
    ///
    /// # Errors
    /// When it is none, or none of its keys is of use.
    pub fn read(text: Bytes) -> Result<Self, KeySetProblem> {
        #[derive(Deserialize)]
        struct Document {
            keys: Vec<Value>,
        }
        if text.len() > SET_BYTES_MAX {
            return Err(KeySetProblem::TooLong);
        }
        let document: Document = serde_json::from_slice(&text).map_err(|_| KeySetProblem::Form)?;
        if document.keys.len() > KEYS_MAX {
            return Err(KeySetProblem::TooMany);
        }
        let keys: Vec<_> = document.keys.into_iter().filter_map(Key::read).collect();
        if keys.is_empty() { Err(KeySetProblem::NoneUsable) } else { Ok(Self { keys, text }) }
    }

    /// Verifies the signature of a token by the key that it names; one that names none has to leave no choice.
    pub(crate) fn verify(&self, token: &Token<'_>, algorithm: Algorithm) -> Result<(), TokenProblem> {
        let id = token.key_id.as_deref();
        let named = |key: &&Key| {
            key.algorithms.contains(&algorithm) && id.is_none_or(|id| key.id.as_deref() == Some(id))
        };
        let mut found = self.keys.iter().filter(named);
        let key = found.next().ok_or(TokenProblem::UnknownKey)?;
        if id.is_none() && found.next().is_some() {
            return Err(TokenProblem::UnknownKey);
        }
        match verify(token.signature, token.signed.as_bytes(), &key.key, algorithm.of_library()) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(TokenProblem::Signature),
        }
    }
}

impl Document for KeySet {
    const WHAT: &'static str = "token issuer";

    fn fetch<'a>(url: &'a str, way: &'a dyn Fetch) -> FetchedDocument<'a, Self> {
        Box::pin(async move {
            let text = way.get(url).await?;
            Self::read(text).map_err(|problem| problem.to_string())
        })
    }

    /// To the byte.
    fn is_same(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Key {
    /// `None` when it is of no use here.
    fn read(json: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(json).ok()?;
        let algorithms: Vec<_> =
            Algorithm::ALL.into_iter().filter(|algorithm| algorithm.fits(&jwk)).collect();
        let key = DecodingKey::from_jwk(&jwk).ok().filter(|_| !algorithms.is_empty())?;
        Some(Self { id: jwk.common.key_id.map(Into::into), algorithms, key })
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Key").field("id", &self.id).field("algorithms", &self.algorithms).finish()
    }
}

#[cfg(test)]
mod tests;
