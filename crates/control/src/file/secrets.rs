//! `secrets:`.

use engine::route::time::TimeSpan;
use providers::definition::{
    AwsVaultSettings, AzureVaultSettings, GoogleVaultSettings, HashicorpSettings, Secret,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// Where secrets are kept: those that objects of the control API have, sealed; and those that are read from vaults.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SecretsSection {
    /// The key that secrets of objects are sealed with: 32 bytes in base64 or hexadecimal digits, best written as `${env:NAME}` or
    /// `${file:path}`. `tollgate secrets new-key` makes one. Without any key, objects in a database may have no secrets but by reference.
    pub key: Option<Secret>,
    /// Keys that what was sealed earlier opens with. `tollgate secrets rewrap` seals everything with the key of now; then they can go.
    #[schemars(length(max = 16))]
    pub previous_keys: Vec<Secret>,
    /// A key of AWS KMS in place of one that the process knows; reached as `aws` says.
    pub aws_kms: Option<AwsKmsSection>,
    /// A key of Vault's transit engine in place of one that the process knows; reached as `vault` says.
    pub vault_transit: Option<VaultTransitSection>,
    /// Which of `key`, `aws_kms` and `vault_transit` seals, where several are written: the others only open.
    pub seal_with: Option<SealWithName>,
    /// HashiCorp Vault, or OpenBao, for `${vault:mount/path#field}`.
    pub vault: Option<HashicorpSettings>,
    /// AWS, for `${awssm:name#field}`.
    pub aws: Option<AwsVaultSettings>,
    /// Google Cloud, for `${gcpsm:projects/p/secrets/s/versions/latest}`.
    pub google: Option<GoogleVaultSettings>,
    /// Azure, for `${azkv:vault-name/secret}`.
    pub azure: Option<AzureVaultSettings>,
    /// How often what was read from vaults is read again; at least `1s`, and `5m` when absent. A tenth of it is left to chance.
    pub refresh: Option<TimeSpan>,
}

/// A key of AWS KMS.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AwsKmsSection {
    /// A symmetric key: its id, ARN or alias, such as `alias/tollgate`.
    #[schemars(length(min = 1, max = 2048))]
    pub key: String,
}

/// A key of Vault's transit engine.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VaultTransitSection {
    /// Its name; a key of a type that takes associated data, such as `aes256-gcm96`.
    #[schemars(length(min = 1, max = 256))]
    pub key: String,
    /// Where the engine is mounted; `transit` when absent.
    #[serde(default)]
    pub mount: Option<String>,
}

/// One of the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SealWithName {
    /// The one that the process knows.
    Key,
    /// That of AWS KMS.
    AwsKms,
    /// That of Vault's transit engine.
    VaultTransit,
}
