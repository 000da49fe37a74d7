//! What a session opens, for whom, and when it ends.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::within;
use tokio::time::Instant;

use super::{Browser, PASSWORD, admin, code, log_in};
use crate::gateway::{Setup, TestGateway};

fn configuration(more: Value) -> Value {
    json!({"control": {"local_admins": [admin("ada", more)]}})
}

#[tokio::test]
async fn a_session_changes_something_only_for_a_page_of_the_gateway_with_its_token() {
    let gateway = TestGateway::start(configuration(json!({}))).await;
    let browser = Browser::of(&gateway, "ada", &code(0)).await;
    let own = format!("http://{}", gateway.address());
    let put = || browser.send("PUT", "/api/v1/users/u", "{}");
    for call in [
        put(),
        put().header("x-csrf-token", &browser.token),
        put().header("origin", &own),
        put().header("origin", &own).header("x-csrf-token", "x"),
        put().header("origin", &own).header("x-csrf-token", &"A".repeat(browser.token.len())),
        put().header("origin", "https://evil.example").header("x-csrf-token", &browser.token),
        put().header("origin", "null").header("x-csrf-token", &browser.token),
        put().header("sec-fetch-site", "same-site").header("x-csrf-token", &browser.token),
    ] {
        let refused = call.answer().await;
        assert_eq!((refused.status.as_u16(), refused.header("x-tollgate-error")), (403, "TG2027"));
    }
    assert_eq!(browser.get("/api/v1/users").await.json()["objects"], json!([]));
    assert_eq!(browser.of_own_page("PUT", "/api/v1/users/u", "{}").answer().await.status, 201);
    let answer = browser.get("/api/v1/audit?act=create").await.json();
    assert_eq!(answer["records"][0]["entry"]["who"], json!({"local_admin": "ada"}));
}

#[tokio::test]
async fn another_site_signs_nobody_in_nor_out() {
    let gateway = TestGateway::start(configuration(json!({}))).await;
    let body = json!({"name": "ada", "password": PASSWORD, "code": code(0)}).to_string();
    let call = gateway.anybody().post("/auth/login", body).header("origin", "https://evil.example");
    assert_eq!(call.answer().await.header("x-tollgate-error"), "TG2027");
    let browser = Browser::of(&gateway, "ada", &code(0)).await;
    let call = browser.send("POST", "/auth/logout", "").header("origin", "https://evil.example");
    assert_eq!(call.answer().await.status, 403);
    assert_eq!(browser.get("/auth/session").await.status, 200);
}

#[tokio::test]
async fn a_session_that_was_there_before_signing_in_is_never_the_one_after_it() {
    let gateway = TestGateway::start(configuration(json!({}))).await;
    let planted = "0123456789abcdef0123456789abcdef.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let body = |code: &str| json!({"name": "ada", "password": PASSWORD, "code": code}).to_string();
    let call = gateway.anybody().post("/auth/login", body(&code(0)));
    let answer = call.header("cookie", &format!("tollgate={planted}")).answer().await;
    let first = Browser::with(&gateway, &answer);
    assert!(!first.cookie.contains(planted));
    let again = gateway.anybody().post("/auth/login", body(&code(1))).header("cookie", &first.cookie);
    let second = Browser::with(&gateway, &again.answer().await);
    assert_ne!(first.cookie, second.cookie);
    assert_eq!(first.get("/auth/session").await.status, 401, "the one before is over");
    assert_eq!(second.get("/auth/session").await.status, 200);
    let planted = Browser { cookie: format!("tollgate={planted}"), ..second };
    assert_eq!(planted.get("/auth/session").await.status, 401);
}

#[tokio::test]
async fn a_session_ends_when_its_person_signs_out_and_a_key_goes_before_it() {
    let gateway = TestGateway::start(configuration(json!({}))).await;
    let browser = Browser::of(&gateway, "ada", &code(0)).await;
    let with_key = browser.send("GET", "/api/v1/users", "").header("authorization", "Bearer tga-wrong");
    assert_eq!(with_key.answer().await.status, 401, "whoever sends a key means the key");
    let out = browser.of_own_page("POST", "/auth/logout", "").answer().await;
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").starts_with("tollgate=; Path=/; Max-Age=0"));
    for path in ["/auth/session", "/api/v1/users"] {
        assert_eq!(browser.get(path).await.header("x-tollgate-error"), "TG2030");
    }
}

