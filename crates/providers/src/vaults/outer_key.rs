//! Keys that never leave whoever has them: AWS KMS, and Vault's transit engine.

use std::fmt;
use std::sync::Arc;

use domain::ports::key_encryption::{DataKey, KeyEncryption, KeyEncryptionError, Pending};

use super::{aws, hashicorp};
use crate::percent;
use crate::sign_in::{FetchProblem, Outside};

/// A key in a vault, and how to ask for what it does.
#[derive(Clone, PartialEq)]
pub struct OuterKey(Key);

#[derive(Clone, PartialEq)]
enum Key {
    AwsKms { plan: Box<aws::Plan>, key: String },
    Transit { plan: hashicorp::Plan, mount: String, key: String },
}

impl OuterKey {
    /// A key of AWS KMS by its id, alias or ARN.
    pub(super) fn of_kms(plan: aws::Plan, key: &str) -> Self {
        Self(Key::AwsKms { plan: Box::new(plan), key: key.to_owned() })
    }

    /// A key of Vault's transit engine, which is mounted somewhere.
    pub(super) fn of_transit(plan: hashicorp::Plan, mount: &str, key: &str) -> Self {
        Self(Key::Transit { plan, mount: mount.to_owned(), key: key.to_owned() })
    }

    /// Which key it is.
    #[must_use]
    pub fn id(&self) -> String {
        match &self.0 {
            Key::AwsKms { key, .. } => format!("aws-kms:{key}"),
            Key::Transit { mount, key, .. } => format!("vault-transit:{mount}/{key}"),
        }
    }

    /// The key with a way to whoever has it.
    #[must_use]
    pub fn with(self, outside: Outside) -> Arc<dyn KeyEncryption> {
        Arc::new(Asked { id: self.id(), key: self.0, outside })
    }
}

impl fmt::Debug for OuterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "OuterKey({})", self.id())
    }
}

struct Asked {
    id: String,
    key: Key,
    outside: Outside,
}

impl fmt::Debug for Asked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "OuterKey({})", self.id)
    }
}

impl KeyEncryption for Asked {
    fn key_id(&self) -> &str {
        &self.id
    }

    fn wrap<'a>(&'a self, data_key: &'a DataKey, context: &'a str) -> Pending<'a, Vec<u8>> {
        Box::pin(async move {
            let wrapped = match &self.key {
                Key::AwsKms { plan, key } => plan.encrypt(key, data_key, context, &self.outside).await,
                Key::Transit { plan, mount, key } => {
                    let path = transit_path(mount, "encrypt", key);
                    let text = plan.encrypt(&path, data_key, context, &self.outside).await;
                    text.map(String::into_bytes)
                }
            };
            wrapped.map_err(|problem| told(&problem))
        })
    }

    fn unwrap<'a>(&'a self, wrapped: &'a [u8], context: &'a str) -> Pending<'a, DataKey> {
        Box::pin(async move {
            let data_key = match &self.key {
                Key::AwsKms { plan, key } => plan.decrypt(key, wrapped, context, &self.outside).await,
                Key::Transit { plan, mount, key } => {
                    let path = transit_path(mount, "decrypt", key);
                    plan.decrypt(&path, &String::from_utf8_lossy(wrapped), context, &self.outside).await
                }
            };
            data_key.map_err(|problem| told(&problem))
        })
    }
}

fn transit_path(mount: &str, act: &str, key: &str) -> String {
    percent::encode_path(mount.split('/').chain([act, key]))
}

fn told(problem: &FetchProblem) -> KeyEncryptionError {
    KeyEncryptionError(problem.to_string())
}
