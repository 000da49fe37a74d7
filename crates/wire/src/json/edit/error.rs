//! Why an edit was refused.

use crate::json::{DuplicateKey, Kind, ScanError};

/// An edit that would leave it open what the document says, or break it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The key to edit occurs more than once.
    #[error(transparent)]
    Duplicate(#[from] DuplicateKey),
    /// A member was to be set in a value that has none.
    #[error("{} must be an object, found {found}", Place(path))]
    NotAnObject {
        /// Where the value stands; empty for the document itself.
        path: String,
        /// What it is.
        found: Kind,
    },
    /// The new value is not JSON.
    #[error("the new value of `{key}` is not JSON: {error}")]
    InvalidValue {
        /// The member that was to be set.
        key: String,
        /// Why the value was refused.
        error: ScanError,
    },
    /// A key of a merged object holds an unpaired surrogate, so that it cannot be compared.
    #[error("a key of the new value holds an unpaired surrogate, write it as a pair or without escape")]
    UnpairedSurrogate,
    /// A part of the document does not scan, so its outline was made from other bytes.
    #[error("the document does not match its outline: {0}")]
    Mismatch(#[from] ScanError),
}

impl EditError {
    /// The same error, seen from the object that holds `key`.
    pub(super) fn within(self, key: &str) -> Self {
        match self {
            Self::Duplicate(DuplicateKey { key: inner }) => {
                Self::Duplicate(DuplicateKey { key: format!("{key}.{inner}") })
            }
            Self::NotAnObject { path, found } if path.is_empty() => {
                Self::NotAnObject { path: key.to_owned(), found }
            }
            Self::NotAnObject { path, found } => Self::NotAnObject { path: format!("{key}.{path}"), found },
            other => other,
        }
    }
}

/// Names the value of an error.
struct Place<'a>(&'a str);

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() { f.write_str("the body") } else { write!(f, "`{}`", self.0) }
    }
}
