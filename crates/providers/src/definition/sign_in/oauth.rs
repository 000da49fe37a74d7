//! The settings of a sign-in at any OAuth 2.0 server.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::definition::Secret;

/// Tokens of an OAuth 2.0 server for a client id and secret (RFC 6749 section 4.4).
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OAuthSettings {
    /// Where tokens are issued: `https://host/oidc/v1/token`.
    pub token_url: Option<String>,
    /// The client; else the first variable of `client_id_env` that is set.
    pub client_id: Option<String>,
    /// The client's secret; else the first variable of `client_secret_env` that is set.
    pub client_secret: Option<Secret>,
    /// Environment variables that may hold the client's id.
    pub client_id_env: Option<Vec<String>>,
    /// Environment variables that may hold the client's secret.
    pub client_secret_env: Option<Vec<String>>,
    /// What the token is for.
    pub scope: Option<String>,
    /// Who the token is for, where the server wants to hear it.
    pub audience: Option<String>,
    /// How the client shows its secret; `basic` when left out.
    pub client_authentication: Option<ClientAuthentication>,
}

/// How a client shows its secret to an OAuth 2.0 server (RFC 6749 section 2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthentication {
    /// In `authorization: Basic …`.
    Basic,
    /// In the form that is sent.
    Body,
}

impl OAuthSettings {
    pub(super) fn names_an_account(&self) -> bool {
        self.client_id.is_some() || self.client_secret.is_some()
    }

    pub(super) fn merge(self, over: Self) -> Self {
        merged!(over, self, {
            token_url, client_id, client_secret, client_id_env, client_secret_env, scope, audience,
            client_authentication,
        })
    }
}
