//! Encrypting the keys that secrets are encrypted with. What is kept is sealed with a data key of its own, and only that small key is given
//! to whoever has the key above all: the process itself, AWS KMS or Vault.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use secrecy::{ExposeSecret, SecretBox};

/// An answer that is on its way.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, KeyEncryptionError>> + Send + 'a>>;

/// Bytes of a data key: one of AES-256.
pub const DATA_KEY_BYTES: usize = 32;

/// Encrypts data keys, and decrypts those that it has encrypted.
pub trait KeyEncryption: fmt::Debug + Send + Sync {
    /// Which key it encrypts with; not secret, and kept beside what was encrypted.
    fn key_id(&self) -> &str;

    /// Encrypts a data key. `context` says what the key is for and is bound to the result; it is no secret.
    fn wrap<'a>(&'a self, key: &'a DataKey, context: &'a str) -> Pending<'a, Vec<u8>>;

    /// The data key that was encrypted for the same context.
    fn unwrap<'a>(&'a self, wrapped: &'a [u8], context: &'a str) -> Pending<'a, DataKey>;
}

/// A key that secrets are encrypted with. It is never shown, and overwritten when it is done with.
pub struct DataKey(SecretBox<[u8; DATA_KEY_BYTES]>);

impl DataKey {
    /// The key of these bytes.
    #[must_use]
    pub fn new(bytes: [u8; DATA_KEY_BYTES]) -> Self {
        Self(SecretBox::new(Box::new(bytes)))
    }

    /// The key of these bytes, when they are as many as a key has.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::new)
    }

    /// Its bytes, for whoever encrypts with it.
    #[must_use]
    pub fn expose(&self) -> &[u8; DATA_KEY_BYTES] {
        self.0.expose_secret()
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DataKey(hidden)")
    }
}

/// Why a data key cannot be encrypted or decrypted. The text is for people and tells no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeyEncryptionError(pub String);

#[cfg(test)]
mod tests {
    use super::DataKey;

    #[test]
    fn a_data_key_has_as_many_bytes_as_the_cipher_wants_and_is_never_shown() {
        assert!(DataKey::of(&[1; 31]).is_none() && DataKey::of(&[1; 33]).is_none());
        let key = DataKey::of(&[1; 32]).unwrap();
        assert_eq!((key.expose(), format!("{key:?}")), (&[1; 32], "DataKey(hidden)".to_owned()));
    }
}
