//! Any OAuth 2.0 server: tokens for a client id and secret (RFC 6749 section 4.4).

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;

use super::bearer::{Bearer, Token, token_in};
use super::exchange::Call;
use super::live::{Issued, Source};
use super::outside::Outside;
use super::plan::{self, Planned, Reader};
use super::problem::FetchProblem;
use super::register::Startable;
use crate::definition::{ClientAuthentication, OAuthSettings, Secret};
use crate::percent;

/// Everything a sign-in at an OAuth 2.0 server needs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    token_url: String,
    client_id: String,
    client_secret: Secret,
    scope: Option<String>,
    audience: Option<String>,
    in_body: bool,
}

/// Plans a sign-in at an OAuth 2.0 server.
pub(super) fn plan(settings: &OAuthSettings, reader: &mut Reader<'_>) -> Option<Planned> {
    let named = |list: &Option<Vec<String>>| list.clone().unwrap_or_default();
    let (id_names, secret_names) = (named(&settings.client_id_env), named(&settings.client_secret_env));
    let client_id = reader.text(settings.client_id.as_ref(), &id_names);
    let client_secret = reader.secret(settings.client_secret.as_ref(), &secret_names);
    if settings.token_url.is_none() {
        reader.wrong("token_url", "it is missing; write where tokens are issued");
    }
    let token_url = reader.filled("token_url", settings.token_url.as_ref());
    let (Some(client_id), Some(client_secret)) = (client_id, client_secret) else {
        return Some(Planned::Missing(secret_names.into_iter().chain(id_names).collect()));
    };
    let Some(token_url) = token_url else { return Some(Planned::waiting()) };
    Some(Planned::ready(plan::Plan::OAuth(Plan {
        token_url,
        client_id,
        client_secret,
        scope: settings.scope.clone(),
        audience: settings.audience.clone(),
        in_body: settings.client_authentication == Some(ClientAuthentication::Body),
    })))
}

impl Plan {
    pub(super) fn build(&self) -> Arc<dyn Startable> {
        Arc::new(Bearer::new(self.clone()))
    }

    fn call(&self) -> Result<Call, FetchProblem> {
        let (id, secret) = (self.client_id.as_str(), self.client_secret.expose());
        let mut fields = vec![("grant_type", "client_credentials")];
        fields.extend(self.scope.as_deref().map(|scope| ("scope", scope)));
        fields.extend(self.audience.as_deref().map(|audience| ("audience", audience)));
        if self.in_body {
            fields.extend([("client_id", id), ("client_secret", secret)]);
        }
        let call = Call::to(&self.token_url)?.hiding(secret).with_form(&fields);
        if self.in_body {
            return Ok(call);
        }
        // RFC 6749 section 2.3.1 wants both encoded before they are joined.
        let pair = STANDARD.encode(format!("{}:{}", percent::encode(id), percent::encode(secret)));
        call.hiding(&pair).with_header(AUTHORIZATION, &format!("Basic {pair}"))
    }
}

impl Source for Plan {
    type Proof = Token;

    async fn fetch(&self, outside: &Outside) -> Result<Issued<Token>, FetchProblem> {
        token_in(&self.call()?.send(outside).await?, outside.now())
    }
}

#[cfg(test)]
mod tests;
