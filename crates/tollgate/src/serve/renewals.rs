//! What is fetched in the background for as long as a configuration has it: the tokens of sign-ins to providers, and the keys of those
//! whose tokens clients send, and what identity providers publish.

use std::sync::Arc;

use control::Loader;
use identity::{Fetch, Fetched, KeySources, ProviderSources, Redeem, Redemption};
use providers::sign_in::{Outside, SignIns};

/// Everything of a process that is fetched so.
pub(super) struct Renewals {
    sign_ins: SignIns,
    key_sources: KeySources,
    provider_sources: ProviderSources,
    outside: Outside,
    way: Arc<dyn Fetch>,
}

impl Renewals {
    /// What the configurations of a loader have.
    pub(super) fn of(loader: &Loader, outside: Outside) -> Self {
        let (sign_ins, key_sources) = (loader.sign_ins().clone(), loader.key_sources().clone());
        let provider_sources = loader.provider_sources().clone();
        Self { sign_ins, key_sources, provider_sources, way: Arc::new(Issuers(outside.clone())), outside }
    }

    /// Begins with what is new, once a configuration is in force.
    pub(super) fn start(&self) {
        self.sign_ins.start(&self.outside);
        self.key_sources.start(&self.way);
        self.provider_sources.start(&self.way);
    }

    /// The way to identity providers for those who sign in.
    pub(super) fn way_to_providers(&self) -> Arc<dyn Redeem> {
        Arc::new(Issuers(self.outside.clone()))
    }
}

/// The way to the issuers of tokens, which is that of sign-ins.
struct Issuers(Outside);

impl Redeem for Issuers {
    fn redeem<'a>(&'a self, redemption: &'a Redemption) -> Fetched<'a> {
        Box::pin(async {
            let Redemption { url, fields, authorization } = redemption;
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            self.0.answer_to_form(url, &fields, authorization.as_deref()).await
        })
    }
}

impl Fetch for Issuers {
    fn get<'a>(&'a self, url: &'a str) -> Fetched<'a> {
        Box::pin(self.0.document(url))
    }
}
