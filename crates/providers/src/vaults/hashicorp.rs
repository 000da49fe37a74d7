//! HashiCorp Vault, and OpenBao, which answers alike.
//!
//! <https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2>, <https://developer.hashicorp.com/vault/api-docs/auth/kubernetes>,
//! <https://developer.hashicorp.com/vault/api-docs/auth/approle>, <https://developer.hashicorp.com/vault/api-docs/secret/transit>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::ports::key_encryption::DataKey;
use http::{HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::round::Held;
use crate::definition::{HashicorpSettings, Secret};
use crate::percent;
use crate::sign_in::{Call, FetchProblem, Outside, Reader};

const TOKEN: HeaderName = HeaderName::from_static("x-vault-token");
const NAMESPACE: HeaderName = HeaderName::from_static("x-vault-namespace");
/// Proxies of Vault may want it, so that no browser can be made to ask.
const REQUEST: HeaderName = HeaderName::from_static("x-vault-request");
const POD_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// Everything that it takes to ask Vault.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    address: String,
    namespace: Option<String>,
    proof: Proof,
    kv_version: u8,
}

#[derive(Debug, Clone, PartialEq)]
enum Proof {
    Token(Secret),
    Kubernetes { role: String, token_file: String, mount: String },
    AppRole { role_id: String, secret_id: Secret, mount: String },
}

/// A token to ask with.
pub(super) struct Token(Secret);

pub(super) fn plan(settings: &HashicorpSettings, reader: &mut Reader<'_>) -> Result<Plan, Vec<String>> {
    let HashicorpSettings { address, namespace, token, kubernetes, approle, kv_version } = settings;
    if reader.text(address.as_ref(), &["VAULT_ADDR"]).is_none() {
        return Err(vec!["VAULT_ADDR".to_owned(), "VAULT_TOKEN".to_owned()]);
    }
    let address = reader.url("address", address.as_ref(), &["VAULT_ADDR"], "");
    let ways = [token.is_some(), kubernetes.is_some(), approle.is_some()];
    if ways.into_iter().filter(|is_set| *is_set).count() > 1 {
        reader.wrong("", "only one of `token`, `kubernetes` and `approle` is possible; remove the others");
    }
    let mount = |written: Option<&String>, usual: &str| written.cloned().unwrap_or_else(|| usual.to_owned());
    let proof = match (kubernetes, approle) {
        (Some(pod), _) => Proof::Kubernetes {
            role: pod.role.clone(),
            token_file: pod.token_file.clone().unwrap_or_else(|| POD_TOKEN.to_owned()),
            mount: mount(pod.mount.as_ref(), "kubernetes"),
        },
        (None, Some(role)) => Proof::AppRole {
            role_id: role.role_id.clone(),
            secret_id: role.secret_id.clone(),
            mount: mount(role.mount.as_ref(), "approle"),
        },
        (None, None) => {
            let token = reader.secret(token.as_ref(), &["VAULT_TOKEN"]);
            Proof::Token(token.ok_or_else(|| vec!["VAULT_TOKEN".to_owned()])?)
        }
    };
    let namespace = reader.text(namespace.as_ref(), &["VAULT_NAMESPACE"]);
    Ok(Plan { address, namespace, proof, kv_version: kv_version.unwrap_or(2) })
}

#[derive(Deserialize)]
struct SignedIn {
    auth: Issued,
}

#[derive(Deserialize)]
struct Issued {
    client_token: Secret,
}

#[derive(Deserialize)]
struct Answered<T> {
    data: T,
}

#[derive(Deserialize)]
struct Encrypted {
    ciphertext: String,
}

#[derive(Deserialize)]
struct Decrypted {
    plaintext: Secret,
}

impl Plan {
    /// A token: the one that was written, else a new one for what the pod or the role stands for.
    pub(super) async fn sign_in(&self, outside: &Outside) -> Result<Token, FetchProblem> {
        let (mount, body, hidden) = match &self.proof {
            Proof::Token(token) => return Ok(Token(token.clone())),
            Proof::Kubernetes { role, token_file, mount } => {
                let token = outside.read(token_file).await?.trim().to_owned();
                (mount, json!({"role": role, "jwt": token}), token)
            }
            Proof::AppRole { role_id, secret_id, mount } => {
                let secret = secret_id.expose();
                (mount, json!({"role_id": role_id, "secret_id": secret}), secret.to_owned())
            }
        };
        let path = format!("auth/{}/login", percent::encode_path(mount.split('/')));
        let answer = self.call(&path)?.with_json(&body).hiding(&hidden).send(outside).await?;
        Ok(Token(answer.json::<SignedIn>()?.auth.client_token))
    }

    fn call(&self, path: &str) -> Result<Call, FetchProblem> {
        let mut call = Call::to(&format!("{}/v1/{path}", self.address))?;
        call.head.headers.insert(REQUEST, HeaderValue::from_static("true"));
        match &self.namespace {
            Some(namespace) => call.with_header(NAMESPACE, namespace),
            None => Ok(call),
        }
    }

    fn call_with(&self, path: &str, token: &Token) -> Result<Call, FetchProblem> {
        Ok(self.call(path)?.with_header(TOKEN, token.0.expose())?.hiding(token.0.expose()))
    }

    /// Has a data key encrypted; what comes of it is a text.
    pub(super) async fn encrypt(
        &self,
        path: &str,
        key: &DataKey,
        context: &str,
        outside: &Outside,
    ) -> Result<String, FetchProblem> {
        let plaintext = STANDARD.encode(key.expose());
        let body = json!({"plaintext": plaintext, "associated_data": STANDARD.encode(context)});
        let call = self.call_with(path, &self.sign_in(outside).await?)?;
        let answer = call.with_json(&body).hiding(&plaintext).send(outside).await?;
        Ok(answer.json::<Answered<Encrypted>>()?.data.ciphertext)
    }

    /// Has it decrypted again.
    pub(super) async fn decrypt(
        &self,
        path: &str,
        ciphertext: &str,
        context: &str,
        outside: &Outside,
    ) -> Result<DataKey, FetchProblem> {
        let body = json!({"ciphertext": ciphertext, "associated_data": STANDARD.encode(context)});
        let call = self.call_with(path, &self.sign_in(outside).await?)?;
        let answer = call.with_json(&body).send(outside).await?;
        let plaintext = answer.json::<Answered<Decrypted>>()?.data.plaintext;
        let bytes = STANDARD.decode(plaintext.expose()).ok();
        bytes.and_then(|bytes| DataKey::of(&bytes)).ok_or_else(|| answer.unexpected("it is no data key"))
    }
}

/// Reads a secret of the key-value engine.
pub(super) async fn read(
    plan: &Plan,
    token: &Token,
    location: &[String],
    outside: &Outside,
) -> Result<Held, FetchProblem> {
    let (mount, path) = location.split_first().map_or(("", location), |(mount, path)| (mount.as_str(), path));
    let path = percent::encode_path(path.iter().map(String::as_str));
    let mount = percent::encode(mount);
    let url = if plan.kv_version == 1 { format!("{mount}/{path}") } else { format!("{mount}/data/{path}") };
    let answer = plan.call_with(&url, token)?.send(outside).await?;
    let data = answer.json::<Answered<Json>>()?.data;
    let data = if plan.kv_version == 1 { Some(data) } else { data.get("data").cloned() };
    let data = data.filter(Json::is_object);
    data.map(Held::Object).ok_or_else(|| answer.unexpected("it has no `data`; is `kv_version` right?"))
}
