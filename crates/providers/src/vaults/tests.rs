//! Vaults as their vendors document them, played on the loopback interface.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::ports::key_encryption::DataKey;
use secrecy::ExposeSecret;
use serde_json::{Value as Json, json};

use super::{SecretReference, Vaults};
use crate::definition::VaultSettings;
use crate::sign_in::fake::{Asked, Endpoint, outside};

/// Vaults of settings, written as JSON, and environment.
fn vaults(settings: &Json, environment: &[(&str, &str)]) -> Result<Vaults, Vec<String>> {
    let part = |name: &str| settings.get(name).cloned().unwrap_or(Json::Null);
    let settings = VaultSettings {
        vault: serde_json::from_value(part("vault")).unwrap(),
        aws: serde_json::from_value(part("aws")).unwrap(),
        google: serde_json::from_value(part("google")).unwrap(),
        azure: serde_json::from_value(part("azure")).unwrap(),
    };
    let variable =
        |name: &str| environment.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
    let planned = Vaults::plan(&settings, &variable);
    planned.map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn reference(text: &str) -> SecretReference {
    SecretReference::parse(text).unwrap().unwrap()
}

async fn fetched(vaults: &Vaults, texts: &[&str]) -> Vec<Result<String, String>> {
    let references: Vec<_> = texts.iter().map(|text| reference(text)).collect();
    let fetched = vaults.fetch(&references, &outside(&[("/pod/token", "pod-jwt\n")])).await;
    fetched.into_iter().map(|value| value.map(|secret| secret.expose_secret().to_owned())).collect()
}

fn sent(asked: &Asked) -> Json {
    serde_json::from_str(&asked.body).unwrap()
}

#[test]
fn a_reference_names_one_place_in_one_vault() {
    for good in [
        "vault:secret/openai#key",
        "vault:kv/a/b/c#api.key",
        "awssm:prod/openai",
        "awssm:arn:aws:secretsmanager:eu-central-1:123456789012:secret:openai-AbCdEf#key",
        "gcpsm:projects/p/secrets/s/versions/latest",
        "gcpsm:projects/p/secrets/s",
        "gcpsm:projects/p/secrets/s/versions/7#key",
        "azkv:my-vault/openai",
        "azkv:my-vault/openai/0123456789abcdef",
    ] {
        assert_eq!(reference(good).to_string(), good);
    }
    let long = format!("awssm:{}", "a".repeat(3000));
    for bad in [
        "vault:secret/openai",
        "vault:secret#key",
        "vault:#key",
        "vault:secret/../../sys/seal#key",
        "vault:secret//a#key",
        "vault:secret/a b#key",
        "vault:secret/a#",
        "awssm:",
        "awssm:a\r\nx-evil: 1",
        "gcpsm:projects/p/other/s",
        "gcpsm:projects/p/secrets/s/versions",
        "gcpsm:p",
        "azkv:openai",
        "azkv:evil.example/openai",
        "azkv:a/b",
        "azkv:my-vault/a/b/c",
        long.as_str(),
    ] {
        let told = SecretReference::parse(bad).unwrap().unwrap_err();
        assert!(told.contains("is written as `${"), "{bad}: {told}");
    }
    for other in ["env:A", "file:a", "region", "vault", "VAULT:a/b#c"] {
        assert!(SecretReference::parse(other).is_none(), "{other}");
    }
}

#[tokio::test]
async fn vault_is_asked_once_for_each_secret_by_token() {
    let endpoint = Endpoint::answering(|asked| {
        assert_eq!(asked.header("x-vault-token"), "hvs.token");
        assert_eq!(asked.header("x-vault-request"), "true");
        assert_eq!(asked.header("x-vault-namespace"), "team");
        if asked.target != "/v1/secret/data/llm/openai" {
            return (404, json!({"errors": []}).to_string());
        }
        let data = json!({"data": {"key": "sk-one", "port": 8200, "none": null}, "metadata": {"version": 3}});
        (200, json!({"request_id": "x", "data": data}).to_string())
    })
    .await;
    let settings = json!({"vault": {"address": endpoint.url(), "token": "hvs.token", "namespace": "team"}});
    let texts = [
        "vault:secret/llm/openai#key",
        "vault:secret/llm/openai#port",
        "vault:secret/llm/openai#none",
        "vault:secret/llm/gone#key",
    ];
    let got = fetched(&vaults(&settings, &[]).unwrap(), &texts).await;
    assert_eq!((got[0].as_deref(), got[1].as_deref()), (Ok("sk-one"), Ok("8200")));
    assert_eq!(got[2].as_ref().unwrap_err(), "it has no member `none`");
    assert!(got[3].as_ref().unwrap_err().contains("answered with status 404"), "{:?}", got[3]);
    assert_eq!(endpoint.asked().len(), 2);
}

#[tokio::test]
async fn vault_is_signed_in_to_once_by_a_pod_or_a_role() {
    let endpoint = Endpoint::answering(|asked| match asked.target.as_str() {
        "/v1/auth/k8s/login" => {
            assert_eq!(sent(asked), json!({"role": "gateway", "jwt": "pod-jwt"}));
            (200, json!({"auth": {"client_token": "hvs.pod", "lease_duration": 3600}}).to_string())
        }
        "/v1/auth/approle/login" => {
            assert_eq!(sent(asked), json!({"role_id": "r", "secret_id": "s"}));
            (200, json!({"auth": {"client_token": "hvs.role"}}).to_string())
        }
        _ => (200, json!({"data": {"key": asked.header("x-vault-token")}}).to_string()),
    })
    .await;
    let pod = json!({"role": "gateway", "token_file": "/pod/token", "mount": "k8s"});
    let settings = json!({"vault": {"address": endpoint.url(), "kubernetes": pod, "kv_version": 1}});
    let texts = ["vault:kv/a#key", "vault:kv/b#key"];
    let got = fetched(&vaults(&settings, &[]).unwrap(), &texts).await;
    assert_eq!(got, [Ok("hvs.pod".to_owned()), Ok("hvs.pod".to_owned())]);
    let targets: Vec<_> = endpoint.asked().into_iter().map(|asked| asked.target).collect();
    assert_eq!((targets[0].as_str(), targets.len()), ("/v1/auth/k8s/login", 3));
    let role = json!({"role_id": "r", "secret_id": "s"});
    let settings = json!({"vault": {"address": endpoint.url(), "approle": role, "kv_version": 1}});
    let got = fetched(&vaults(&settings, &[]).unwrap(), &["vault:kv/a#key"]).await;
    assert_eq!(got, [Ok("hvs.role".to_owned())]);
}

#[tokio::test]
async fn a_refusal_tells_no_token() {
    let repeats = |asked: &Asked| (403, format!("permission denied for {}", asked.header("x-vault-token")));
    let endpoint = Endpoint::answering(repeats).await;
    let url = endpoint.url();
    let environment = [("VAULT_ADDR", url.as_str()), ("VAULT_TOKEN", "hvs.canary")];
    let got = fetched(&vaults(&json!({}), &environment).unwrap(), &["vault:kv/a#key"]).await;
    let told = got[0].as_ref().unwrap_err();
    assert!(told.contains("permission denied for [redacted]") && !told.contains("canary"), "{told}");
}

#[tokio::test]
async fn secrets_manager_is_asked_with_a_signature() {
    let endpoint = Endpoint::answering(|asked| {
        assert_eq!(asked.header("x-amz-target"), "secretsmanager.GetSecretValue");
        assert_eq!(asked.header("content-type"), "application/x-amz-json-1.1");
        let scope =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-central-1/secretsmanager/aws4_request";
        assert!(asked.header("authorization").starts_with(scope));
        match sent(asked)["SecretId"].as_str().unwrap() {
            "prod/openai" => (200, json!({"SecretString": "{\"key\": \"sk-one\"}"}).to_string()),
            "binary" => (200, json!({"SecretBinary": STANDARD.encode("sk-two\n")}).to_string()),
            _ => {
                (400, json!({"__type": "ResourceNotFoundException", "Message": "no such secret"}).to_string())
            }
        }
    })
    .await;
    let settings = json!({"aws": {"region": "eu-central-1", "secrets_manager_url": endpoint.url()}});
    let environment = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "hush")];
    let vaults = vaults(&settings, &environment).unwrap();
    let texts =
        ["awssm:prod/openai#key", "awssm:prod/openai", "awssm:binary", "awssm:gone", "awssm:binary#key"];
    let got = fetched(&vaults, &texts).await;
    let values: Vec<_> = got.iter().map(|value| value.as_deref().unwrap_or("")).collect();
    assert_eq!(values, ["sk-one", "{\"key\": \"sk-one\"}", "sk-two", "", ""]);
    assert!(got[3].as_ref().unwrap_err().contains("no such secret"));
    assert!(got[4].as_ref().unwrap_err().contains("it is no JSON object"));
}

