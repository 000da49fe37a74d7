//! Looking up what is known of a model.

use std::fmt::Debug;
use std::sync::Arc;

use crate::catalog::CatalogModel;

/// A catalogue of models. Looking up may unpack and search, so whoever asks per request remembers the answer.
pub trait Catalog: Debug + Send + Sync {
    /// What is known of a model that a provider is asked for by this name; `None` when it is not in the catalogue.
    fn find(&self, provider: &str, model: &str) -> Option<Arc<CatalogModel>>;

    /// Every model, by provider. It unpacks everything, so it is for lists that people read.
    fn all(&self) -> Vec<Arc<CatalogModel>>;
}

/// The catalogue that knows no model.
#[derive(Debug, Clone, Copy, Default)]
pub struct EmptyCatalog;

impl Catalog for EmptyCatalog {
    fn find(&self, _provider: &str, _model: &str) -> Option<Arc<CatalogModel>> {
        None
    }

    fn all(&self) -> Vec<Arc<CatalogModel>> {
        Vec::new()
    }
}
