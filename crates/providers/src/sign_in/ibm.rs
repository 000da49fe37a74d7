//! IBM Cloud: tokens for an API key.
//!
//! <https://cloud.ibm.com/docs/account?topic=account-iamtoken_from_apikey>

use std::sync::Arc;

use super::bearer::{Bearer, Token, token_in};
use super::exchange::Call;
use super::live::{Issued, Source};
use super::outside::Outside;
use super::plan::{self, Planned, Reader};
use super::problem::FetchProblem;
use super::register::Startable;
use crate::definition::{IbmSettings, Secret};

/// Everything a sign-in to IBM Cloud needs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    api_key: Secret,
    token_url: String,
}

const TOKEN_URL: &str = "https://iam.cloud.ibm.com/identity/token";

/// Plans a sign-in to IBM Cloud.
pub(super) fn plan(settings: &IbmSettings, reader: &mut Reader<'_>) -> Option<Planned> {
    let names = settings.api_key_env.clone().unwrap_or_default();
    let Some(api_key) = reader.secret(settings.api_key.as_ref(), &names) else {
        return Some(Planned::Missing(names));
    };
    let token_url = match &settings.token_url {
        Some(_) => reader.filled("token_url", settings.token_url.as_ref()),
        None => Some(TOKEN_URL.to_owned()),
    };
    let Some(token_url) = token_url else { return Some(Planned::waiting()) };
    Some(Planned::ready(plan::Plan::Ibm(Plan { api_key, token_url })))
}

impl Plan {
    pub(super) fn build(&self) -> Arc<dyn Startable> {
        Arc::new(Bearer::new(self.clone()))
    }
}

impl Source for Plan {
    type Proof = Token;

    async fn fetch(&self, outside: &Outside) -> Result<Issued<Token>, FetchProblem> {
        let key = self.api_key.expose();
        let call = Call::to(&self.token_url)?
            .hiding(key)
            .with_form(&[("grant_type", "urn:ibm:params:oauth:grant-type:apikey"), ("apikey", key)]);
        token_in(&call.send(outside).await?, outside.now())
    }
}

#[cfg(test)]
mod tests;
