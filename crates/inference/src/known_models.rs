//! What the catalogue knows of the models that are asked for, remembered, since looking up may unpack and search.

use std::sync::Arc;

use domain::ports::catalog::Catalog;
use domain::{CatalogModel, ProviderName};
use quick_cache::Equivalent;
use quick_cache::sync::Cache;

/// Most models that are remembered. Clients name models, so there is no end to them.
const MODELS_MAX: usize = 4_096;

/// The models of one configuration.
#[derive(Debug)]
pub(crate) struct KnownModels {
    catalog: Arc<dyn Catalog>,
    found: Cache<ModelKey, Option<Arc<CatalogModel>>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct ModelKey(ProviderName, Box<str>);

/// A key as it is looked up; hashes as the tuple struct that is kept.
#[derive(Hash)]
struct ModelRef<'a>(&'a ProviderName, &'a str);

impl Equivalent<ModelKey> for ModelRef<'_> {
    fn equivalent(&self, key: &ModelKey) -> bool {
        *self.0 == key.0 && *self.1 == *key.1
    }
}

impl KnownModels {
    pub(crate) fn of(catalog: &Arc<dyn Catalog>) -> Self {
        Self { catalog: Arc::clone(catalog), found: Cache::new(MODELS_MAX) }
    }

    /// What is known of a model that a provider is asked for by this name.
    pub(crate) fn find(&self, provider: &ProviderName, model: &str) -> Option<Arc<CatalogModel>> {
        if let Some(found) = self.found.get(&ModelRef(provider, model)) {
            return found;
        }
        let found = self.catalog.find(provider.as_str(), model);
        self.found.insert(ModelKey(provider.clone(), model.into()), found.clone());
        found
    }
}

#[cfg(test)]
mod tests {
    use super::{Arc, Catalog, CatalogModel, KnownModels};
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Debug, Default)]
    struct Counting(AtomicUsize);

    impl Catalog for Counting {
        fn find(&self, provider: &str, model: &str) -> Option<Arc<CatalogModel>> {
            self.0.fetch_add(1, Ordering::Relaxed);
            (model == "known").then(|| Arc::new(CatalogModel::named(provider.into(), model.into())))
        }

        fn all(&self) -> Vec<Arc<CatalogModel>> {
            Vec::new()
        }
    }

    #[test]
    fn each_model_is_looked_up_once_be_it_known_or_not() {
        let catalog = Arc::new(Counting::default());
        let models = KnownModels::of(&(Arc::clone(&catalog) as Arc<dyn Catalog>));
        for _ in 0..3 {
            assert_eq!(models.find(&"p".into(), "known").unwrap().provider, "p".into());
            assert!(models.find(&"p".into(), "other").is_none());
        }
        assert_eq!(catalog.0.load(Ordering::Relaxed), 2);
        assert_eq!(models.find(&"q".into(), "known").unwrap().provider, "q".into());
    }
}
