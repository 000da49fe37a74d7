//! The settings of a sign-in by Microsoft Entra ID.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::definition::Secret;

/// Tokens of Microsoft Entra ID, for an application or a managed identity.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EntraSettings {
    /// What the token is for: `https://cognitiveservices.azure.com/.default`.
    pub scope: Option<String>,
    /// How the application proves itself. When left out: the first of `client_secret` and `federated_token` whose
    /// settings are there, or `managed_identity` on App Service.
    pub source: Option<EntraSource>,
    /// The tenant; else `AZURE_TENANT_ID`.
    pub tenant_id: Option<String>,
    /// The application, or the user-assigned managed identity; else `AZURE_CLIENT_ID`.
    pub client_id: Option<String>,
    /// For `client_secret`; else `AZURE_CLIENT_SECRET`.
    pub client_secret: Option<Secret>,
    /// For `federated_token`: the file with the token, as AKS mounts it; else `AZURE_FEDERATED_TOKEN_FILE`.
    pub federated_token_file: Option<String>,
    /// The authority; else `AZURE_AUTHORITY_HOST`, else `https://login.microsoftonline.com`.
    pub authority_url: Option<String>,
    /// For `managed_identity` on a virtual machine: its metadata service; `http://169.254.169.254` when left out.
    pub metadata_url: Option<String>,
}

/// How an application proves itself to Entra ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntraSource {
    /// By a secret.
    ClientSecret,
    /// By a token of another issuer that it trusts (workload identity on AKS).
    FederatedToken,
    /// By running on a machine, or in an app, that has an identity: App Service and Container Apps say where to ask in
    /// `IDENTITY_ENDPOINT`, virtual machines have a metadata service.
    ManagedIdentity,
}

impl EntraSettings {
    pub(super) fn names_an_account(&self) -> bool {
        *self != Self { scope: self.scope.clone(), ..Self::default() }
    }

    pub(super) fn merge(self, over: Self) -> Self {
        merged!(over, self, {
            scope, source, tenant_id, client_id, client_secret, federated_token_file, authority_url, metadata_url,
        })
    }
}
