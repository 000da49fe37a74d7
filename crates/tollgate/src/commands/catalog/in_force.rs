//! The catalogue that a configuration uses, without its overrides.

use std::fs;
use std::io::ErrorKind;

use anyhow::{Context, anyhow};
use control::Loaded;
use providers::catalog::{BuiltInCatalog, Catalog};

/// The catalogue beside the configuration, or the built-in one.
pub(super) struct InForce(Option<Catalog>);

impl InForce {
    /// Reads the one that a configuration uses.
    pub(super) fn of(loaded: &Loaded) -> anyhow::Result<Self> {
        let file = &loaded.catalog_file;
        match fs::read(file) {
            Ok(bytes) => {
                Ok(Self(Some(Catalog::read(&bytes).with_context(|| format!("{} is wrong", file.display()))?)))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self(None)),
            Err(error) => Err(error).with_context(|| format!("{} cannot be read", file.display())),
        }
    }

    pub(super) fn catalog(&self) -> anyhow::Result<&Catalog> {
        let built_in =
            || BuiltInCatalog.get().ok_or_else(|| anyhow!("the built-in catalogue cannot be read"));
        self.0.as_ref().map_or_else(built_in, Ok)
    }
}
