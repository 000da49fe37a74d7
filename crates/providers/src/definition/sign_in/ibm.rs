//! The settings of a sign-in to IBM Cloud.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::definition::Secret;

/// Tokens of IBM Cloud for an API key.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IbmSettings {
    /// The API key; else the first variable of `api_key_env` that is set.
    pub api_key: Option<Secret>,
    /// Environment variables that may hold the API key.
    pub api_key_env: Option<Vec<String>>,
    /// Where tokens are issued; `https://iam.cloud.ibm.com/identity/token` when left out.
    pub token_url: Option<String>,
}

impl IbmSettings {
    pub(super) fn names_an_account(&self) -> bool {
        self.api_key.is_some()
    }

    pub(super) fn merge(self, over: Self) -> Self {
        merged!(over, self, { api_key, api_key_env, token_url })
    }
}
