//! Azure Key Vault.
//!
//! <https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret/get-secret>

use std::sync::Arc;

use domain::ports::sign_in::SignIn;
use serde::Deserialize;

use super::round::Held;
use crate::definition::{AzureVaultSettings, EntraSettings};
use crate::percent;
use crate::sign_in::{
    Call, FetchProblem, NO_VARIABLE, Outside, Plan as SignInPlan, Planned, Reader, Startable, plan_entra,
};

const DOMAIN: &str = "vault.azure.net";
const API_VERSION: &str = "7.4";

/// Everything that it takes to ask it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    domain: String,
    /// For all vaults, where they have no hosts of their own.
    url: Option<String>,
    sign_in: SignInPlan,
}

pub(super) fn plan(settings: &AzureVaultSettings, reader: &mut Reader<'_>) -> Result<Plan, Vec<String>> {
    let AzureVaultSettings { sign_in, domain, url } = settings;
    let url = url.as_ref().map(|url| reader.url("url", Some(url), NO_VARIABLE, ""));
    let domain = domain.clone().unwrap_or_else(|| DOMAIN.to_owned());
    if !domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-')) {
        reader.wrong("domain", "it is not the end of a host's name, such as `vault.azure.cn`");
    }
    let scope = sign_in.scope.clone().unwrap_or_else(|| format!("https://{domain}/.default"));
    let sign_in = EntraSettings { scope: Some(scope), ..sign_in.clone() };
    let sign_in = Planned::plan(plan_entra(&sign_in, &mut reader.below("sign_in")))?;
    Ok(Plan { domain, url, sign_in })
}

#[derive(Deserialize)]
struct SecretBundle {
    value: String,
}

impl Plan {
    /// A sign-in, once it is known whether it works.
    pub(super) async fn sign_in(&self, outside: &Outside) -> Arc<dyn Startable> {
        self.sign_in.begun(outside).await
    }
}

/// Reads a secret: the vault's name, the secret's, and a version where one is named.
pub(super) async fn read(
    plan: &Plan,
    sign_in: &dyn SignIn,
    location: &[String],
    outside: &Outside,
) -> Result<Held, FetchProblem> {
    let (vault, secret) =
        location.split_first().map_or(("", location), |(vault, rest)| (vault.as_str(), rest));
    let host = || format!("https://{vault}.{}", plan.domain);
    let host = plan.url.clone().unwrap_or_else(host);
    let secret = percent::encode_path(secret.iter().map(String::as_str));
    let call = Call::to(&format!("{host}/secrets/{secret}?api-version={API_VERSION}"))?;
    let answer = call.signed(sign_in, outside)?.send(outside).await?;
    Ok(Held::Text(answer.json::<SecretBundle>()?.value))
}
