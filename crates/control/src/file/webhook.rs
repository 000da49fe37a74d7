//! `webhooks:`.

use std::collections::BTreeMap;

use providers::definition::Secret;
use schemars::JsonSchema;
use serde::Deserialize;

/// Somebody who is told what happens to budgets: messages are posted there, signed as Standard Webhooks says, until they are taken.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookSection {
    /// Its name, which budgets give in `notify`; unique among webhooks.
    pub name: String,
    /// Where messages are posted, such as `https://hooks.example.com/tollgate`. It may be in the operator's own network. Redirects are not
    /// followed.
    pub url: String,
    /// What messages are signed with, best written as `${env:NAME}`: `whsec_` and the Base64 of 24 to 64 random bytes.
    pub secret: Secret,
    /// What they are signed with besides, while a receiver does not know the new secret yet.
    #[serde(default)]
    pub previous_secret: Option<Secret>,
    /// Headers that go with each message, such as `authorization`; their values are kept as secrets are.
    #[serde(default)]
    pub headers: BTreeMap<String, Secret>,
}
