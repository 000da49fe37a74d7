//! What is fetched in the background for as long as a configuration has it: the tokens of sign-ins to providers, and the keys of those
//! whose tokens clients send.

use std::sync::Arc;

use control::Loader;
use identity::{Fetch, Fetched, KeySources};
use providers::sign_in::{Outside, SignIns};

/// Everything of a process that is fetched so.
pub(super) struct Renewals {
    sign_ins: SignIns,
    key_sources: KeySources,
    outside: Outside,
    way: Arc<dyn Fetch>,
}

impl Renewals {
    /// What the configurations of a loader have.
    pub(super) fn of(loader: &Loader, outside: Outside) -> Self {
        let (sign_ins, key_sources) = (loader.sign_ins().clone(), loader.key_sources().clone());
        Self { sign_ins, key_sources, way: Arc::new(Issuers(outside.clone())), outside }
    }

    /// Begins with what is new, once a configuration is in force.
    pub(super) fn start(&self) {
        self.sign_ins.start(&self.outside);
        self.key_sources.start(&self.way);
    }
}

/// The way to the issuers of tokens, which is that of sign-ins.
struct Issuers(Outside);

impl Fetch for Issuers {
    fn get<'a>(&'a self, url: &'a str) -> Fetched<'a> {
        Box::pin(self.0.document(url))
    }
}
