//! The catalogue of models: what each takes, gives, can do and costs. One is built in, made by `cargo xtask prices` from
//! published data (`crates/providers/catalog/README.md`); an operator may put another in its place.
//!
//! It is packed in a part for each provider. A part is unpacked when the first model of its provider is looked up, and of
//! that only the names are read; so what nobody uses costs neither time nor memory.

mod difference;
mod file;
mod header;
mod line;
mod names;
mod overridden;
mod section;

use std::fmt;
use std::sync::{Arc, OnceLock};

use domain::CatalogModel;

pub use difference::{Change, Difference, JUMP_PERCENT_MAX, differences};
pub use file::{CATALOG_BYTES_MAX, CatalogProblem};
pub use header::{CatalogHeader, CatalogSource};
pub use line::{LineProblem, to_json};
pub use overridden::{OverriddenCatalog, Override, PriceOverride, SameAs};

use file::Packed;

/// The file that is embedded.
const BUILT_IN: &[u8] = include_bytes!("../catalog/catalog.jsonl.gz");

/// A catalogue, packed.
pub struct Catalog {
    packed: Packed,
}

impl Catalog {
    /// Reads a catalogue in any of its forms: JSON Lines as they are or in gzip. Every line is checked.
    ///
    /// # Errors
    /// When it is no catalogue, or with the first line that is wrong.
    pub fn read(bytes: &[u8]) -> Result<Self, CatalogProblem> {
        let catalog = Self { packed: Packed::of(bytes)? };
        catalog.packed.check()?;
        Ok(catalog)
    }

    /// Where its figures come from and when they were published.
    #[must_use]
    pub fn header(&self) -> &CatalogHeader {
        self.packed.header()
    }

    /// The providers that it has models of, sorted.
    pub fn providers(&self) -> impl Iterator<Item = &str> {
        self.packed.providers()
    }

    /// Every model of a provider, in the order of the file.
    #[must_use]
    pub fn models(&self, provider: &str) -> Vec<Arc<CatalogModel>> {
        self.packed.section(provider).map(|section| section.models()).unwrap_or_default()
    }

    /// The catalogue as JSON Lines, which [`Self::read`] reads.
    #[must_use]
    pub fn lines(&self) -> String {
        self.packed.text()
    }
}

impl domain::ports::catalog::Catalog for Catalog {
    fn find(&self, provider: &str, model: &str) -> Option<Arc<CatalogModel>> {
        self.packed.section(provider)?.find(model)
    }

    fn all(&self) -> Vec<Arc<CatalogModel>> {
        self.providers().flat_map(|provider| self.models(provider)).collect()
    }
}

impl fmt::Debug for Catalog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Catalog").field("date", &self.header().date).finish_non_exhaustive()
    }
}

/// The catalogue that is built in. Nothing of it is read before the first lookup.
#[derive(Debug, Clone, Copy, Default)]
pub struct BuiltInCatalog;

impl BuiltInCatalog {
    /// The catalogue itself; `None` when it cannot be read, which a test keeps from happening.
    #[must_use]
    pub fn get(self) -> Option<&'static Catalog> {
        static CATALOG: OnceLock<Option<Catalog>> = OnceLock::new();
        let open = || match Packed::of_static(BUILT_IN) {
            Ok(packed) => Some(Catalog { packed }),
            Err(problem) => {
                tracing::error!(%problem, "the built-in catalogue cannot be read, so nothing has a price");
                None
            }
        };
        CATALOG.get_or_init(open).as_ref()
    }
}

impl domain::ports::catalog::Catalog for BuiltInCatalog {
    fn find(&self, provider: &str, model: &str) -> Option<Arc<CatalogModel>> {
        self.get()?.find(provider, model)
    }

    fn all(&self) -> Vec<Arc<CatalogModel>> {
        self.get().map(domain::ports::catalog::Catalog::all).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
