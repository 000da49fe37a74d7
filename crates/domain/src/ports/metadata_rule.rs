//! What the metadata of requests has to be.

use std::fmt::Debug;

/// A rule over metadata, made from a schema of the configuration.
pub trait MetadataRule: Debug + Send + Sync {
    /// Checks the text of a JSON object.
    ///
    /// # Errors
    /// With what is wrong in it, for people; nothing of the values is repeated.
    fn check(&self, metadata: &str) -> Result<(), String>;
}
