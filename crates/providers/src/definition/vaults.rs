//! Where secrets are kept outside of the configuration, and how to sign in there. Which environment variables stand in for what is left out
//! is said at each field; they are those of the vendors' own tools.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{AwsSettings, EntraSettings, GoogleSettings, Secret};

/// Every place where secrets are kept.
#[derive(Debug, Clone, Default)]
pub struct VaultSettings {
    /// HashiCorp Vault, or OpenBao.
    pub vault: Option<HashicorpSettings>,
    /// AWS Secrets Manager, and the Key Management Service.
    pub aws: Option<AwsVaultSettings>,
    /// Google Secret Manager.
    pub google: Option<GoogleVaultSettings>,
    /// Azure Key Vault.
    pub azure: Option<AzureVaultSettings>,
}

/// HashiCorp Vault, or OpenBao, for `${vault:mount/path#field}`; one of `token`, `kubernetes` and `approle`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HashicorpSettings {
    /// Where it is, such as `https://vault.example:8200`; else `VAULT_ADDR`.
    pub address: Option<String>,
    /// The namespace; else `VAULT_NAMESPACE`.
    pub namespace: Option<String>,
    /// A token; else `VAULT_TOKEN`.
    pub token: Option<Secret>,
    /// By the token of the pod's service account.
    pub kubernetes: Option<HashicorpKubernetes>,
    /// By the id of a role and a secret that belongs to it.
    pub approle: Option<HashicorpAppRole>,
    /// The version of the key-value engine: 1 or 2; `2` when absent.
    #[schemars(range(min = 1, max = 2))]
    pub kv_version: Option<u8>,
}

/// A sign-in to Vault by the token of a pod.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HashicorpKubernetes {
    /// The role in Vault.
    pub role: String,
    /// The file with the token; `/var/run/secrets/kubernetes.io/serviceaccount/token` when absent.
    #[serde(default)]
    pub token_file: Option<String>,
    /// Where the method is mounted; `kubernetes` when absent.
    #[serde(default)]
    pub mount: Option<String>,
}

/// A sign-in to Vault by the id of a role and a secret.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HashicorpAppRole {
    /// The id of the role.
    pub role_id: String,
    /// A secret id of the role.
    pub secret_id: Secret,
    /// Where the method is mounted; `approle` when absent.
    #[serde(default)]
    pub mount: Option<String>,
}

/// AWS, for `${awssm:name#field}` and `secrets.aws_kms`. What is left out is as AWS's own tools have it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AwsVaultSettings {
    /// The region; else `AWS_REGION` or `AWS_DEFAULT_REGION`.
    pub region: Option<String>,
    /// Whose keys are used.
    pub sign_in: AwsSettings,
    /// Secrets Manager; else `AWS_ENDPOINT_URL_SECRETS_MANAGER`, else that of the region.
    pub secrets_manager_url: Option<String>,
    /// The Key Management Service; else `AWS_ENDPOINT_URL_KMS`, else that of the region.
    pub kms_url: Option<String>,
}

/// Google Secret Manager, for `${gcpsm:projects/p/secrets/s/versions/latest}`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GoogleVaultSettings {
    /// Whose account is used.
    pub sign_in: GoogleSettings,
    /// Secret Manager; `https://secretmanager.googleapis.com` when absent.
    pub url: Option<String>,
}

/// Azure Key Vault, for `${azkv:vault-name/secret}`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AzureVaultSettings {
    /// Which application or managed identity is used. Its `scope` is that of Key Vault when absent.
    pub sign_in: EntraSettings,
    /// What follows a vault's name in its host; `vault.azure.net` when absent.
    pub domain: Option<String>,
    /// One URL for all vaults in place of their own hosts, such as that of a proxy.
    pub url: Option<String>,
}
