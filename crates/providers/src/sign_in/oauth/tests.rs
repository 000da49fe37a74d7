//! Tokens of any OAuth 2.0 server.

use crate::sign_in::fake::{Asked, Endpoint, authorization, missing, mistakes, outside, ready, started};

async fn asked_with(written: &str, environment: &[(&str, &str)]) -> Asked {
    let server =
        Endpoint::answering(|_| (200, r#"{"access_token": "t", "expires_in": 60}"#.to_owned())).await;
    let plan =
        ready(&format!("[oauth]\ntoken_url = \"{}/oidc/v1/token\"\n{written}", server.url()), environment);
    let sign_in = started(&plan, &outside(&[])).await;
    assert_eq!(authorization(&*sign_in).unwrap(), "Bearer t");
    server.asked().pop().unwrap()
}

const NAMES: &str = "client_id_env = [\"ID\"]\nclient_secret_env = [\"A\", \"B\"]\n";

#[tokio::test]
async fn a_client_shows_its_secret_in_the_header_or_in_the_form() {
    let environment = [("ID", "me:1"), ("B", "s/t")];
    let asked =
        asked_with(&format!("{NAMES}scope = \"all-apis\"\naudience = \"https://aud\""), &environment).await;
    // `me%3A1:s%2Ft` in base 64.
    assert_eq!(asked.header("authorization"), "Basic bWUlM0ExOnMlMkZ0");
    assert_eq!(asked.target, "/oidc/v1/token");
    let field = |name| asked.field(name);
    assert_eq!(field("grant_type").as_deref(), Some("client_credentials"));
    assert_eq!(field("scope").as_deref(), Some("all-apis"));
    assert_eq!(field("audience").as_deref(), Some("https://aud"));
    assert_eq!(field("client_secret"), None);

    let asked = asked_with(&format!("{NAMES}client_authentication = \"body\""), &environment).await;
    assert_eq!(asked.header("authorization"), "");
    assert_eq!(asked.field("client_id").as_deref(), Some("me:1"));
    assert_eq!(asked.field("client_secret").as_deref(), Some("s/t"));
}

#[tokio::test]
async fn what_is_written_goes_before_the_environment() {
    let written =
        format!("{NAMES}client_id = \"w\"\nclient_secret = \"x\"\nclient_authentication = \"body\"");
    let asked = asked_with(&written, &[("ID", "e"), ("A", "e")]).await;
    assert_eq!(
        (asked.field("client_id").unwrap(), asked.field("client_secret").unwrap()),
        ("w".into(), "x".into())
    );
}

#[test]
fn what_is_missing_is_named() {
    let text = format!("[oauth]\ntoken_url = \"https://h\"\n{NAMES}");
    assert_eq!(missing(&text, &[("ID", "x")]), ["A", "B", "ID"]);
    assert!(
        mistakes(&format!("[oauth]\n{NAMES}"), &[])[0].starts_with("sign_in.oauth.token_url: it is missing")
    );
}
