//! Tokens of Entra ID from fakes of its services.

use crate::sign_in::fake::{Endpoint, authorization, missing, mistakes, outside, ready, started};

const SCOPE: &str = "[entra]\nscope = \"https://cognitiveservices.azure.com/.default\"\n";
const GRANTED: &str = r#"{"access_token": "ey.entra", "expires_in": 3599, "ext_expires_in": 3599}"#;

async fn entra() -> Endpoint {
    Endpoint::answering(|_| (200, GRANTED.to_owned())).await
}

#[tokio::test]
async fn an_application_shows_its_secret() {
    let entra = entra().await;
    let plan = ready(
        SCOPE,
        &[
            ("AZURE_TENANT_ID", "tenant/1"),
            ("AZURE_CLIENT_ID", "client"),
            ("AZURE_CLIENT_SECRET", "s&s"),
            ("AZURE_AUTHORITY_HOST", &format!("{}/", entra.url())),
        ],
    );
    let sign_in = started(&plan, &outside(&[])).await;
    assert_eq!(authorization(&*sign_in).unwrap(), "Bearer ey.entra");
    let [asked] = &entra.asked()[..] else { panic!("one call") };
    assert_eq!(asked.target, "/tenant%2F1/oauth2/v2.0/token");
    for (field, value) in [
        ("grant_type", "client_credentials"),
        ("client_id", "client"),
        ("client_secret", "s&s"),
        ("scope", "https://cognitiveservices.azure.com/.default"),
    ] {
        assert_eq!(asked.field(field).as_deref(), Some(value));
    }
}

#[tokio::test]
async fn a_workload_shows_the_token_that_its_cluster_gave_it() {
    let entra = entra().await;
    let plan = ready(
        &format!("{SCOPE}authority_url = \"{}\"", entra.url()),
        &[
            ("AZURE_TENANT_ID", "t"),
            ("AZURE_CLIENT_ID", "c"),
            ("AZURE_FEDERATED_TOKEN_FILE", "/var/run/secrets/azure/tokens/token"),
        ],
    );
    let files = [("/var/run/secrets/azure/tokens/token", "ey.cluster\n")];
    let sign_in = started(&plan, &outside(&files)).await;
    assert_eq!(authorization(&*sign_in).unwrap(), "Bearer ey.entra");
    let [asked] = &entra.asked()[..] else { panic!("one call") };
    assert_eq!(asked.field("client_assertion").unwrap(), "ey.cluster");
    assert_eq!(
        asked.field("client_assertion_type").unwrap(),
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    );
    assert!(asked.field("client_secret").is_none());
}

#[tokio::test]
async fn a_machine_asks_its_metadata_service() {
    let entra = entra().await;
    let written = format!("{SCOPE}source = \"managed_identity\"\nmetadata_url = \"{}\"\n", entra.url());
    for (client, end) in [("", ""), ("client_id = \"a b\"", "&client_id=a%20b")] {
        let sign_in = started(&ready(&format!("{written}{client}"), &[]), &outside(&[])).await;
        assert_eq!(authorization(&*sign_in).unwrap(), "Bearer ey.entra");
        let asked = entra.asked().pop().unwrap();
        let path = "/metadata/identity/oauth2/token?api-version=2018-02-01";
        assert_eq!(asked.target, format!("{path}&resource=https%3A%2F%2Fcognitiveservices.azure.com{end}"));
        assert_eq!((asked.method.as_str(), asked.header("metadata")), ("GET", "true"));
    }
}

#[tokio::test]
async fn an_app_asks_where_its_environment_says() {
    let app = Endpoint::answering(|asked| match asked.header("x-identity-header") {
        "proof" => (200, r#"{"access_token": "ey.app", "expires_on": "1767409445"}"#.to_owned()),
        _ => (403, String::new()),
    })
    .await;
    let url = format!("{}/msi/token", app.url());
    let plan = ready(SCOPE, &[("IDENTITY_ENDPOINT", &url), ("IDENTITY_HEADER", "proof")]);
    let sign_in = started(&plan, &outside(&[])).await;
    assert_eq!(authorization(&*sign_in).unwrap(), "Bearer ey.app");
    let target = &app.asked()[0].target;
    assert!(target.starts_with("/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fcogn"), "{target}");
}

#[tokio::test]
async fn a_refusal_is_told_in_its_own_words_without_the_secret() {
    let entra = Endpoint::answering(|_| {
        (
            401,
            r#"{"error": "invalid_client", "error_description": "AADSTS7000215: invalid my-secret"}"#
                .to_owned(),
        )
    })
    .await;
    let written = format!(
        "{SCOPE}tenant_id = \"t\"\nclient_id = \"c\"\nclient_secret = \"my-secret\"\nauthority_url = \"{}\"",
        entra.url()
    );
    let plan = ready(&written, &[]);
    assert!(!format!("{plan:?}").contains("my-secret"));
    let sign_in = started(&plan, &outside(&[])).await;
    let text = authorization(&*sign_in).unwrap_err().to_string();
    assert!(text.contains("AADSTS7000215: invalid [redacted]") && !text.contains("my-secret"), "{text}");
}

#[test]
fn what_is_missing_is_named() {
    assert_eq!(missing(SCOPE, &[])[0], "AZURE_CLIENT_SECRET");
    let found = mistakes(SCOPE, &[("AZURE_CLIENT_SECRET", "s")]);
    assert!(found[0].starts_with("sign_in.entra.tenant_id: it is missing"), "{found:?}");
    assert!(found[1].starts_with("sign_in.entra.client_id: it is missing"), "{found:?}");
    assert!(mistakes("[entra]", &[])[0].starts_with("sign_in.entra.scope: it is missing"));
    let wrong = mistakes(&format!("{SCOPE}authority_url = \"login\""), &[("AZURE_CLIENT_SECRET", "s")]);
    assert!(wrong[0].starts_with("sign_in.entra.authority_url: it must start with"), "{wrong:?}");
}
