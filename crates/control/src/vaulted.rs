//! What references to vaults stand for: fetched before a configuration is compiled, remembered for the next, and fetched again in the
//! background, so that a load never waits for what is known and a vault that is down takes nothing away.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parking_lot::Mutex;
use providers::vaults::{SecretReference, Vaults};
use secrecy::{ExposeSecret, SecretString};

use crate::settings::UpstreamSettings;

/// Most references of a configuration.
const REFERENCES_MAX: usize = 1_000;
/// Most vaults whose values are remembered: those in force, and those of changes that are tried.
const VAULTS_MAX: usize = 4;

/// The way to vaults. It may wait for them, for a bounded time.
pub trait FetchSecrets: Send + Sync {
    /// What each reference stands for, or why it cannot be had; in their order.
    fn fetch(
        &self,
        vaults: &Vaults,
        upstream: &UpstreamSettings,
        references: &[SecretReference],
    ) -> Vec<Result<SecretString, String>>;
}

/// What the references of a tree stand for; nothing for one that is not looked for, since something else is wrong that is told.
pub(crate) type Vaulted = BTreeMap<SecretReference, Option<Result<SecretString, String>>>;

/// The secrets of all configurations of a process; clones share them.
#[derive(Clone, Default)]
pub struct VaultedSecrets(Arc<Shared>);

#[derive(Default)]
struct Shared {
    way: Option<Arc<dyn FetchSecrets>>,
    known: Mutex<Vec<Known>>,
}

struct Known {
    vaults: Vaults,
    values: BTreeMap<SecretReference, SecretString>,
}

/// What came of fetching again.
#[derive(Debug, Default)]
pub struct Renewed {
    /// Whether one of them stands for something else now.
    pub changed: bool,
    /// Those that could not be had, whose last value stays; each with why.
    pub failed: Vec<(SecretReference, String)>,
}

impl VaultedSecrets {
    /// Secrets that are fetched so.
    #[must_use]
    pub fn by(way: Arc<dyn FetchSecrets>) -> Self {
        Self(Arc::new(Shared { way: Some(way), known: Mutex::default() }))
    }

    /// What references stand for; what is not known yet is fetched.
    pub(crate) fn of(
        &self,
        vaults: &Vaults,
        upstream: &UpstreamSettings,
        references: &BTreeSet<SecretReference>,
    ) -> Vaulted {
        let mut known = self.known(vaults);
        known.retain(|reference, _| references.contains(reference));
        let unknown: Vec<_> =
            references.iter().filter(|reference| !known.contains_key(*reference)).cloned().collect();
        let fetched = self.fetched(vaults, upstream, &unknown);
        let had = fetched.iter().filter_map(|(reference, value)| Some((reference, value.as_ref().ok()?)));
        self.remember(vaults, had);
        let known = known.into_iter().map(|(reference, value)| (reference, Ok(value)));
        known.chain(fetched).map(|(reference, value)| (reference, Some(value))).collect()
    }

    /// Fetches again what a configuration refers to, and forgets what others did.
    #[must_use]
    pub fn renew(
        &self,
        vaults: &Vaults,
        upstream: &UpstreamSettings,
        references: &[SecretReference],
    ) -> Renewed {
        let known = self.known(vaults);
        let mut renewed = Renewed::default();
        let mut values = BTreeMap::new();
        for (reference, value) in self.fetched(vaults, upstream, references) {
            let before = known.get(&reference);
            match value {
                Ok(value) => {
                    let is_same =
                        before.is_some_and(|before| before.expose_secret() == value.expose_secret());
                    renewed.changed |= !is_same;
                    values.insert(reference, value);
                }
                Err(why) => {
                    values.extend(before.map(|before| (reference.clone(), before.clone())));
                    renewed.failed.push((reference, why));
                }
            }
        }
        *self.0.known.lock() = vec![Known { vaults: vaults.clone(), values }];
        renewed
    }

    fn known(&self, vaults: &Vaults) -> BTreeMap<SecretReference, SecretString> {
        let known = self.0.known.lock();
        let same = known.iter().find(|known| known.vaults == *vaults);
        same.map(|known| known.values.clone()).unwrap_or_default()
    }

    fn remember<'v>(
        &self,
        vaults: &Vaults,
        values: impl Iterator<Item = (&'v SecretReference, &'v SecretString)>,
    ) {
        let mut known = self.0.known.lock();
        let place = known.iter().position(|known| known.vaults == *vaults).unwrap_or_else(|| {
            if known.len() == VAULTS_MAX {
                known.remove(0);
            }
            known.push(Known { vaults: vaults.clone(), values: BTreeMap::new() });
            known.len() - 1
        });
        if let Some(known) = known.get_mut(place) {
            known.values.extend(values.map(|(reference, value)| (reference.clone(), value.clone())));
        }
    }

    fn fetched(
        &self,
        vaults: &Vaults,
        upstream: &UpstreamSettings,
        references: &[SecretReference],
    ) -> Vec<(SecretReference, Result<SecretString, String>)> {
        let none =
            |why: &str| references.iter().map(|reference| (reference.clone(), Err(why.to_owned()))).collect();
        match &self.0.way {
            _ if references.is_empty() => Vec::new(),
            _ if references.len() > REFERENCES_MAX => none(&format!(
                "there are more than {REFERENCES_MAX} references to vaults, the most that are read"
            )),
            None => none("nothing is read from vaults here"),
            Some(way) => {
                let values = way.fetch(vaults, upstream, references);
                references.iter().cloned().zip(values).collect()
            }
        }
    }
}
