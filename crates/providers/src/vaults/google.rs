//! Google Secret Manager.
//!
//! <https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access>

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::ports::sign_in::SignIn;
use serde::Deserialize;

use super::round::Held;
use crate::definition::{GoogleVaultSettings, Secret};
use crate::percent;
use crate::sign_in::{
    Call, FetchProblem, NO_VARIABLE, Outside, Plan as SignInPlan, Planned, Reader, Startable, plan_google,
};

const URL: &str = "https://secretmanager.googleapis.com";

/// Everything that it takes to ask it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    url: String,
    sign_in: SignInPlan,
}

pub(super) fn plan(settings: &GoogleVaultSettings, reader: &mut Reader<'_>) -> Result<Plan, Vec<String>> {
    let url = reader.url("url", settings.url.as_ref(), NO_VARIABLE, URL);
    let sign_in = Planned::plan(plan_google(&settings.sign_in, &mut reader.below("sign_in")))?;
    Ok(Plan { url, sign_in })
}

#[derive(Deserialize)]
struct Accessed {
    payload: Payload,
}

#[derive(Deserialize)]
struct Payload {
    data: Secret,
}

impl Plan {
    /// A sign-in, once it is known whether it works.
    pub(super) async fn sign_in(&self, outside: &Outside) -> Arc<dyn Startable> {
        self.sign_in.begun(outside).await
    }
}

/// Reads a version of a secret.
pub(super) async fn read(
    plan: &Plan,
    sign_in: &dyn SignIn,
    location: &[String],
    outside: &Outside,
) -> Result<Held, FetchProblem> {
    let name = percent::encode_path(location.iter().map(String::as_str));
    let call = Call::to(&format!("{}/v1/{name}:access", plan.url))?;
    let answer = call.signed(sign_in, outside)?.send(outside).await?;
    let data = answer.json::<Accessed>()?.payload.data;
    let bytes = STANDARD.decode(data.expose()).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.map(Held::Text).ok_or_else(|| answer.unexpected("the secret is no text"))
}
