//! Signing in with a password and a code: what is needed, that nothing is told by how it fails, and how soon it may be tried again.

use serde_json::{Value, json};

use super::{Browser, PASSWORD, admin, code, log_in};
use crate::gateway::TestGateway;

async fn gateway() -> TestGateway {
    let admins = json!([admin("ada", json!({})), admin("off", json!({"disabled": true}))]);
    TestGateway::start(json!({"control": {"local_admins": admins}})).await
}

#[tokio::test]
async fn a_person_with_password_and_code_comes_in_and_sees_who_they_are() {
    let gateway = gateway().await;
    let answer = log_in(&gateway, "ada", PASSWORD, &code(0)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("tollgate=") && cookie.ends_with("; HttpOnly; SameSite=Lax"), "{cookie}");
    assert_eq!(answer.header("cache-control"), "no-store");
    let browser = Browser::with(&gateway, &answer);
    let told = browser.get("/auth/session").await.json();
    assert_eq!((&told["who"], &told["roles"]), (&json!({"local_admin": "ada"}), &json!([{"role": "owner"}])));
    assert_eq!(told["csrf_token"], answer.json()["csrf_token"]);
    assert_eq!(browser.get("/api/v1/users").await.status, 200);
}

#[tokio::test]
async fn every_wrong_part_is_refused_in_the_same_words() {
    let gateway = gateway().await;
    let right = code(0);
    let mut answers = Vec::new();
    for (name, password, code) in [
        ("ada", "wrong horse battery", right.as_str()),
        ("ada", PASSWORD, "000000"),
        ("ada", PASSWORD, ""),
        ("eve", PASSWORD, &right),
        ("off", PASSWORD, &right),
        ("", "", ""),
        ("ada", &"x".repeat(4_000), &right),
    ] {
        let answer = log_in(&gateway, name, password, code).await;
        assert_eq!(answer.header("x-tollgate-error"), "TG2026", "{name} {}", answer.text());
        assert!(!answer.headers.contains_key("set-cookie"));
        answers.push((answer.status, answer.text().to_owned()));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn a_code_is_good_once() {
    let gateway = gateway().await;
    let (first, second) = (code(0), code(1));
    assert_eq!(log_in(&gateway, "ada", PASSWORD, &second).await.status, 200);
    for used in [&second, &first] {
        assert_eq!(log_in(&gateway, "ada", PASSWORD, used).await.status, 401, "also not one of before");
    }
}

#[tokio::test]
async fn whoever_guesses_has_to_wait_whether_or_not_there_is_such_a_name() {
    let gateway = gateway().await;
    for name in ["ada", "nobody"] {
        for _ in 0..5 {
            assert_eq!(log_in(&gateway, name, "wrong horse battery", "000000").await.status, 401);
        }
        // The waits double, so that one of the next is too soon however slow the machine is.
        let mut refused = log_in(&gateway, name, "wrong horse battery", "000000").await;
        while refused.status == 401 {
            refused = log_in(&gateway, name, "wrong horse battery", "000000").await;
        }
        assert_eq!((refused.status.as_u16(), refused.header("x-tollgate-error")), (429, "TG2029"), "{name}");
        assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
        assert_eq!(log_in(&gateway, name, PASSWORD, &code(0)).await.status, 429, "also who has it right");
    }
    assert_eq!(
        log_in(&gateway, "other", PASSWORD, &code(0)).await.status,
        401,
        "other names are not held back"
    );
}

#[tokio::test]
async fn many_guesses_at_once_are_as_many_as_one_after_the_other() {
    let gateway = gateway().await;
    let mut guesses = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let body = json!({"name": "ada", "password": "wrong horse battery", "code": "000000"});
        let call = gateway.anybody().post("/auth/login", body.to_string());
        guesses.spawn(async move { call.answer().await });
    }
    let answers = guesses.join_all().await;
    let judged = answers.iter().filter(|answer| answer.status == 401).count();
    assert!(judged <= 8, "{judged} were compared");
    assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 401 | 429)));
}

#[tokio::test]
async fn what_is_no_sign_in_is_refused_for_what_it_is() {
    let gateway = gateway().await;
    let long = format!("{{\"name\": \"{}\"}}", "x".repeat(10_000));
    for (method, path, kind, body, status, code) in [
        ("POST", "/auth/login", "application/json", "{}", 400, "TG1002"),
        ("POST", "/auth/login", "application/json", "[]", 400, "TG1001"),
        ("POST", "/auth/login", "application/json", long.as_str(), 413, "TG1004"),
        ("POST", "/auth/login", "application/x-www-form-urlencoded", "name=a", 415, "TG1005"),
        ("POST", "/auth/login", "text/plain", "{}", 415, "TG1005"),
        ("GET", "/auth/login", "application/json", "", 405, "TG1007"),
        ("GET", "/auth/", "application/json", "", 404, "TG1008"),
        ("GET", "/auth/%2e%2e/api/v1/keys", "application/json", "", 404, "TG1008"),
        ("GET", "/auth/session", "application/json", "", 401, "TG2030"),
        ("POST", "/auth/logout", "application/json", "", 401, "TG2030"),
    ] {
        let call = gateway.anybody().send(method.parse().unwrap(), path, body.to_owned());
        let refused = call.header("content-type", kind).answer().await;
        assert_eq!((refused.status.as_u16(), refused.header("x-tollgate-error")), (status, code), "{path}");
    }
}

#[tokio::test]
async fn signing_in_and_out_and_failing_is_written_down_without_what_was_typed() {
    let gateway = gateway().await;
    log_in(&gateway, "my-password-by-mistake", PASSWORD, "000000").await;
    log_in(&gateway, "ada", "wrong horse battery", "000000").await;
    let browser = Browser::of(&gateway, "ada", &code(0)).await;
    assert_eq!(browser.of_own_page("POST", "/auth/logout", "").answer().await.status, 204);
    let browser = Browser::of(&gateway, "ada", &code(1)).await;
    let answer = browser.get("/api/v1/audit").await;
    let told = answer.json();
    let lines = told["records"].as_array().unwrap().iter().map(|record| {
        let entry = &record["entry"];
        json!([entry["who"], entry["act"], entry["resource"]["name"], entry["outcome"], entry["from"]])
    });
    let network = json!({"network": "127.0.0.0/24"});
    let person = json!({"local_admin": "ada"});
    let denied = json!({"denied": "TG2026"});
    assert_eq!(
        lines.collect::<Vec<_>>(),
        [
            json!([network, "sign_in", Value::Null, denied, "127.0.0.1"]),
            json!([network, "sign_in", "ada", denied, "127.0.0.1"]),
            json!([person, "sign_in", Value::Null, "done", "127.0.0.1"]),
            json!([person, "sign_out", Value::Null, "done", "127.0.0.1"]),
            json!([person, "sign_in", Value::Null, "done", "127.0.0.1"]),
        ]
    );
    for typed in ["my-password", PASSWORD, "wrong horse"] {
        assert!(!answer.text().contains(typed));
    }
}
