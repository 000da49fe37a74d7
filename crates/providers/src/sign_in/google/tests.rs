//! Tokens of Google Cloud from fakes of its services, for each kind of credentials file.

use serde_json::{Value, json};

use crate::sign_in::fake::{Asked, Endpoint, authorization, missing, outside, ready, started};
use crate::sign_in::rsa::tests::{PKCS8, verified};

const GRANTED: &str = r#"{"access_token": "ya29.token", "expires_in": 3599, "token_type": "Bearer"}"#;

async fn google() -> Endpoint {
    Endpoint::answering(|asked: &Asked| match asked.target.as_str() {
        "/impersonate" => {
            (200, r#"{"accessToken": "impersonated", "expireTime": "2026-01-02T04:00:00Z"}"#.to_owned())
        }
        "/other-issuer" => (200, r#"{"id_token": " subject-of-url "}"#.to_owned()),
        _ => (200, GRANTED.to_owned()),
    })
    .await
}

/// What is sent for a credentials file.
async fn sent(file: &Value, files: &[(&str, &str)]) -> Result<String, String> {
    let text = file.to_string();
    let files = [files, &[("/credentials.json", text.as_str())]].concat();
    let plan = ready("[google]", &[("GOOGLE_APPLICATION_CREDENTIALS", "/credentials.json")]);
    let sign_in = started(&plan, &outside(&files)).await;
    authorization(&*sign_in).map_err(|problem| problem.to_string())
}

fn service_account(url: &str) -> Value {
    json!({
        "type": "service_account",
        "client_email": "robot@project.iam.gserviceaccount.com",
        "private_key": PKCS8,
        "private_key_id": "k1",
        "token_uri": format!("{url}/token"),
    })
}

fn federation(url: &str, source: &Value) -> Value {
    json!({
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": format!("{url}/sts"),
        "credential_source": source,
    })
}

#[tokio::test]
async fn a_service_account_asserts_itself_by_its_key() {
    let google = google().await;
    assert_eq!(sent(&service_account(&google.url()), &[]).await.unwrap(), "Bearer ya29.token");
    let [asked] = &google.asked()[..] else { panic!("one call") };
    assert_eq!(asked.field("grant_type").unwrap(), "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let (header, claims) = verified(&asked.field("assertion").unwrap());
    assert_eq!(header["kid"], "k1");
    assert_eq!(
        claims,
        json!({
            "iss": "robot@project.iam.gserviceaccount.com",
            "scope": "https://www.googleapis.com/auth/cloud-platform",
            "aud": format!("{}/token", google.url()),
            "iat": 1_767_323_045,
            "exp": 1_767_326_645,
        })
    );
}

#[tokio::test]
async fn a_user_signs_in_by_a_refresh_token() {
    let google = google().await;
    let file = json!({
        "type": "authorized_user", "client_id": "id", "client_secret": "cs", "refresh_token": "1//rt",
        "token_uri": google.url(), "quota_project_id": "p", "account": "",
    });
    assert_eq!(sent(&file, &[]).await.unwrap(), "Bearer ya29.token");
    let [asked] = &google.asked()[..] else { panic!("one call") };
    assert_eq!(asked.field("grant_type").unwrap(), "refresh_token");
    assert_eq!(asked.field("refresh_token").unwrap(), "1//rt");
}

#[tokio::test]
async fn a_token_of_another_issuer_is_exchanged_wherever_it_is() {
    let google = google().await;
    let url_source = json!({
        "url": format!("{}/other-issuer", google.url()),
        "headers": {"Metadata": "true"},
        "format": {"type": "json", "subject_token_field_name": "id_token"},
    });
    for (source, subject) in [
        (json!({"file": "/var/run/token"}), "subject-of-file"),
        (
            json!({"file": "/json", "format": {"type": "json", "subject_token_field_name": "t"}}),
            "subject-of-json",
        ),
        (url_source, "subject-of-url"),
    ] {
        let files = [("/var/run/token", "subject-of-file\n"), ("/json", r#"{"t": "subject-of-json"}"#)];
        assert_eq!(sent(&federation(&google.url(), &source), &files).await.unwrap(), "Bearer ya29.token");
        let asked = google.asked().pop().unwrap();
        assert_eq!(asked.target, "/sts");
        assert_eq!(asked.field("subject_token").unwrap(), subject);
        assert_eq!(asked.field("grant_type").unwrap(), "urn:ietf:params:oauth:grant-type:token-exchange");
        assert_eq!(asked.field("scope").unwrap(), "https://www.googleapis.com/auth/cloud-platform");
    }
    let other = google.asked().into_iter().find(|asked| asked.target == "/other-issuer").unwrap();
    assert_eq!(other.header("metadata"), "true");
}

#[tokio::test]
async fn a_service_account_is_impersonated_by_federation_and_by_a_file_that_says_so() {
    let google = google().await;
    let mut federated = federation(&google.url(), &json!({"file": "/token"}));
    federated["service_account_impersonation_url"] = json!(format!("{}/impersonate", google.url()));
    federated["service_account_impersonation"] = json!({"token_lifetime_seconds": 600});
    let nested = json!({
        "type": "impersonated_service_account",
        "service_account_impersonation_url": format!("{}/impersonate", google.url()),
        "delegates": ["between"],
        "source_credentials": service_account(&google.url()),
    });
    for (file, body) in [
        (federated, json!({"delegates": [], "lifetime": "600s"})),
        (nested, json!({"delegates": ["between"], "lifetime": "3600s"})),
    ] {
        assert_eq!(sent(&file, &[("/token", "t")]).await.unwrap(), "Bearer impersonated");
        let asked = google.asked().pop().unwrap();
        assert_eq!(asked.header("authorization"), "Bearer ya29.token");
        let sent: Value = serde_json::from_str(&asked.body).unwrap();
        assert_eq!((&sent["delegates"], &sent["lifetime"]), (&body["delegates"], &body["lifetime"]));
        assert_eq!(sent["scope"], json!(["https://www.googleapis.com/auth/cloud-platform"]));
    }
}

#[tokio::test]
async fn a_machine_asks_its_metadata_service() {
    let google = google().await;
    let plan = ready(&format!("[google]\nsource = \"metadata\"\nmetadata_url = \"{}\"", google.url()), &[]);
    let sign_in = started(&plan, &outside(&[])).await;
    assert_eq!(authorization(&*sign_in).unwrap(), "Bearer ya29.token");
    let [asked] = &google.asked()[..] else { panic!("one call") };
    assert!(
        asked
            .target
            .starts_with("/computeMetadata/v1/instance/service-accounts/default/token?scopes=https%3A")
    );
    assert_eq!(asked.header("metadata-flavor"), "Google");
}

#[tokio::test]
async fn credentials_may_stand_in_the_configuration_itself() {
    let google = google().await;
    let content = service_account(&google.url()).to_string();
    let plan = ready(&format!("[google]\ncredentials = {}", toml::Value::from(content)), &[]);
    let sign_in = started(&plan, &outside(&[])).await;
    assert_eq!(authorization(&*sign_in).unwrap(), "Bearer ya29.token");
    assert!(!format!("{plan:?}").contains("PRIVATE KEY"));
    assert_eq!(missing("[google]", &[]), ["GOOGLE_APPLICATION_CREDENTIALS"]);
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_told_without_its_content() {
    let google = google().await;
    let bad_key = json!({"type": "service_account", "client_email": "e", "private_key": "top-secret"});
    let nowhere = federation(&google.url(), &json!({"executable": {"command": "top-secret"}}));
    let empty = federation(&google.url(), &json!({"file": "/empty"}));
    let chain = json!({
        "type": "impersonated_service_account", "service_account_impersonation_url": "https://h",
        "source_credentials": {
            "type": "impersonated_service_account", "service_account_impersonation_url": "https://h",
            "source_credentials": bad_key,
        },
    });
    for (file, why) in [
        (
            json!({"type": "gdch_service_account", "private_key": "top-secret"}),
            "of one of the types `service_account`",
        ),
        (json!({"type": "service_account", "private_key": "top-secret"}), "`client_email` is missing in it"),
        (json!("top-secret"), "of one of the types `service_account`"),
        (bad_key, "in `private_key`: it holds no RSA private key in PEM"),
        (nowhere, "`credential_source`: only `file` and `url` can be used"),
        (empty, "the file `/empty`: there is no token in it"),
        (chain, "name the chain in `delegates`"),
    ] {
        let text = sent(&file, &[("/empty", " \n")]).await.unwrap_err();
        assert!(text.contains(why), "{text}");
        assert!(!text.contains("top-secret"), "{text}");
    }
}
