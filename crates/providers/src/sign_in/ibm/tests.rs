//! Tokens of IBM Cloud.

use crate::sign_in::fake::{Endpoint, authorization, missing, outside, ready, started};

/// The variables are those of a definition.
const IBM: &str = "[ibm]\napi_key_env = [\"KEY\", \"OTHER_KEY\"]\n";

#[tokio::test]
async fn an_api_key_is_exchanged_for_a_token() {
    let iam = Endpoint::answering(|_| {
        (200, r#"{"access_token": "ibm", "refresh_token": "not_supported", "expires_in": 3600, "expiration": 1}"#.to_owned())
    })
    .await;
    let plan = ready(&format!("{IBM}token_url = \"{}/identity/token\"", iam.url()), &[("KEY", "key")]);
    let sign_in = started(&plan, &outside(&[])).await;
    assert_eq!(authorization(&*sign_in).unwrap(), "Bearer ibm");
    let [asked] = &iam.asked()[..] else { panic!("one call") };
    assert_eq!(asked.target, "/identity/token");
    assert_eq!(asked.field("grant_type").unwrap(), "urn:ibm:params:oauth:grant-type:apikey");
    assert_eq!(asked.field("apikey").unwrap(), "key");
}

#[test]
fn without_a_key_its_variables_are_named() {
    assert_eq!(missing(IBM, &[]), ["KEY", "OTHER_KEY"]);
}
