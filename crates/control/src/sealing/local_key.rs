//! A key that the process has from its configuration.

use std::fmt;
use std::future::ready;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use domain::ports::key_encryption::{DATA_KEY_BYTES, DataKey, KeyEncryption, KeyEncryptionError, Pending};

use super::RandomKey;

/// A key to encrypt data keys with; clones share it.
#[derive(Clone)]
pub struct LocalKey {
    id: Arc<str>,
    key: Arc<DataKey>,
}

/// Why a text is no key. It is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 32 bytes, in base64 or as 64 hexadecimal digits; `tollgate secrets new-key` makes a key")]
pub struct KeyRefused;

/// How many bytes of a key's hash tell it from others.
const ID_BYTES: usize = 8;
/// What is hashed before a key, so that the id is good for nothing else.
const ID_DOMAIN: &[u8] = b"tollgate/v1/secrets-key-id";

impl LocalKey {
    /// The key of a text: base64 in either alphabet, or hexadecimal digits.
    ///
    /// # Errors
    /// When it has not 32 bytes.
    pub fn parse(text: &str) -> Result<Self, KeyRefused> {
        let text = text.trim();
        let bytes = from_hexadecimal(text).or_else(|| from_base64(text));
        bytes.and_then(|bytes| DataKey::of(&bytes)).map(Self::new).ok_or(KeyRefused)
    }

    /// The text of a key of these bytes, for whoever keeps it.
    #[must_use]
    pub fn text(bytes: [u8; DATA_KEY_BYTES]) -> String {
        STANDARD.encode(bytes)
    }

    /// The key of these bytes.
    #[must_use]
    pub fn new(key: DataKey) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(ID_DOMAIN);
        context.update(key.expose());
        let hash = context.finish();
        let digits = hash.as_ref().iter().take(ID_BYTES).map(|byte| format!("{byte:02x}"));
        Self { id: format!("local:{}", digits.collect::<String>()).into(), key: Arc::new(key) }
    }

    /// Which key it is, without telling it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The key as it encrypts, with the randomness that it needs.
    pub(super) fn with(self, random: RandomKey) -> WithRandomness {
        WithRandomness { key: self, random }
    }
}

/// Keys of the same id are the same.
impl PartialEq for LocalKey {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl fmt::Debug for LocalKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "LocalKey({})", self.id)
    }
}

fn from_hexadecimal(text: &str) -> Option<Vec<u8>> {
    if text.len() != 2 * DATA_KEY_BYTES || !text.is_ascii() {
        return None;
    }
    let pairs = (0..DATA_KEY_BYTES).map(|place| text.get(2 * place..2 * place + 2));
    pairs.map(|digits| u8::from_str_radix(digits?, 16).ok()).collect()
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabet =
        if text.contains(['-', '_']) { &base64::alphabet::URL_SAFE } else { &base64::alphabet::STANDARD };
    GeneralPurpose::new(alphabet, lenient).decode(text).ok()
}

#[derive(Debug)]
pub(super) struct WithRandomness {
    key: LocalKey,
    random: RandomKey,
}

impl WithRandomness {
    fn wrapped(&self, key: &DataKey, context: &str) -> Result<Vec<u8>, KeyEncryptionError> {
        let none = || KeyEncryptionError("the system has no randomness".to_owned());
        let random = (self.random)().ok_or_else(none)?;
        // A key encrypts few enough data keys that 96 random bits do not come twice (NIST SP 800-38D section 8.3: up to 2^32).
        let nonce: [u8; NONCE_LEN] = std::array::from_fn(|place| random[place]);
        let mut wrapped = nonce.to_vec();
        wrapped.extend(seal(&self.key.key, nonce, context.as_bytes(), key.expose())?);
        Ok(wrapped)
    }

    fn unwrapped(&self, wrapped: &[u8], context: &str) -> Result<DataKey, KeyEncryptionError> {
        let wrong = || KeyEncryptionError("it is damaged, or was sealed for something else".to_owned());
        let (nonce, sealed) = wrapped.split_first_chunk::<NONCE_LEN>().ok_or_else(wrong)?;
        let opened = open(&self.key.key, *nonce, context.as_bytes(), sealed).ok_or_else(wrong)?;
        DataKey::of(&opened).ok_or_else(wrong)
    }
}

impl KeyEncryption for WithRandomness {
    fn key_id(&self) -> &str {
        self.key.id()
    }

    fn wrap<'a>(&'a self, key: &'a DataKey, context: &'a str) -> Pending<'a, Vec<u8>> {
        Box::pin(ready(self.wrapped(key, context)))
    }

    fn unwrap<'a>(&'a self, wrapped: &'a [u8], context: &'a str) -> Pending<'a, DataKey> {
        Box::pin(ready(self.unwrapped(wrapped, context)))
    }
}

/// Encrypts a text (AES-256-GCM) and binds `context` to it.
pub(super) fn seal(
    key: &DataKey,
    nonce: [u8; NONCE_LEN],
    context: &[u8],
    text: &[u8],
) -> Result<Vec<u8>, KeyEncryptionError> {
    let failed = |_| KeyEncryptionError("the cipher failed".to_owned());
    let key = UnboundKey::new(&AES_256_GCM, key.expose()).map(LessSafeKey::new).map_err(failed)?;
    let mut sealed = text.to_vec();
    let nonce = Nonce::assume_unique_for_key(nonce);
    key.seal_in_place_append_tag(nonce, Aad::from(context), &mut sealed).map_err(failed)?;
    Ok(sealed)
}

/// What was encrypted with the same key for the same context; none when it was not.
pub(super) fn open(key: &DataKey, nonce: [u8; NONCE_LEN], context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let key = UnboundKey::new(&AES_256_GCM, key.expose()).map(LessSafeKey::new).ok()?;
    let mut text = sealed.to_vec();
    let length =
        key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut text).ok()?.len();
    text.truncate(length);
    Some(text)
}