#[tokio::test]
async fn google_and_azure_are_asked_with_a_token() {
    let endpoint = Endpoint::answering(|asked| {
        let value = |body: Json| (200, body.to_string());
        match asked.target.as_str() {
            target if target.starts_with("/computeMetadata/") => {
                value(json!({"access_token": "ya29", "expires_in": 3600}))
            }
            "/t/oauth2/v2.0/token" => {
                assert_eq!(asked.field("scope").as_deref(), Some("https://vault.azure.net/.default"));
                value(json!({"access_token": "eyJ", "expires_in": 3600}))
            }
            "/v1/projects/p/secrets/s/versions/latest:access" => {
                assert_eq!(asked.header("authorization"), "Bearer ya29");
                value(json!({"name": "x", "payload": {"data": STANDARD.encode("sk-google"), "dataCrc32c": "1"}}))
            }
            "/secrets/openai?api-version=7.4" => {
                assert_eq!(asked.header("authorization"), "Bearer eyJ");
                value(json!({"value": "sk-azure", "id": "https://v.vault.azure.net/secrets/openai/1"}))
            }
            other => (404, other.to_owned()),
        }
    })
    .await;
    let url = endpoint.url();
    let entra = json!({"tenant_id": "t", "client_id": "c", "client_secret": "s", "authority_url": url});
    let settings = json!({
        "google": {"url": url, "sign_in": {"source": "metadata", "metadata_url": url}},
        "azure": {"url": url, "sign_in": entra},
    });
    let texts = ["gcpsm:projects/p/secrets/s", "azkv:my-vault/openai"];
    let got = fetched(&vaults(&settings, &[]).unwrap(), &texts).await;
    assert_eq!(got, [Ok("sk-google".to_owned()), Ok("sk-azure".to_owned())]);
}

