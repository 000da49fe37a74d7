//! A credentials file of Google's tools, and the token that it stands for.
//!
//! <https://google.aip.dev/auth/4112> (service account), <https://google.aip.dev/auth/4113> (user),
//! <https://google.aip.dev/auth/4117> (workload identity federation).

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::federation::ExternalAccount;
use super::impersonation::{Impersonation, impersonate};
use crate::sign_in::bearer::{Token, token_in};
use crate::sign_in::exchange::Call;
use crate::sign_in::live::Issued;
use crate::sign_in::outside::Outside;
use crate::sign_in::problem::FetchProblem;
use crate::sign_in::rsa::{NOT_A_KEY, SigningKey, numeric_date};

/// Where tokens are issued to users and service accounts, unless the file says otherwise.
const TOKEN_URL: &str = "https://oauth2.googleapis.com/token";
/// The longest life that is granted to what a service account asserts.
const ASSERTION_LIFE: Duration = Duration::from_secs(3600);

const KNOWN_TYPES: &str =
    "`service_account`, `authorized_user`, `external_account` and `impersonated_service_account`";

/// A credentials file. `place` in errors says where it was.
pub(super) struct CredentialsFile {
    form: Form,
    place: String,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Form {
    ServiceAccount(ServiceAccount),
    AuthorizedUser(AuthorizedUser),
    ExternalAccount(Box<ExternalAccount>),
    ImpersonatedServiceAccount(Impersonated),
}

#[derive(Deserialize)]
struct ServiceAccount {
    client_email: String,
    private_key: String,
    private_key_id: Option<String>,
    token_uri: Option<String>,
}

#[derive(Deserialize)]
struct AuthorizedUser {
    client_id: String,
    client_secret: String,
    refresh_token: String,
    token_uri: Option<String>,
}

#[derive(Deserialize)]
struct Impersonated {
    source_credentials: Box<Form>,
    service_account_impersonation_url: String,
    #[serde(default)]
    delegates: Vec<String>,
}

impl CredentialsFile {
    pub(super) fn parse(text: &str, place: &str) -> Result<Self, FetchProblem> {
        let form = serde_json::from_str(text).map_err(|error| {
            // What serde says may quote a secret, but not where it only misses a member.
            let said = error.to_string();
            let missing = said.strip_prefix("missing field ").and_then(|rest| rest.split('`').nth(1));
            let why = match missing {
                Some(member) => format!("`{member}` is missing in it"),
                None => format!("it is no credentials file of one of the types {KNOWN_TYPES}"),
            };
            FetchProblem::unusable(place, why)
        })?;
        Ok(Self { form, place: place.to_owned() })
    }

    /// A new token of what the file stands for.
    pub(super) async fn token(&self, scope: &str, outside: &Outside) -> Result<Issued<Token>, FetchProblem> {
        match &self.form {
            Form::ImpersonatedServiceAccount(impersonated) => {
                let source = self.own_token(&impersonated.source_credentials, outside).await?;
                let impersonation = Impersonation {
                    url: &impersonated.service_account_impersonation_url,
                    delegates: &impersonated.delegates,
                    seconds: None,
                };
                impersonate(&impersonation, &source.proof, scope, outside).await
            }
            Form::ExternalAccount(account) => account.token(scope, outside).await,
            Form::ServiceAccount(account) => self.of_account(account, scope, outside).await,
            Form::AuthorizedUser(user) => of_user(user, outside).await,
        }
    }

    /// The token of credentials inside of others, which only impersonate.
    async fn own_token(&self, form: &Form, outside: &Outside) -> Result<Issued<Token>, FetchProblem> {
        match form {
            Form::ServiceAccount(account) => self.of_account(account, super::SCOPE, outside).await,
            Form::AuthorizedUser(user) => of_user(user, outside).await,
            Form::ExternalAccount(account) => account.token(super::SCOPE, outside).await,
            Form::ImpersonatedServiceAccount(_) => {
                let why = "its `source_credentials` impersonate in turn; name the chain in `delegates`";
                Err(FetchProblem::unusable(&self.place, why))
            }
        }
    }

    /// <https://developers.google.com/identity/protocols/oauth2/service-account#httprest>
    async fn of_account(
        &self,
        account: &ServiceAccount,
        scope: &str,
        outside: &Outside,
    ) -> Result<Issued<Token>, FetchProblem> {
        let url = account.token_uri.as_deref().unwrap_or(TOKEN_URL);
        let now = outside.now();
        let key = SigningKey::from_pem(&account.private_key);
        let claims = json!({
            "iss": account.client_email,
            "scope": scope,
            "aud": url,
            "iat": numeric_date(now),
            "exp": numeric_date(now + ASSERTION_LIFE),
        });
        let assertion = key.and_then(|key| key.json_web_token(account.private_key_id.as_deref(), &claims));
        let assertion = assertion
            .ok_or_else(|| FetchProblem::unusable(&self.place, format!("in `private_key`: {NOT_A_KEY}")))?;
        let call = Call::to(url)?.hiding(&assertion).with_form(&[
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("assertion", &assertion),
        ]);
        token_in(&call.send(outside).await?, now)
    }
}

/// <https://developers.google.com/identity/protocols/oauth2/web-server#offline>
async fn of_user(user: &AuthorizedUser, outside: &Outside) -> Result<Issued<Token>, FetchProblem> {
    let call = Call::to(user.token_uri.as_deref().unwrap_or(TOKEN_URL))?
        .hiding(&user.client_secret)
        .hiding(&user.refresh_token)
        .with_form(&[
            ("grant_type", "refresh_token"),
            ("client_id", &user.client_id),
            ("client_secret", &user.client_secret),
            ("refresh_token", &user.refresh_token),
        ]);
    token_in(&call.send(outside).await?, outside.now())
}
