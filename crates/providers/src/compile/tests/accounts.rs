//! Laws of credentials that have to be signed in for: which are found, in which order, and what is told of the rest.

use domain::provider::Proof;
use secrecy::ExposeSecret;

use super::{live, missing, problems};

const BASE: &str = r#"
    base_url = "https://${region}.h"
    [auth]
    env = ["TOKEN"]
    [variables.region]
    env = ["REGION"]
    [endpoints]
    models = "/models"
    [sign_in.aws]
    service = "s"
    region = "${region}"
"#;
const KEYS: [(&str, &str); 3] =
    [("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "top-secret"), ("REGION", "r")];

/// `secret` for one that is sent as it is, `signed` for one that is signed in for.
fn kinds(text: &str, environment: &[(&str, &str)]) -> Vec<String> {
    let kind = |credential: &domain::Credential| match (&credential.proof, &credential.secret) {
        (Proof::SignIn(_), None) => "signed".to_owned(),
        (Proof::Header(..), Some(secret)) => secret.expose_secret().to_owned(),
        other => panic!("{other:?}"),
    };
    live(text, environment).credentials.iter().map(kind).collect()
}

#[test]
fn a_secret_of_the_environment_goes_before_an_account_of_the_environment() {
    assert_eq!(kinds(BASE, &KEYS), ["signed"]);
    assert_eq!(kinds(BASE, &[&KEYS[..], &[("TOKEN", "t")]].concat()), ["t"]);
}

#[test]
fn an_account_that_is_written_goes_before_the_environment() {
    let written = format!("{BASE}assume_role_arn = \"arn\"\n");
    assert_eq!(kinds(&written, &[&KEYS[..], &[("TOKEN", "t")]].concat()), ["signed"]);
}

#[test]
fn several_accounts_and_secrets_may_be_written_beside_each_other() {
    let text = format!(
        "credentials = [\"plain\", {{ aws = {{ access_key_id = \"a\", secret_access_key = \"b\" }} }}, \
         {{ aws = {{ assume_role_arn = \"arn\" }} }}]\n{BASE}"
    );
    let provider = live(&text, &KEYS);
    assert_eq!(kinds(&text, &KEYS), ["plain", "signed", "signed"]);
    let ids: Vec<_> = provider.credentials.iter().map(|credential| credential.id.as_str()).collect();
    assert_eq!(ids, ["acme#1", "acme#2", "acme#3"]);
    assert!(!provider.credentials[1].proof.is_same(&provider.credentials[2].proof));
    assert!(!format!("{provider:?}").contains("top-secret"), "{provider:?}");
}

#[test]
fn what_is_missing_names_the_variables_of_all_ways_in() {
    let variables = missing(BASE, &[]);
    for name in ["TOKEN", "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "REGION"] {
        assert!(variables.iter().any(|variable| variable == name), "{name}: {variables:?}");
    }
    assert_eq!(missing(BASE, &KEYS[..2]), ["REGION"]);
}

#[test]
fn a_written_account_without_keys_is_a_mistake_at_its_place() {
    let text = format!(
        "credentials = [{{ aws = {{ external_id = \"x\" }} }}, {{ ibm = {{ api_key = \"k\" }} }}]\n{BASE}"
    );
    let found = problems(&text);
    for start in [
        "credentials[0]: there is nothing to sign in with; write it, or set AWS_ACCESS_KEY_ID or",
        "credentials[1]: only one kind of sign-in is possible",
    ] {
        assert!(found.iter().any(|problem| problem.starts_with(start)), "{start}: {found:?}");
    }
}

#[test]
fn an_environment_that_is_incomplete_is_no_mistake_of_a_provider_that_nobody_named() {
    let half = [("AWS_ACCESS_KEY_ID", "AKIA"), ("REGION", "r")];
    assert_eq!(missing(BASE, &half), ["TOKEN", "AWS_SECRET_ACCESS_KEY"]);
    let unusable = [("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://elsewhere.example"), ("REGION", "r")];
    assert!(missing(BASE, &unusable).contains(&"AWS_CONTAINER_CREDENTIALS_FULL_URI".to_owned()));
    let url = [&KEYS[..], &[("AWS_ENDPOINT_URL_STS", "sts")]].concat();
    assert_eq!(missing(BASE, &url), ["TOKEN", "AWS_ENDPOINT_URL_STS"]);
}
