//! `log:`.

use schemars::JsonSchema;
use serde::Deserialize;

/// What is logged, on standard error. Bodies and credentials never are.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LogSection {
    /// How a line looks; `text` when absent.
    pub format: Option<LogFormat>,
    /// Which requests have a line; `failures` when absent. Takes effect on reload, unlike the format.
    pub requests: Option<LogRequests>,
    /// Whether a line about a request has its decision: every target with what spoke against it, and every attempt. Not when absent. Takes effect on reload.
    pub decisions: bool,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// Which requests have a line in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogRequests {
    /// None.
    None,
    /// Those that were refused or failed, and each attempt that failed.
    #[default]
    Failures,
    /// All.
    All,
}
