//! The settings of a sign-in to Oracle Cloud Infrastructure.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::definition::Secret;

/// Requests signed with a key of Oracle Cloud Infrastructure.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OracleSettings {
    /// A configuration file of Oracle's tools, which has what is not written here; else `OCI_CONFIG_FILE` or
    /// `OCI_CLI_CONFIG_FILE`.
    pub config_file: Option<String>,
    /// The profile in it; else `OCI_CLI_PROFILE` or `OCI_CONFIG_PROFILE`, else `DEFAULT`.
    pub profile: Option<String>,
    /// The tenancy's identifier; else `OCI_CLI_TENANCY`.
    pub tenancy: Option<String>,
    /// The user's identifier; else `OCI_CLI_USER`.
    pub user: Option<String>,
    /// The fingerprint of the public key; else `OCI_CLI_FINGERPRINT`.
    pub fingerprint: Option<String>,
    /// The file with the private key, PEM without a passphrase; else `OCI_CLI_KEY_FILE`.
    pub key_file: Option<String>,
    /// The private key itself in place of a file; else `OCI_CLI_KEY_CONTENT`.
    pub private_key: Option<Secret>,
    /// The file with a session's token, as `oci session authenticate` writes it, in place of user and fingerprint; else
    /// `OCI_CLI_SECURITY_TOKEN_FILE`.
    pub security_token_file: Option<String>,
}

impl OracleSettings {
    pub(super) fn names_an_account(&self) -> bool {
        *self != Self::default()
    }

    pub(super) fn merge(self, over: Self) -> Self {
        merged!(over, self, {
            config_file, profile, tenancy, user, fingerprint, key_file, private_key, security_token_file,
        })
    }
}
