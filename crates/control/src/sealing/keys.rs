//! The keys that there are: one that seals, and those that what was sealed earlier opens with.

use std::sync::Arc;

use domain::ports::key_encryption::{DataKey, KeyEncryption, KeyEncryptionError};
use providers::sign_in::Outside;
use providers::vaults::OuterKey;

use super::envelope::{self, Sealed};
use super::{LocalKey, RandomKey};
use crate::objects::Secrets;

/// The keys of a configuration, as it says them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KeySettings {
    /// The one that secrets are sealed with.
    pub seals: Option<KeySource>,
    /// Those that what is sealed opens with, that one included.
    pub opens: Vec<KeySource>,
}

/// Who has a key.
#[derive(Debug, Clone, PartialEq)]
pub enum KeySource {
    /// The process.
    Local(LocalKey),
    /// Somebody who is asked to encrypt and decrypt with it.
    Outer(OuterKey),
}

impl KeySource {
    /// Which key it is.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Local(key) => key.id().to_owned(),
            Self::Outer(key) => key.id(),
        }
    }
}

impl KeySettings {
    /// Whether something that was sealed with a key can be opened.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.opens.iter().any(|known| known.id() == key)
    }
}

/// Keys of one configuration.
#[derive(Debug, Clone)]
pub struct KeyRing {
    seals: Option<Arc<dyn KeyEncryption>>,
    opens: Vec<Arc<dyn KeyEncryption>>,
    random: RandomKey,
}

/// Why secrets are not sealed or opened. The text is for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSealed {
    /// The configuration has no key.
    #[error("there is no key to seal them with (secrets.key)")]
    NoKey,
    /// The configuration does not have the key that they are sealed with.
    #[error(
        "they are sealed with the key `{0}`, which the configuration does not have (secrets.key, secrets.previous_keys)"
    )]
    UnknownKey(String),
    /// The key does not do it.
    #[error(transparent)]
    Failed(#[from] KeyEncryptionError),
}

/// Makes rings of keys for the configurations of a process.
#[derive(Clone)]
pub struct Sealing {
    /// For objects that end with the process, where the configuration has no key.
    own: LocalKey,
    random: RandomKey,
    /// The way to keys that others have.
    outside: Outside,
}

impl Sealing {
    /// With a key of the process's own, and a way to those that others have.
    ///
    /// # Errors
    /// When the system has no randomness to make it of.
    pub fn new(random: RandomKey, outside: Outside) -> Result<Self, KeyEncryptionError> {
        let key = random().ok_or_else(|| KeyEncryptionError("the system has no randomness".to_owned()))?;
        Ok(Self { own: LocalKey::new(DataKey::new(key)), random, outside })
    }

    /// The keys of a configuration, whose objects may end with the process.
    #[must_use]
    pub fn ring(&self, settings: &KeySettings, ends_with_the_process: bool) -> KeyRing {
        let local = |key: &LocalKey| Arc::new(key.clone().with(self.random)) as Arc<dyn KeyEncryption>;
        let known = |key: &KeySource| match key {
            KeySource::Local(key) => local(key),
            KeySource::Outer(key) => key.clone().with(self.outside.clone()),
        };
        let own = local(&self.own);
        let seals = settings.seals.as_ref().map(known);
        let seals = seals.or_else(|| ends_with_the_process.then(|| Arc::clone(&own)));
        let opens = settings.opens.iter().map(known).chain([own]).collect();
        KeyRing { seals, opens, random: self.random }
    }
}

impl KeyRing {
    /// Keys that the process has.
    #[cfg(test)]
    pub(crate) fn of_local(seals: Option<&LocalKey>, previous: &[LocalKey], random: RandomKey) -> Self {
        let known = |key: &LocalKey| Arc::new(key.clone().with(random)) as Arc<dyn KeyEncryption>;
        let opens = seals.into_iter().chain(previous).map(known).collect();
        Self { seals: seals.map(known), opens, random }
    }

    /// Which key it seals with.
    #[must_use]
    pub fn sealing_key(&self) -> Option<&str> {
        self.seals.as_deref().map(KeyEncryption::key_id)
    }

    /// Seals the secrets of an object.
    ///
    /// # Errors
    /// When there is no key, or it cannot be used.
    pub async fn seal(&self, secrets: &Secrets, object: &str) -> Result<Sealed, NotSealed> {
        let key = self.seals.as_deref().ok_or(NotSealed::NoKey)?;
        Ok(envelope::seal(secrets, object, key, self.random).await?)
    }

    /// Opens the secrets of an object.
    ///
    /// # Errors
    /// When their key is not here or cannot be used, or they were sealed for another object.
    pub async fn open(&self, sealed: &Sealed, object: &str) -> Result<Secrets, NotSealed> {
        let key = self.opens.iter().find(|key| key.key_id() == sealed.key);
        let key = key.ok_or_else(|| NotSealed::UnknownKey(sealed.key.clone()))?;
        Ok(envelope::open(sealed, object, key.as_ref()).await?)
    }
}
