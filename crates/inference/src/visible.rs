//! The providers that a key can see. One of which nothing is shared with its workspace is as if it were not there, in a route that a request
//! brings along as everywhere else.

use std::sync::Arc;

use domain::provider::{Credential, Provider};
use domain::{ApiKey, CredentialId};
use engine::route::ProviderDirectory;
use secrecy::SecretString;

/// A directory without what a key cannot see.
pub(crate) struct Visible<'a> {
    pub(crate) directory: &'a dyn ProviderDirectory,
    pub(crate) key: &'a ApiKey,
}

impl ProviderDirectory for Visible<'_> {
    fn live(&self, name: &str) -> Option<Arc<Provider>> {
        if self.key.cannot_see(name) { None } else { self.directory.live(name) }
    }

    fn bare(&self, name: &str) -> Option<Arc<Provider>> {
        if self.key.cannot_see(name) { None } else { self.directory.bare(name) }
    }

    fn credential(
        &self,
        provider: &Provider,
        secret: &SecretString,
        id: CredentialId,
    ) -> Result<Credential, String> {
        self.directory.credential(provider, secret, id)
    }

    fn absence(&self, name: &str) -> Option<String> {
        if self.key.cannot_see(name) { None } else { self.directory.absence(name) }
    }

    fn names(&self) -> Vec<String> {
        let mut names = self.directory.names();
        names.retain(|name| !self.key.cannot_see(name));
        names
    }
}