#[tokio::test]
async fn what_nobody_said_how_to_reach_is_told_with_what_is_missing() {
    let texts = ["vault:a/b#c", "awssm:a", "gcpsm:projects/p/secrets/s", "azkv:abc/d"];
    let got = fetched(&vaults(&json!({}), &[]).unwrap(), &texts).await;
    for (got, parts) in got.iter().zip([
        ["`secrets.vault`", "VAULT_ADDR"],
        ["`secrets.aws`", "AWS_REGION"],
        ["`secrets.google`", "GOOGLE_APPLICATION_CREDENTIALS"],
        ["`secrets.azure`", "AZURE_CLIENT_SECRET"],
    ]) {
        let told = got.as_ref().unwrap_err();
        assert!(parts.iter().all(|part| told.contains(part)), "{told}");
    }
}

#[test]
fn mistakes_in_settings_are_told_with_their_place() {
    let two_ways =
        json!({"address": "https://v", "token": "t", "approle": {"role_id": "r", "secret_id": "s"}});
    for (settings, part) in [
        (
            json!({"vault": {"address": "vault.example", "token": "t"}}),
            "vault.address: it must start with https://",
        ),
        (json!({"vault": {"token": "t"}}), "vault: it is not said how to sign in there"),
        (json!({"vault": two_ways}), "only one of `token`"),
        (json!({"aws": {"sign_in": {"access_key_id": "a"}, "region": "x"}}), "aws.sign_in.secret_access_key"),
        (json!({"azure": {"domain": "evil/x", "sign_in": {"source": "managed_identity"}}}), "azure.domain"),
    ] {
        let told = vaults(&settings, &[]).unwrap_err().join("\n");
        assert!(told.contains(part), "{settings}: {told}");
    }
}

