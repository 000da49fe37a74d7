//! The secrets of an object under a data key that is used this once.

use std::collections::BTreeMap;

use aws_lc_rs::aead::NONCE_LEN;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::ports::key_encryption::{DataKey, KeyEncryption, KeyEncryptionError};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::RandomKey;
use super::local_key::{open as open_value, seal as seal_value};
use crate::objects::Secrets;

/// Secrets as they are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// Which key the data key is encrypted with.
    pub key: String,
    /// The data key, encrypted; in base64.
    data_key: String,
    /// The secrets by their places in the body, encrypted with the data key; in base64.
    values: BTreeMap<String, String>,
}

/// What is bound to what is sealed, so that neither another object nor another place of this one can have it.
fn context(object: &str, place: &str) -> String {
    // A name has no control characters.
    format!("tollgate/v1/secret\0{object}\0{place}")
}

fn key_context(object: &str) -> String {
    format!("tollgate/v1/data-key {object}")
}

/// The nonce of the value at a place. The data key is used for one object at one time, so counting is enough for it never to come twice.
fn nonce(place: usize) -> [u8; NONCE_LEN] {
    let mut nonce = [0; NONCE_LEN];
    let count = (place as u64).to_be_bytes();
    nonce.iter_mut().rev().zip(count.iter().rev()).for_each(|(byte, digit)| *byte = *digit);
    nonce
}

/// Seals the secrets of an object.
pub(super) async fn seal(
    secrets: &Secrets,
    object: &str,
    key: &dyn KeyEncryption,
    random: RandomKey,
) -> Result<Sealed, KeyEncryptionError> {
    let none = || KeyEncryptionError("the system has no randomness".to_owned());
    let data_key = DataKey::new(random().ok_or_else(none)?);
    let mut values = BTreeMap::new();
    for (index, (place, secret)) in secrets.iter().enumerate() {
        let text = secret.expose_secret().as_bytes();
        let sealed = seal_value(&data_key, nonce(index), context(object, place).as_bytes(), text)?;
        values.insert(place.to_owned(), STANDARD.encode(sealed));
    }
    let wrapped = key.wrap(&data_key, &key_context(object)).await?;
    Ok(Sealed { key: key.key_id().to_owned(), data_key: STANDARD.encode(wrapped), values })
}

/// Opens the secrets of an object with the key that its data key is under.
pub(super) async fn open(
    sealed: &Sealed,
    object: &str,
    key: &dyn KeyEncryption,
) -> Result<Secrets, KeyEncryptionError> {
    let damaged = || KeyEncryptionError("they are damaged, or were sealed for something else".to_owned());
    let wrapped = STANDARD.decode(&sealed.data_key).map_err(|_| damaged())?;
    let data_key = key.unwrap(&wrapped, &key_context(object)).await?;
    let open = |(index, (place, value)): (usize, (&String, &String))| {
        let value = STANDARD.decode(value).ok()?;
        let text = open_value(&data_key, nonce(index), context(object, place).as_bytes(), &value)?;
        Some((place.as_str().into(), SecretString::from(String::from_utf8(text).ok()?)))
    };
    let opened: Option<Secrets> = sealed.values.iter().enumerate().map(open).collect();
    opened.ok_or_else(damaged)
}