#[tokio::test]
async fn what_is_taken_from_somebody_is_gone_from_their_session_at_once() {
    let mut gateway = TestGateway::start(configuration(json!({}))).await;
    let browser = Browser::of(&gateway, "ada", &code(0)).await;
    let cookie = browser.cookie.clone();
    let status = async |gateway: &TestGateway| {
        let call = gateway.anybody().get("/api/v1/users").header("cookie", &cookie);
        call.answer().await.status.as_u16()
    };
    assert_eq!(status(&gateway).await, 200);
    gateway.reconfigure(configuration(json!({"roles": [{"role": "agent"}]}))).await;
    assert_eq!(status(&gateway).await, 403);
    gateway.reconfigure(configuration(json!({"disabled": true}))).await;
    assert_eq!(status(&gateway).await, 401);
    gateway.reconfigure(configuration(json!({}))).await;
    assert_eq!(status(&gateway).await, 401, "a session that is over does not come back");
}

#[tokio::test]
async fn a_new_password_ends_the_sessions_of_the_old_one() {
    let mut gateway = TestGateway::start(configuration(json!({}))).await;
    let cookie = Browser::of(&gateway, "ada", &code(0)).await.cookie;
    let other = identity::PasswordHash::new("another horse", [1; 16]).unwrap().reveal();
    gateway.reconfigure(configuration(json!({"password_hash": other}))).await;
    let call = gateway.anybody().get("/auth/session").header("cookie", &cookie);
    assert_eq!(call.answer().await.status, 401);
}

#[tokio::test]
async fn a_user_who_is_disabled_loses_sessions_and_keys_in_every_process_within_two_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let start = async || {
        let configuration = json!({
            "state": {"kind": "sqlite", "path": folder.path().join("kept.db")},
            "control": {"local_admins": [admin("ada", json!({})), admin("root", json!({}))]},
        });
        Setup::new().start(configuration).await
    };
    let (one, other) = (start().await, start().await);
    let root = Browser::of(&one, "root", &code(0)).await;
    let put = async |path: &str, body: Value| {
        let call = root.of_own_page("PUT", path, &body.to_string()).header("if-match", "*");
        call.answer().await
    };
    let make = root.of_own_page("PUT", "/api/v1/users/u", "{}").answer().await;
    assert_eq!(make.status, 201, "{}", make.text());
    let key = root.of_own_page("POST", "/api/v1/keys", r#"{"name": "k", "user": "u"}"#).answer().await.json();
    let key = key["key"].as_str().unwrap().to_owned();
    let status = async || other.anybody().with_key(&key).get("/v1/models").answer().await.status.as_u16();
    let becomes = async |wanted: u16| {
        let begun = Instant::now();
        within("the other process", async { while status().await != wanted {} }).await;
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    };
    becomes(200).await;
    assert_eq!(put("/api/v1/users/u", json!({"disabled": true})).await.status, 200);
    becomes(401).await;
    assert_eq!(put("/api/v1/users/u", json!({})).await.status, 200);
    becomes(200).await;
    // Sessions are shared by the processes, too.
    let ada = log_in(&other, "ada", PASSWORD, &code(0)).await;
    assert_eq!(Browser::with(&one, &ada).get("/auth/session").await.status, 200);
}

#[tokio::test]
async fn behind_https_cookies_are_for_https_alone() {
    let mut configuration = configuration(json!({}));
    configuration["control"]["sign_in"] = json!({"public_url": "https://gateway.example.com"});
    let gateway = TestGateway::start(configuration).await;
    let answer = log_in(&gateway, "ada", PASSWORD, &code(0)).await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-tollgate=") && cookie.ends_with("SameSite=Lax; Secure"), "{cookie}");
    let browser = Browser::with(&gateway, &answer);
    let put = |origin: &str| {
        let call = browser.send("PUT", "/api/v1/users/u", "{}").header("origin", origin);
        call.header("x-csrf-token", &browser.token)
    };
    assert_eq!(put(&format!("http://{}", gateway.address())).answer().await.status, 403);
    assert_eq!(put("https://gateway.example.com").answer().await.status, 201);
}
