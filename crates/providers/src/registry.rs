//! The providers that are built in: one file of `data/` each, embedded in the binary and parsed when asked for.

use std::borrow::Cow;

use rust_embed::Embed;

use crate::definition::ProviderDefinition;

/// The data files, by file name.
#[derive(Embed)]
#[folder = "data/"]
struct DataFiles;

/// What is after the provider's name in a file name.
const FILE_SUFFIX: &str = ".toml";

/// The built-in providers. Their names cost nothing; a definition is parsed each time it is asked for.
#[derive(Debug, Clone)]
pub struct Registry {
    /// Sorted.
    names: Vec<String>,
}

/// A data file that is no provider definition; a test keeps the embedded ones from it.
#[derive(Debug, thiserror::Error)]
#[error("the data file of the provider `{name}` is wrong: {source}")]
pub struct RegistryError {
    /// The provider.
    pub name: String,
    /// Where and why.
    pub source: toml::de::Error,
}

impl Registry {
    /// The providers that are embedded in this binary.
    #[must_use]
    pub fn builtin() -> Self {
        let mut names: Vec<String> =
            DataFiles::iter().filter_map(|file| Some(file.strip_suffix(FILE_SUFFIX)?.to_owned())).collect();
        names.sort_unstable();
        Self { names }
    }

    /// The names of all providers, sorted.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Whether there is a provider of this name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.names.binary_search_by(|known| known.as_str().cmp(name)).is_ok()
    }

    /// The definition of the provider of this name, or `None` when there is none.
    ///
    /// # Errors
    /// When its data file cannot be parsed.
    pub fn get(&self, name: &str) -> Result<Option<ProviderDefinition>, RegistryError> {
        if !self.contains(name) {
            return Ok(None);
        }
        let Some(file) = DataFiles::get(&format!("{name}{FILE_SUFFIX}")) else {
            return Ok(None);
        };
        let text: Cow<'_, str> = String::from_utf8_lossy(&file.data);
        let definition =
            toml::from_str(&text).map_err(|source| RegistryError { name: name.to_owned(), source })?;
        Ok(Some(definition))
    }
}

#[cfg(test)]
mod tests;
