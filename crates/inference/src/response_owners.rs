//! Which provider made which stored response, so that `GET /v1/responses/{id}` and `previous_response_id` find their
//! way back. Bounded and in memory: after a restart the provider must be named.

use std::sync::Arc;

use domain::{CredentialId, KeyName, ProviderName};
use quick_cache::sync::Cache;

/// Most responses remembered; the least used go first.
const RESPONSES_MAX: usize = 100_000;
/// The longest id that is remembered; OpenAI's have 55 bytes.
const ID_BYTES_MAX: usize = 512;

/// Who made a response, for whom, with which credential (another account does not know it).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) provider: ProviderName,
    pub(crate) credential: CredentialId,
    pub(crate) key: KeyName,
}

/// The memory of owners.
#[derive(Debug)]
pub(crate) struct ResponseOwners(Cache<Box<str>, Arc<Owner>>);

impl ResponseOwners {
    pub(crate) fn new() -> Self {
        Self(Cache::new(RESPONSES_MAX))
    }

    pub(crate) fn remember(&self, response_id: &str, owner: Owner) {
        if response_id.len() <= ID_BYTES_MAX {
            self.0.insert(response_id.into(), Arc::new(owner));
        }
    }

    /// The owner, if `key` made the response: one key's responses do not exist for another.
    pub(crate) fn find(&self, response_id: &str, key: &KeyName) -> Option<Arc<Owner>> {
        self.0.get(response_id).filter(|owner| owner.key == *key)
    }

    /// Whether another key made the response.
    pub(crate) fn is_foreign(&self, response_id: &str, key: &KeyName) -> bool {
        self.0.get(response_id).is_some_and(|owner| owner.key != *key)
    }

    pub(crate) fn forget(&self, response_id: &str) {
        self.0.remove(response_id);
    }
}

#[cfg(test)]
mod tests {
    use super::{Owner, ResponseOwners};

    #[test]
    fn a_response_exists_only_for_the_key_that_made_it() {
        let owners = ResponseOwners::new();
        let owner = || Owner { provider: "openai".into(), credential: "openai#1".into(), key: "ours".into() };
        owners.remember("resp_1", owner());
        assert_eq!(owners.find("resp_1", &"ours".into()).as_deref(), Some(&owner()));
        assert_eq!(owners.find("resp_1", &"theirs".into()), None);
        assert!(owners.is_foreign("resp_1", &"theirs".into()));
        let long = "x".repeat(10_000);
        owners.remember(&long, owner());
        assert_eq!(owners.find(&long, &"ours".into()), None, "a provider must not fill the memory");
        owners.forget("resp_1");
        assert_eq!(owners.find("resp_1", &"ours".into()), None);
    }
}
