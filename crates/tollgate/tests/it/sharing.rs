//! Credentials that are shared with chosen workspaces: used for those, and as if they were not there for the others.

use serde_json::{Value, json};
use testkit::{Answer, EventStream, FakeProvider, scripts};

use crate::configuration::{key_entry, provider};
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;

/// `p` is for workspace `a`, `q` has a credential for each of both, `r` is a route over `p` and `q`, `only` one to `p`. Key 1 is of
/// workspace `a` and key 2 of `b`.
fn configuration(fake: &FakeProvider) -> Value {
    let (mut p, mut q) = (provider(fake.base_url()), provider(fake.base_url()));
    p["workspaces"] = json!(["a"]);
    p["models"] = json!(["alpha", "both"]);
    q["models"] = json!(["both"]);
    q["credentials"] = json!([
        {"secret": "sk-of-a", "workspaces": ["a"]},
        {"secret": "sk-of-b", "workspaces": ["b"]},
    ]);
    let key = |number: u8, workspace: &str| {
        let may =
            json!({"workspace": workspace, "passthrough": true, "inline_config": true, "explain": true});
        key_entry(number, may)
    };
    json!({
        "workspaces": {"a": {}, "b": {}},
        "providers": {"p": p, "q": q},
        "routes": {
            "r": {"strategy": {"mode": "fallback"}, "targets": [{"target": "p/m"}, {"target": "q/m"}]},
            "only": {"target": "p/m"},
        },
        "keys": [key(1, "a"), key(2, "b")],
    })
}

async fn ask(gateway: &TestGateway, number: u8, model: &str) -> Answer {
    let body = scripts::request(CHAT, model, false).to_string();
    gateway.client_of(number).post(scripts::path(CHAT), body).answer().await
}

fn bearers(fake: &FakeProvider) -> Vec<String> {
    let bearer = |request: &testkit::ScriptedRequest| {
        let value = request.headers["authorization"].to_str().unwrap();
        value.trim_start_matches("Bearer ").to_owned()
    };
    fake.requests().iter().map(bearer).collect()
}

/// What is told, with the name that was asked for taken out.
fn told(answer: &Answer, name: &str) -> (u16, String) {
    let text = answer.text().replace(name, "NAME");
    let id = answer.header("x-tollgate-request-id").to_owned();
    (answer.status.as_u16(), if id.is_empty() { text } else { text.replace(&id, "ID") })
}

#[tokio::test]
async fn a_credential_serves_only_the_workspaces_that_share_it() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::start(configuration(&fake)).await;
    for _ in 0..4 {
        assert_eq!(ask(&gateway, 2, "q/echo").await.status, 200);
    }
    assert_eq!(bearers(&fake), ["sk-of-b"; 4]);
    // Also where it is refused or at its limit, nobody else's takes its place.
    for status in [401, 429] {
        let before = fake.asked();
        fake.next(scripts::error(status, "not you"));
        let answer = ask(&gateway, 2, "q/echo").await;
        assert!(!answer.status.is_success() || fake.asked() > before + 1, "{}", answer.text());
        assert!(bearers(&fake).iter().all(|bearer| bearer == "sk-of-b"));
    }
    assert_eq!(ask(&gateway, 1, "q/echo").await.status, 200);
    assert_eq!(bearers(&fake).last().unwrap(), "sk-of-a");
}