/// As KMS and transit do it: what is encrypted comes back only with the context that it was encrypted with.
fn encrypting(asked: &Asked) -> (u16, String) {
    let body = sent(asked);
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let refuse = || (400, json!({"errors": ["cipher: message authentication failed"]}).to_string());
    match (asked.target.as_str(), asked.header("x-amz-target")) {
        ("/v1/crypto/transit/encrypt/gateway", _) => {
            let ciphertext = format!("vault:v1:{}.{}", text("associated_data"), text("plaintext"));
            (200, json!({"data": {"ciphertext": ciphertext, "key_version": 1}}).to_string())
        }
        ("/v1/crypto/transit/decrypt/gateway", _) => {
            let ciphertext = text("ciphertext");
            let opened = ciphertext.strip_prefix(&format!("vault:v1:{}.", text("associated_data")));
            opened.map_or_else(refuse, |text| (200, json!({"data": {"plaintext": text}}).to_string()))
        }
        (_, "TrentService.Encrypt") => {
            assert_eq!(text("KeyId"), "alias/tollgate");
            let blob = format!("{}.{}", body["EncryptionContext"], text("Plaintext"));
            (200, json!({"CiphertextBlob": STANDARD.encode(blob), "KeyId": "arn:x"}).to_string())
        }
        (_, "TrentService.Decrypt") => {
            let blob = String::from_utf8(STANDARD.decode(text("CiphertextBlob")).unwrap()).unwrap();
            let opened = blob.strip_prefix(&format!("{}.", body["EncryptionContext"]));
            opened.map_or_else(refuse, |text| (200, json!({"Plaintext": text}).to_string()))
        }
        other => (404, format!("{other:?}")),
    }
}

#[tokio::test]
async fn a_data_key_comes_back_from_kms_and_from_transit_for_its_context_only() {
    let endpoint = Endpoint::answering(encrypting).await;
    let keys = json!({"access_key_id": "a", "secret_access_key": "b"});
    let settings = json!({
        "vault": {"address": endpoint.url(), "token": "hvs.token"},
        "aws": {"region": "eu-central-1", "kms_url": endpoint.url(), "sign_in": keys},
    });
    let vaults = vaults(&settings, &[]).unwrap();
    for (key, id) in [
        (vaults.transit("crypto/transit", "gateway").unwrap(), "vault-transit:crypto/transit/gateway"),
        (vaults.aws_kms("alias/tollgate").unwrap(), "aws-kms:alias/tollgate"),
    ] {
        let key = key.with(outside(&[]));
        assert_eq!((key.key_id(), format!("{key:?}")), (id, format!("OuterKey({id})")));
        let wrapped = key.wrap(&DataKey::new([7; 32]), "providers/openai").await.unwrap();
        assert_eq!(key.unwrap(&wrapped, "providers/openai").await.unwrap().expose(), &[7; 32]);
        let told = key.unwrap(&wrapped, "providers/other").await.unwrap_err().to_string();
        assert!(told.contains("answered with status 400"), "{told}");
    }
}
