//! AWS Secrets Manager and the Key Management Service.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html>,
//! <https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html> and `API_Decrypt.html` there.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::ports::key_encryption::DataKey;
use domain::ports::sign_in::SignIn;
use http::{HeaderName, HeaderValue, header};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::round::Held;
use crate::definition::{AwsSettings, AwsVaultSettings, Secret};
use crate::sign_in::{
    Answer, Call, FetchProblem, Outside, Plan as SignInPlan, Planned, Reader, Startable, plan_aws,
};

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const JSON: &str = "application/x-amz-json-1.1";

/// Everything that it takes to ask both services.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    secrets_manager_url: String,
    secrets_manager: SignInPlan,
    kms_url: String,
    kms: SignInPlan,
}

pub(super) fn plan(settings: &AwsVaultSettings, reader: &mut Reader<'_>) -> Result<Plan, Vec<String>> {
    let AwsVaultSettings { region, sign_in, secrets_manager_url, kms_url } = settings;
    let written = region.as_ref().or(sign_in.region.as_ref());
    let region = reader.text(written, &["AWS_REGION", "AWS_DEFAULT_REGION"]);
    let region = region.ok_or_else(|| vec!["AWS_REGION".to_owned()])?;
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    let mut url = |field: &str, written: Option<&String>, variable: &str, service: &str| {
        reader.url(field, written, &[variable], &format!("https://{service}.{region}.{domain}"))
    };
    let (written, variable) = (secrets_manager_url.as_ref(), "AWS_ENDPOINT_URL_SECRETS_MANAGER");
    let secrets_manager_url = url("secrets_manager_url", written, variable, "secretsmanager");
    let kms_url = url("kms_url", kms_url.as_ref(), "AWS_ENDPOINT_URL_KMS", "kms");
    let mut for_service = |service: &str| {
        let settings = AwsSettings {
            service: Some(service.to_owned()),
            region: Some(region.clone()),
            token_prefix: None,
            ..sign_in.clone()
        };
        Planned::plan(plan_aws(&settings, &mut reader.below("sign_in")))
    };
    let secrets_manager = for_service("secretsmanager")?;
    Ok(Plan { secrets_manager_url, secrets_manager, kms_url, kms: for_service("kms")? })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SecretValue {
    secret_string: Option<String>,
    secret_binary: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Encrypted {
    ciphertext_blob: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Decrypted {
    plaintext: Secret,
}

impl Plan {
    /// A sign-in to Secrets Manager, once it is known whether it works.
    pub(super) async fn secrets_manager(&self, outside: &Outside) -> Arc<dyn Startable> {
        self.secrets_manager.begun(outside).await
    }

    /// Has a data key encrypted.
    pub(super) async fn encrypt(
        &self,
        key: &str,
        data_key: &DataKey,
        context: &str,
        outside: &Outside,
    ) -> Result<Vec<u8>, FetchProblem> {
        let plaintext = STANDARD.encode(data_key.expose());
        let body = json!({"KeyId": key, "Plaintext": plaintext, "EncryptionContext": {"tollgate": context}});
        let answer = self.ask_kms("TrentService.Encrypt", &body, &plaintext, outside).await?;
        let blob = answer.json::<Encrypted>()?.ciphertext_blob;
        STANDARD.decode(blob).map_err(|_| answer.unexpected("its ciphertext is no base64"))
    }

    /// Has it decrypted again.
    pub(super) async fn decrypt(
        &self,
        key: &str,
        wrapped: &[u8],
        context: &str,
        outside: &Outside,
    ) -> Result<DataKey, FetchProblem> {
        let body = json!({
            "KeyId": key, "CiphertextBlob": STANDARD.encode(wrapped), "EncryptionContext": {"tollgate": context},
        });
        let answer = self.ask_kms("TrentService.Decrypt", &body, "", outside).await?;
        let plaintext = answer.json::<Decrypted>()?.plaintext;
        let bytes = STANDARD.decode(plaintext.expose()).ok();
        bytes.and_then(|bytes| DataKey::of(&bytes)).ok_or_else(|| answer.unexpected("it is no data key"))
    }

    async fn ask_kms(
        &self,
        target: &'static str,
        body: &Json,
        hidden: &str,
        outside: &Outside,
    ) -> Result<Answer, FetchProblem> {
        let sign_in = self.kms.begun(outside).await;
        let call = call(&self.kms_url, target, body)?.hiding(hidden);
        call.signed(sign_in.as_ref(), outside)?.send(outside).await
    }
}

/// Reads a secret by its name or ARN.
pub(super) async fn read(
    plan: &Plan,
    sign_in: &dyn SignIn,
    location: &[String],
    outside: &Outside,
) -> Result<Held, FetchProblem> {
    let body = json!({"SecretId": location.join("/")});
    let call = call(&plan.secrets_manager_url, "secretsmanager.GetSecretValue", &body)?;
    let answer = call.signed(sign_in, outside)?.send(outside).await?;
    let value = answer.json::<SecretValue>()?;
    if let Some(text) = value.secret_string {
        return Ok(Held::Text(text));
    }
    let bytes = value.secret_binary.and_then(|text| STANDARD.decode(text).ok());
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.map(Held::Text).ok_or_else(|| answer.unexpected("the secret is no text"))
}

fn call(url: &str, target: &'static str, body: &Json) -> Result<Call, FetchProblem> {
    let mut call = Call::to(url)?.with_json(body);
    call.head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
    call.head.headers.insert(TARGET, HeaderValue::from_static(target));
    Ok(call)
}
