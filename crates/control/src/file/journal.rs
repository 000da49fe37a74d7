//! `journal:`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::size::ByteSize;

/// A file of every request with why it went where it went and what came of it: for `tollgate journal`, `tollgate simulate` and whoever reads lines of JSON.
/// Metadata of requests is in it; bodies and credentials never are.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JournalSection {
    /// The folder, looked up from the configuration's folder, and made when it does not exist. Processes may share one.
    /// `tollgate-journal` when absent.
    pub path: Option<String>,
    /// Most bytes that are kept together, at least `1MiB`; of more, the oldest files are deleted. `1GiB` when absent.
    pub bytes_max: Option<ByteSize>,
}
