//! The settings of a sign-in to Google Cloud.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::definition::Secret;

/// Tokens of Google Cloud, for what a credentials file or the machine stands for.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GoogleSettings {
    /// Where tokens come from. When left out: `file`.
    pub source: Option<GoogleSource>,
    /// For `file`: a credentials file of Google's tools; else `GOOGLE_APPLICATION_CREDENTIALS`. It may be a service
    /// account's key, a workload identity federation, an impersonation, or what `gcloud auth application-default login`
    /// wrote.
    pub credentials_file: Option<String>,
    /// For `file`: the content of such a file in its place.
    pub credentials: Option<Secret>,
    /// What the token is for; `https://www.googleapis.com/auth/cloud-platform` when left out.
    pub scope: Option<String>,
    /// For `metadata`: the metadata service; else that of the host in `GCE_METADATA_HOST`, else
    /// `http://metadata.google.internal`.
    pub metadata_url: Option<String>,
}

/// Where Google's tokens come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GoogleSource {
    /// A credentials file.
    File,
    /// The metadata service of the machine: Compute Engine, Cloud Run, or GKE with its workload identity.
    Metadata,
}

impl GoogleSettings {
    pub(super) fn names_an_account(&self) -> bool {
        *self != Self { scope: self.scope.clone(), ..Self::default() }
    }

    pub(super) fn merge(self, over: Self) -> Self {
        merged!(over, self, { source, credentials_file, credentials, scope, metadata_url })
    }
}