#[tokio::test]
async fn a_provider_that_is_not_shared_is_as_one_that_is_not_there() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::start(configuration(&fake)).await;
    let hidden = ask(&gateway, 2, "p/echo").await;
    let absent = ask(&gateway, 2, "z/echo").await;
    assert_eq!((hidden.status.as_u16(), hidden.error_code()), (404, "TG2006".to_owned()));
    assert_eq!(told(&hidden, "p/echo"), told(&absent, "z/echo"));
    for model in ["only", "alpha"] {
        let answer = ask(&gateway, 2, model).await;
        assert_eq!((answer.status.as_u16(), answer.error_code()), (404, "TG2006".to_owned()), "{model}");
    }
    let client = gateway.client_of(2);
    let passed = |name: &str| client.get(&format!("/providers/{name}/v1/files"));
    let (hidden, absent) = (passed("p").answer().await, passed("z").answer().await);
    assert_eq!((hidden.status.as_u16(), hidden.error_code()), (404, "TG2007".to_owned()));
    assert_eq!(told(&hidden, "`p`"), told(&absent, "`z`"));
    let body = || scripts::request(CHAT, "echo", false).to_string();
    let of = |header: &str, value: String| client.post(scripts::path(CHAT), body()).header(header, &value);
    for header in ["x-tollgate-config", "x-tollgate-provider"] {
        let value = |name: &str| match header {
            "x-tollgate-config" => format!(r#"{{"provider":"{name}","model":"m"}}"#),
            _ => name.to_owned(),
        };
        let hidden = of(header, value("p")).answer().await;
        let absent = of(header, value("z")).answer().await;
        assert!(hidden.status.is_client_error() && hidden.status != 403, "{}", hidden.text());
        let strip = |answer: &Answer, name: &str| {
            let (status, text) = told(answer, &format!("`{name}`"));
            (status, text.replace(&format!("{name}/echo"), "NAME"))
        };
        assert_eq!(strip(&hidden, "p"), strip(&absent, "z"), "{header}");
    }
    assert_eq!(fake.asked(), 0);
    // To those whom it is shared with all of it is there.
    for model in ["p/echo", "only", "alpha"] {
        assert_eq!(ask(&gateway, 1, model).await.status, 200, "{model}");
    }
}

#[tokio::test]
async fn what_is_listed_explained_and_walked_has_nothing_of_it() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::start(configuration(&fake)).await;
    let listed = async |number: u8| {
        let list = gateway.client_of(number).get("/v1/models").answer().await.json();
        let models = list["data"].as_array().unwrap().iter();
        models.map(|model| model["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(listed(1).await, ["alpha", "both", "only", "p/alpha", "p/both", "q/both", "r"]);
    assert_eq!(listed(2).await, ["both", "q/both", "r"]);
    for name in ["p/alpha", "alpha", "only"] {
        let path = format!("/v1/models/{}", name.replace('/', "%2F"));
        assert_eq!(gateway.client_of(2).get(&path).answer().await.status, 404, "{name}");
    }
    for (number, bearer) in [(1, "sk-provider-secret"), (2, "sk-of-b"), (1, "sk-provider-secret")] {
        let answer = ask(&gateway, number, "r").await;
        let of_both = ask(&gateway, number, "both").await;
        assert_eq!((answer.status.as_u16(), of_both.status.as_u16()), (200, 200));
        let provider = if number == 1 { "p" } else { "q" };
        assert_eq!(answer.header("x-tollgate-provider"), provider);
        assert_eq!(of_both.header("x-tollgate-provider"), provider);
        assert_eq!(bearers(&fake).last().unwrap(), bearer);
    }
    let question = json!({"body": scripts::request(CHAT, "r", false)}).to_string();
    let explained = gateway.client_of(2).post("/api/v1/routes/explain", question).answer().await;
    assert_eq!(explained.status, 200, "{}", explained.text());
    assert!(!explained.text().contains("p/m") && explained.text().contains("q/m"), "{}", explained.text());
    fake.next(scripts::error(500, "down"));
    let failed = ask(&gateway, 2, "r").await;
    assert!(!failed.text().contains("p/m"), "{}", failed.text());
}

#[tokio::test]
async fn only_workspaces_that_there_are_can_share() {
    let fake = FakeProvider::start().await;
    let mut gateway = TestGateway::start(configuration(&fake)).await;
    let mut wrong = configuration(&fake);
    wrong["providers"]["p"]["workspaces"] = json!(["aa"]);
    gateway.reconfigure_wrongly(&wrong.to_string()).await;
    let mut nobody = configuration(&fake);
    nobody["providers"]["p"]["workspaces"] = json!([]);
    gateway.reconfigure(nobody).await;
    assert_eq!(ask(&gateway, 1, "p/echo").await.status, 404);
    gateway.reconfigure(configuration(&fake)).await;
    assert_eq!(ask(&gateway, 1, "p/echo").await.status, 200);
}
