//! `signed_requests:`.

use engine::route::time::TimeSpan;
use providers::definition::Secret;
use schemars::JsonSchema;
use serde::Deserialize;

/// Clients that sign their requests as AWS's do (Signature Version 4) instead of sending a key. Each key of `keys` has a
/// key pair for it, which `tollgate key pair` shows.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SignedRequestsSection {
    /// Secrets of at least 32 bytes that key pairs are derived with, best written as `${env:NAME}`. New pairs are made with
    /// the first; those of the others stay good, so that a secret can be replaced. Without any, no signed request is
    /// believed.
    pub secrets: Vec<Secret>,
    /// How far the time of a signature may be from now; `5m` when absent.
    pub clock_skew_max: Option<TimeSpan>,
    /// Whether a signature may leave the body out (`UNSIGNED-PAYLOAD`); `false` when absent.
    pub unsigned_payload: Option<bool>,
}
