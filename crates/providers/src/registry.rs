//! The providers that are built in: one file of `data/` each, embedded in the binary and parsed when asked for.
//!
//! Most of them nobody has a credential for, and parsing them all is a good part of a start. So their text can be looked at
//! without being parsed.

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
        let Some(text) = text(name) else {
            return Ok(None);
        };
        let definition =
            toml::from_str(&text).map_err(|source| RegistryError { name: name.to_owned(), source })?;
        Ok(Some(definition))
    }

    /// What can be said of a provider without parsing its definition; nothing for one that there is none of.
    #[must_use]
    pub fn glance(&self, name: &str) -> Glance {
        let text = text(name).unwrap_or_default();
        Glance { catalog: catalog_in(&text), variables: variables_in(&text) }
    }
}

/// What can be said of a provider without parsing its definition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Glance {
    /// Under what name it is in the catalogue, where that is not its own.
    pub catalog: Option<String>,
    /// Every word that may be an environment variable: while none of them is set, the provider is not live.
    pub variables: Vec<String>,
}

fn text(name: &str) -> Option<String> {
    let file = DataFiles::get(&format!("{name}{FILE_SUFFIX}"))?;
    Some(String::from_utf8_lossy(&file.data).into_owned())
}

/// The value of `catalog` at the definition's top level, which is above its first table.
fn catalog_in(text: &str) -> Option<String> {
    let top = text.lines().take_while(|line| !line.starts_with('['));
    let value = top.filter_map(|line| line.strip_prefix("catalog = \"")?.strip_suffix('"')).next()?;
    Some(value.to_owned())
}

fn variables_in(text: &str) -> Vec<String> {
    let of_a_name = |letter: char| letter == '_' || letter.is_ascii_uppercase() || letter.is_ascii_digit();
    let words = text.split(|letter| !of_a_name(letter));
    words.filter(|word| word.contains('_') && word.len() > 2).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
