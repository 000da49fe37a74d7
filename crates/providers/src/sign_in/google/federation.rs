//! Workload identity federation: a token of another issuer is exchanged for one of Google's.
//!
//! <https://google.aip.dev/auth/4117>, <https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token>

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderName;
use http::header::AUTHORIZATION;
use serde::Deserialize;
use serde_json::Value;

use super::SCOPE;
use super::impersonation::{Impersonation, impersonate};
use crate::sign_in::bearer::{Token, token_in};
use crate::sign_in::exchange::Call;
use crate::sign_in::live::Issued;
use crate::sign_in::outside::Outside;
use crate::sign_in::problem::FetchProblem;

const TOKEN_URL: &str = "https://sts.googleapis.com/v1/token";

/// A credentials file of the type `external_account`.
#[derive(Deserialize)]
pub(super) struct ExternalAccount {
    audience: String,
    subject_token_type: String,
    token_url: Option<String>,
    credential_source: CredentialSource,
    service_account_impersonation_url: Option<String>,
    #[serde(default)]
    service_account_impersonation: ImpersonationSettings,
    client_id: Option<String>,
    client_secret: Option<String>,
}

#[derive(Deserialize, Default)]
struct ImpersonationSettings {
    token_lifetime_seconds: Option<u64>,
}

/// Where the other issuer's token is.
#[derive(Deserialize)]
struct CredentialSource {
    file: Option<String>,
    url: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    format: Format,
}

/// How the token is written there: alone, or as a member of a JSON object.
#[derive(Deserialize, Default)]
struct Format {
    r#type: Option<String>,
    subject_token_field_name: Option<String>,
}

impl ExternalAccount {
    /// A new token of Google's.
    pub(super) async fn token(&self, scope: &str, outside: &Outside) -> Result<Issued<Token>, FetchProblem> {
        let Some(url) = &self.service_account_impersonation_url else {
            return self.exchange(scope, outside).await;
        };
        let federated = self.exchange(SCOPE, outside).await?;
        let impersonation = Impersonation {
            url,
            delegates: &[],
            seconds: self.service_account_impersonation.token_lifetime_seconds,
        };
        impersonate(&impersonation, &federated.proof, scope, outside).await
    }

    async fn exchange(&self, scope: &str, outside: &Outside) -> Result<Issued<Token>, FetchProblem> {
        let subject = self.credential_source.token(outside).await?;
        let mut call =
            Call::to(self.token_url.as_deref().unwrap_or(TOKEN_URL))?.hiding(&subject).with_form(&[
                ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                ("audience", &self.audience),
                ("scope", scope),
                ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
                ("subject_token", &subject),
                ("subject_token_type", &self.subject_token_type),
            ]);
        if let (Some(id), Some(secret)) = (&self.client_id, &self.client_secret) {
            let pair = STANDARD.encode(format!("{id}:{secret}"));
            call = call.hiding(secret).with_header(AUTHORIZATION, &format!("Basic {pair}"))?;
        }
        token_in(&call.send(outside).await?, outside.now())
    }
}

impl CredentialSource {
    /// The other issuer's token.
    async fn token(&self, outside: &Outside) -> Result<String, FetchProblem> {
        let (text, place) = match (&self.file, &self.url) {
            (Some(file), _) => (outside.read(file).await?, format!("the file `{file}`")),
            (None, Some(url)) => (self.ask(url, outside).await?, format!("the answer of {url}")),
            (None, None) => {
                let why = "only `file` and `url` can be used; nothing is run, and keys of AWS are not turned into tokens";
                return Err(FetchProblem::unusable("`credential_source`", why));
            }
        };
        self.format.token_in(&text).ok_or_else(|| FetchProblem::unusable(place, "there is no token in it"))
    }

    /// The issuer is often the metadata service of another cloud, so no proxy is used.
    async fn ask(&self, url: &str, outside: &Outside) -> Result<String, FetchProblem> {
        let mut call = Call::to_machine(url)?;
        for (name, value) in &self.headers {
            let name = HeaderName::try_from(name.as_str()).map_err(|_| {
                FetchProblem::unusable("`credential_source.headers`", "one has no valid name")
            })?;
            call = call.with_header(name, value)?;
        }
        Ok(call.send(outside).await?.text()?.to_owned())
    }
}

impl Format {
    fn token_in(&self, text: &str) -> Option<String> {
        let token = match self.r#type.as_deref() {
            Some("json") => {
                let value: Value = serde_json::from_str(text).ok()?;
                value.get(self.subject_token_field_name.as_deref()?)?.as_str()?.trim().to_owned()
            }
            _ => text.trim().to_owned(),
        };
        Some(token).filter(|token| !token.is_empty())
    }
}
