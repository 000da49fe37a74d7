//! `tests:`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// A request, and where it has to go. `tollgate check` finds out without calling anybody.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteTestSection {
    /// What it is about, for whoever reads that it failed.
    pub name: String,
    /// The name of the key that the request is made with; one that may do everything when absent.
    #[serde(default)]
    pub key: Option<String>,
    /// The path that it is posted to; `/v1/chat/completions` when absent.
    #[serde(default)]
    pub path: Option<String>,
    /// Its headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: BTreeMap<String, Value>,
    /// What is taken to be down: providers, or `provider/model`.
    #[serde(default)]
    pub down: Vec<String>,
    /// When it is made, such as `2026-11-27T22:00:00Z`; now when absent.
    #[serde(default)]
    pub at: Option<String>,
    /// Where it has to go.
    pub expect: ExpectSection,
}

/// Where a request has to go: one of these.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExpectSection {
    /// The targets that are called, in order, when each of them fails: `[openai/gpt-4o, groq/llama-3.3-70b]`.
    pub targets: Option<Vec<String>>,
    /// The targets of which one is called first, whatever is drawn.
    pub first_of: Option<Vec<String>>,
    /// The error with which it is refused: `TG2003`.
    pub refused: Option<String>,
}
