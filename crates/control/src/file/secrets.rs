//! `secrets:`.

use providers::definition::Secret;
use schemars::JsonSchema;
use serde::Deserialize;

/// How the secrets are kept that objects of the control API have.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SecretsSection {
    /// The key that they are sealed with: 32 bytes in base64 or hexadecimal digits, best written as `${env:NAME}` or `${file:path}`.
    /// `tollgate secrets new-key` makes one. Without one, objects in a database may have no secrets but by reference.
    pub key: Option<Secret>,
    /// Keys that what was sealed earlier opens with. `tollgate secrets rewrap` seals everything with `key`; then they can go.
    #[schemars(length(max = 16))]
    pub previous_keys: Vec<Secret>,
}
