//! `token_issuers:`.

use std::collections::BTreeMap;

use engine::route::time::TimeSpan;
use identity::Algorithm;
use schemars::JsonSchema;
use serde::Deserialize;

use super::key::GrantSection;

/// An issuer of JSON web tokens, such as a single sign-on, a cluster or a build service. Clients send a token where they would send a
/// key. Its keys are fetched in the background and kept while they cannot be.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenIssuerSection {
    /// What it is called in logs, budgets and limits: its callers are called `jwt:NAME/SUB`. Unique.
    pub name: String,
    /// The `iss` of its tokens, to the letter. Unique.
    pub issuer: String,
    /// Whom its tokens have to be for (`aud`): one of these is enough.
    pub audiences: Vec<String>,
    /// Where it publishes its keys (a JSON web key set). HTTPS, unless `allow_insecure`.
    #[serde(default)]
    pub jwks_url: Option<String>,
    /// A file with its keys, in place of `jwks_url`; looked up from the configuration's folder and read again when it changes.
    #[serde(default)]
    pub jwks_file: Option<String>,
    /// Whether `jwks_url` may be plain HTTP to another machine. Whoever is between can then sign tokens. `false` when absent.
    #[serde(default)]
    pub allow_insecure: Option<bool>,
    /// How it signs; no token is believed that is signed otherwise, whatever it says of itself. `[RS256]` when absent.
    #[serde(default)]
    pub algorithms: Option<Vec<Algorithm>>,
    /// How far its clock may be from ours, at most 5 minutes; `60s` when absent.
    #[serde(default)]
    pub leeway: Option<TimeSpan>,
    /// Whose its tokens are and what their callers may do: the first rule that is for a token counts. A token without a rule is
    /// refused.
    pub rules: Vec<TokenRuleSection>,
}

/// Whose a token is and what its caller may do. `${claim}` in a text stands for a claim of the token; names with dots lead inwards.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TokenRuleSection {
    /// Claims by name, each with patterns with `*` of which one has to match; of a claim that is a list, one item. All claims have
    /// to match. For every token when absent.
    pub when: BTreeMap<String, Vec<String>>,
    /// The workspace; the one called `default` when absent.
    pub workspace: Option<String>,
    /// The team, one of the workspace's.
    pub team: Option<String>,
    /// Who calls, such as `${email}`. Needs not be one of `users`.
    pub user: Option<String>,
    /// What it is for, one of the workspace's `environments`.
    pub environment: Option<String>,
    /// Metadata of the requests, texts by name, as in `keys[].metadata`.
    pub metadata: BTreeMap<String, String>,
    /// What the caller may do; all that does not have to be asked for when absent.
    pub may: GrantSection,
}
