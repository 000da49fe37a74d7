//! The providers that a route in a request may name.

use std::sync::Arc;

use domain::{Credential, CredentialId, Provider, Snapshot};
use engine::route::ProviderDirectory;
use secrecy::SecretString;

/// The live providers of a snapshot.
pub(crate) struct Directory<'a> {
    pub(crate) snapshot: &'a Snapshot,
}

impl ProviderDirectory for Directory<'_> {
    fn live(&self, name: &str) -> Option<Arc<Provider>> {
        self.snapshot.provider(name).cloned()
    }

    fn bare(&self, name: &str) -> Option<Arc<Provider>> {
        self.live(name)
    }

    fn credential(&self, provider: &Provider, secret: &SecretString, id: CredentialId) -> Result<Credential, String> {
        providers::compile::present(&provider.auth, secret, id).map_err(|problem| problem.to_string())
    }

    fn absence(&self, name: &str) -> Option<String> {
        let known = providers::registry::Registry::builtin().names().any(|known| known == name);
        known.then(|| format!("the provider `{name}` has no credential here; set one up in the configuration"))
    }

    fn names(&self) -> Vec<String> {
        self.snapshot.provider_names().map(ToString::to_string).collect()
    }
}
