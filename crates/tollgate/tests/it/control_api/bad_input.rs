//! Whatever is sent, it is refused for what it is, changes nothing, and is never a 500.

use http::Method;
use serde_json::{Value, json};

use super::{Control, assert_refused, gateway};

#[tokio::test]
async fn a_body_that_would_be_a_mistake_is_refused_with_its_path() {
    let (gateway, _fake) = gateway(json!({})).await;
    let control = Control::of(&gateway, 1);
    for (path, body, mistake, message) in [
        ("routes/r", json!({"target": 7, "stratgy": {}}), "routes.r.stratgy", "did you mean `strategy`"),
        ("routes/r", json!({"target": "nobody/m"}), "routes.r.target", "nobody"),
        ("workspaces/w", json!({"models": "all"}), "workspaces.w.models", "expected a list"),
        ("workspaces/w", json!({"managed_by": "file"}), "workspaces.w.managed_by", "unknown key"),
        ("users/u", json!({"service_account": "no"}), "users.u.service_account", "true or false"),
        ("keys/k", json!({"hash": "blake3:aa"}), "keys.k.hash", "64 hexadecimal digits"),
        ("keys/k", json!({}), "keys.k.hash", "missing"),
        (
            "keys/a%2Fb",
            json!({"hash": format!("blake3:{}", "1".repeat(64))}),
            "keys.a/b.name",
            "is not a name",
        ),
        ("budgets/b", json!({"usd": "-1", "window": "day"}), "budgets.b.usd", "above zero"),
        (
            "rate_limits/l",
            json!({"requests": {"per_second": 0}}),
            "rate_limits.l.requests.per_second",
            "at least 1",
        ),
        (
            "providers/x",
            json!({"credentials": ["sk-${env:HOME}"]}),
            "providers.x.credentials[0]",
            "and alone",
        ),
        (
            "providers/x",
            json!({"credentials": ["${env:HOME}"]}),
            "providers.x.credentials[0]",
            "control.references",
        ),
        (
            "workspaces/w",
            json!({"metadata": {"a": "${env:HOME}"}}),
            "workspaces.w.metadata.a",
            "from outside",
        ),
    ] {
        let refused = control.put(path, body.clone()).await;
        assert_refused(&refused, 422, "TG2017");
        let told = refused.json();
        let errors = told["errors"].as_array().unwrap();
        let found = errors.iter().find(|error| error["path"] == mistake);
        let text = found.map(|error| error["message"].as_str().unwrap()).unwrap_or_default();
        assert!(text.contains(message), "{path} {body}: {told}");
        assert!(found.unwrap().get("line").is_none());
    }
    for kind in ["routes", "workspaces", "users", "budgets", "rate_limits"] {
        let listed = control.get(kind).await.json();
        assert_eq!(listed["objects"], json!([]), "{kind}");
    }
}

#[tokio::test]
async fn a_request_that_is_none_is_refused_for_what_it_is() {
    let (gateway, _fake) = gateway(json!({})).await;
    let control = Control::of(&gateway, 1);
    let send = async |method: &str, path: &str, kind: &str, body: Vec<u8>| {
        let call = control.0.send(method.parse::<Method>().unwrap(), path, body);
        call.header("content-type", kind).answer().await
    };
    let json = "application/json";
    let large = format!("{{\"title\": \"{}\"}}", "x".repeat(300_000));
    let deep = format!("{{\"a\": {}1{}}}", "[".repeat(5_000), "]".repeat(5_000));
    for (method, path, kind, body, status, code) in [
        ("PUT", "/api/v1/users/u", json, "", 400, "TG1001"),
        ("PUT", "/api/v1/users/u", json, "[]", 400, "TG1001"),
        ("PUT", "/api/v1/users/u", json, "{\"teams\": [], \"teams\": []}", 400, "TG1001"),
        ("PUT", "/api/v1/users/u", json, "teams: []", 400, "TG1001"),
        ("PUT", "/api/v1/budgets/b", json, "{\"usd\": 123456789.123456789012}", 400, "TG1001"),
        ("PUT", "/api/v1/users/u", json, &deep, 400, "TG1001"),
        ("PUT", "/api/v1/users/u", json, &large, 413, "TG1004"),
        ("PUT", "/api/v1/users/u", "text/yaml", "{}", 415, "TG1005"),
        ("PUT", "/api/v1/users/u?force=1", json, "{}", 400, "TG1002"),
        ("PUT", "/api/v1/users/%2e%2e", json, "{}", 404, "TG2016"),
        ("PUT", "/api/v1/users/a%0d%0aset-cookie:x", json, "{}", 404, "TG2016"),
        ("PUT", "/api/v1/users/../keys/k", json, "{}", 404, "TG1008"),
        ("PUT", "/api/v1/users/%ff", json, "{}", 404, "TG2016"),
        ("POST", "/api/v1/users", json, "{}", 405, "TG1007"),
        ("PUT", "/api/v1/server/x", json, "{}", 404, "TG1008"),
        ("PUT", "/api/v1/budgets/b", json, "{\"name\": \"other\"}", 422, "TG2017"),
        ("PATCH", "/api/v1/users/u", json, "{}", 404, "TG2016"),
    ] {
        let refused = send(method, path, kind, body.as_bytes().to_vec()).await;
        assert_refused(&refused, status, code);
    }
    let patch: Value = json!({"service_account": true});
    control.put("users/u", json!({})).await;
    let call =
        control.call("PATCH", "users/u", &patch).header("content-type", "application/merge-patch+json");
    assert_eq!(call.answer().await.status, 200);
}
