//! Where AWS keys come from, and how they are fetched.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use serde::Deserialize;

use super::plan::{AssumedRole, ContainerAgent, Keys, Plan};
use super::signature::Scope;
use super::{instance, profile, security_token};
use crate::sign_in::exchange::{Answer, Call};
use crate::sign_in::live::{Issued, Source};
use crate::sign_in::outside::Outside;
use crate::sign_in::problem::FetchProblem;

/// The source of a plan's keys.
pub(super) struct KeySource {
    keys: Keys,
    assumed: Option<AssumedRole>,
    sts_url: String,
    /// What calls of the Security Token Service are signed for.
    sts_scope: Scope,
}

impl KeySource {
    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            keys: plan.keys.clone(),
            assumed: plan.assumed.clone(),
            sts_url: plan.sts_url.clone(),
            sts_scope: Scope { service: "sts".to_owned(), region: plan.scope.region.clone() },
        }
    }

    async fn own_keys(&self, outside: &Outside) -> Result<Issued<Credentials>, FetchProblem> {
        match &self.keys {
            Keys::Fixed(keys) => {
                let token = keys.session_token.as_ref().map(|token| token.expose().to_owned());
                let secret = keys.secret_access_key.expose();
                Ok(issued(&keys.access_key_id, secret, token, None))
            }
            Keys::WebIdentity(identity) => {
                security_token::by_web_identity(&self.sts_url, identity, outside).await
            }
            Keys::Profile { file, profile } => profile::keys(&outside.read(file).await?, file, profile),
            Keys::Container(agent) => by_container(agent, outside).await,
            Keys::Instance { url } => instance::keys(url, outside).await,
        }
    }
}

impl Source for KeySource {
    type Proof = Credentials;

    fn at_hand(&self) -> Option<Credentials> {
        let (Keys::Fixed(keys), None) = (&self.keys, &self.assumed) else { return None };
        let token = keys.session_token.as_ref().map(|token| token.expose().to_owned());
        Some(issued(&keys.access_key_id, keys.secret_access_key.expose(), token, None).proof)
    }

    async fn fetch(&self, outside: &Outside) -> Result<Issued<Credentials>, FetchProblem> {
        let own = self.own_keys(outside).await?;
        match &self.assumed {
            None => Ok(own),
            Some(role) => {
                security_token::by_role(&self.sts_url, &self.sts_scope, role, &own.proof, outside).await
            }
        }
    }
}

/// Keys as they are kept.
pub(super) fn issued(
    access_key_id: &str,
    secret_access_key: &str,
    session_token: Option<String>,
    expires: Option<SystemTime>,
) -> Issued<Credentials> {
    let proof = Credentials::new(access_key_id, secret_access_key, session_token, None, "tollgate");
    Issued { proof, expires }
}

/// Keys as metadata services answer them.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html>
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeysAnswer {
    access_key_id: String,
    secret_access_key: String,
    token: String,
    expiration: String,
}

/// The keys that a metadata service answered.
pub(super) fn keys_in(answer: &Answer) -> Result<Issued<Credentials>, FetchProblem> {
    let keys: KeysAnswer = answer.json()?;
    let expires =
        instant(&keys.expiration).ok_or_else(|| answer.unexpected("its `Expiration` is no time"))?;
    Ok(issued(&keys.access_key_id, &keys.secret_access_key, Some(keys.token), Some(expires)))
}

/// A point in time as AWS writes it: `2026-01-31T12:00:00Z`.
pub(super) fn instant(text: &str) -> Option<SystemTime> {
    text.trim().parse::<jiff::Timestamp>().ok().map(SystemTime::from)
}

async fn by_container(
    agent: &ContainerAgent,
    outside: &Outside,
) -> Result<Issued<Credentials>, FetchProblem> {
    let mut call = Call::to_machine(&agent.url)?;
    let authorization = match (&agent.authorization_file, &agent.authorization) {
        (Some(file), _) => Some(outside.read(file).await?.trim().to_owned()),
        (None, authorization) => authorization.as_ref().map(|secret| secret.expose().to_owned()),
    };
    if let Some(authorization) = authorization {
        call = call.with_header(http::header::AUTHORIZATION, &authorization)?.hiding(&authorization);
    }
    keys_in(&call.send(outside).await?)
}

#[cfg(test)]
mod tests;
