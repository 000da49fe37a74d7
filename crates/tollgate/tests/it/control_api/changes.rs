//! Objects are made, seen, changed and taken away; what they say is in force when the answer comes.

use serde_json::{Value, json};
use testkit::FakeProvider;
use tokio::task::JoinSet;

use super::{Control, assert_refused, chat, gateway, held};
use crate::configuration::{key, key_entry, one};
use crate::gateway::TestGateway;

#[tokio::test]
async fn an_object_is_in_force_when_it_is_answered_and_no_longer_when_it_is_gone() {
    let (gateway, _fake) = gateway(json!({})).await;
    let control = Control::of(&gateway, 1);
    let made = control.put("routes/fast", json!({"target": "p/m"})).await;
    assert_eq!(
        (made.status.as_u16(), made.header("etag"), made.header("location")),
        (201, "\"1\"", "/api/v1/routes/fast")
    );
    assert_eq!(gateway.chat("fast").await.status, 200);

    let seen = control.get("routes/fast").await.json();
    assert_eq!(
        (&seen["kind"], &seen["name"], &seen["managed_by"]),
        (&json!("routes"), &json!("fast"), &json!("api"))
    );
    assert_eq!((&seen["body"], &seen["version"]), (&json!({"target": "p/m"}), &json!(1)));

    let patched = control.patch("routes/fast", json!({"retry": {"attempts": 2}})).await;
    assert_eq!((patched.status.as_u16(), patched.header("etag")), (200, "\"2\""));
    assert_eq!(patched.json()["body"], json!({"target": "p/m", "retry": {"attempts": 2}}));

    assert_eq!(control.delete("routes/fast").await.status, 204);
    assert_refused(&control.get("routes/fast").await, 404, "TG2016");
    assert_eq!(gateway.chat("fast").await.status, 404);
}

#[tokio::test]
async fn a_workspace_and_a_key_of_it_are_made_and_used_at_once() {
    let (gateway, _fake) = gateway(
        json!({"keys": [key_entry(1, json!({"workspace": "default"}))], "workspaces": {"default": {}}}),
    )
    .await;
    let control = Control::of(&gateway, 1);
    control.put("workspaces/research", json!({"providers": ["q"]})).await;
    let key = control.new_key(json!({"name": "reporting", "workspace": "research"})).await;
    assert_eq!(chat(&gateway, &key).await, 403, "the workspace allows another provider");
    assert_eq!(control.patch("workspaces/research", json!({"providers": null})).await.status, 200);
    assert_eq!(chat(&gateway, &key).await, 200);
    let refused = control.delete("workspaces/research").await;
    assert_refused(&refused, 422, "TG2017");
    let mistake = &refused.json()["errors"][0];
    assert_eq!(mistake["path"], "keys.reporting.workspace");
    assert!(mistake["message"].as_str().unwrap().contains("no workspace called `research`"), "{mistake}");
    assert_eq!(chat(&gateway, &key).await, 200, "nothing was changed");
}

#[tokio::test]
async fn what_the_file_says_is_seen_and_changed_there_only() {
    let (mut gateway, _fake) = gateway(json!({"routes": {"fixed": {"target": "p/m"}}})).await;
    let control = Control::of(&gateway, 1);
    let seen = control.get("routes/fixed").await.json();
    assert_eq!((&seen["managed_by"], &seen["body"]), (&json!("file"), &json!({"target": "p/m"})));
    assert_eq!(seen.get("version"), None);
    for refused in [
        control.put("routes/fixed", json!({"target": "p/n"})).await,
        control.patch("routes/fixed", json!({"target": "p/n"})).await,
        control.delete("routes/fixed").await,
    ] {
        assert_refused(&refused, 409, "TG2018");
        assert!(refused.text().contains("in line 1"), "{}", refused.text());
    }
    let provider = control.get("providers/p").await;
    assert!(
        !provider.text().contains("sk-provider-secret")
            && provider.text().contains("(hidden /credentials/0)")
    );

    control.put("routes/own", json!({"target": "p/own"})).await;
    let mut configuration = one(&_fake);
    configuration["control"] = json!({"keys": [held(1, "owner", None)]});
    configuration["routes"] = json!({"own": {"target": "p/of-file"}});
    gateway.reconfigure(configuration.clone()).await;
    let own = control.get("routes/own").await.json();
    assert_eq!((&own["managed_by"], &own["body"]["target"]), (&json!("file"), &json!("p/of-file")));
    configuration["routes"] = json!({});
    gateway.reconfigure(configuration).await;
    assert_eq!(control.get("routes/own").await.json()["body"]["target"], "p/own", "the file let go of it");
}

#[tokio::test]
async fn a_list_comes_in_pages_in_the_order_of_names() {
    let (gateway, _fake) = gateway(json!({"users": {"m": {}}})).await;
    let control = Control::of(&gateway, 1);
    for name in ["z", "a", "k"] {
        assert_eq!(control.put(&format!("users/{name}"), json!({})).await.status, 201);
    }
    let names = |page: &Value| -> Vec<String> {
        let objects = page["objects"].as_array().unwrap();
        objects.iter().map(|object| object["name"].as_str().unwrap().to_owned()).collect()
    };
    let first = control.get("users?limit=3").await.json();
    assert_eq!((names(&first), &first["next"]), (vec!["a".into(), "k".into(), "m".into()], &json!("m")));
    let second = control.get("users?limit=3&after=m").await.json();
    assert_eq!((names(&second), second.get("next")), (vec!["z".into()], None));
}

#[tokio::test]
async fn who_has_not_seen_the_last_version_replaces_nothing() {
    let (gateway, _fake) = gateway(json!({})).await;
    let control = Control::of(&gateway, 1);
    let put = async |condition: Option<(&str, &str)>, target: &str| {
        let call = control.call("PUT", "routes/r", &json!({"target": target}));
        let call = match condition {
            Some((name, value)) => call.header(name, value),
            None => call,
        };
        call.answer().await
    };
    assert_refused(&put(Some(("if-match", "\"1\"")), "p/a").await, 412, "TG2019");
    assert_eq!(put(Some(("if-none-match", "*")), "p/a").await.status, 201);
    assert_refused(&put(Some(("if-none-match", "*")), "p/b").await, 412, "TG2019");
    assert_refused(&put(None, "p/b").await, 428, "TG2020");
    assert_eq!(put(Some(("if-match", "\"1\"")), "p/b").await.status, 200);
    assert_refused(&put(Some(("if-match", "\"1\"")), "p/c").await, 412, "TG2019");
    assert_refused(&put(Some(("if-match", "1")), "p/c").await, 400, "TG1014");
    assert_eq!(control.get("routes/r").await.json()["body"]["target"], "p/b");
}

#[tokio::test]
async fn of_writers_at_once_each_of_whom_saw_the_same_one_is_first() {
    let (gateway, _fake) = gateway(json!({})).await;
    let control = Control::of(&gateway, 1);
    control.put("routes/r", json!({"target": "p/m"})).await;
    let writers = (0..8).map(|number| {
        let body = json!({"target": format!("p/m{number}")});
        control.call("PUT", "routes/r", &body).header("if-match", "\"1\"").answer()
    });
    let answers = writers.collect::<JoinSet<_>>().join_all().await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
}

#[tokio::test]
async fn who_administers_one_workspace_finds_no_other() {
    let more = json!({
        "control": {"keys": [held(1, "owner", None), held(2, "admin", Some("a")), held(3, "auditor", None)]},
        "workspaces": {"a": {}, "b": {}, "default": {}},
        "keys": [key_entry(1, json!({"workspace": "default"}))],
    });
    let (gateway, _fake) = gateway(more).await;
    let (owner, admin, auditor) =
        (Control::of(&gateway, 1), Control::of(&gateway, 2), Control::of(&gateway, 3));
    for workspace in ["a", "b"] {
        owner.new_key(json!({"name": format!("of-{workspace}"), "workspace": workspace})).await;
    }
    let listed = admin.get("keys").await.json();
    assert_eq!(listed["objects"].as_array().unwrap().len(), 1);
    assert_eq!(listed["objects"][0]["name"], "of-a");
    assert_eq!(admin.get("keys/of-a").await.status, 200);
    let none = admin.get("keys/none").await;
    for (refused, name) in [
        (admin.get("keys/of-b").await, "of-b"),
        (admin.patch("keys/of-b", json!({"disabled": true})).await, "of-b"),
        (admin.delete("keys/of-b").await, "of-b"),
        (admin.get("keys/key-1").await, "key-1"),
    ] {
        assert_refused(&refused, 404, "TG2016");
        assert_eq!(refused.text().replace(name, "none"), none.text(), "it is told as what there is not");
    }
    assert_refused(&admin.patch("keys/of-a", json!({"workspace": "b"})).await, 404, "TG2016");
    assert_refused(&auditor.patch("keys/of-a", json!({"disabled": true})).await, 403, "TG2031");
    assert_eq!(auditor.get("keys/of-b").await.status, 200);
    assert_eq!(chat(&gateway, key(1).reveal()).await, 200);
}

#[tokio::test]
async fn who_administers_one_workspace_learns_no_name_by_a_mistake() {
    let more = json!({
        "control": {"keys": [held(1, "owner", None), held(2, "admin", Some("a"))]},
        "workspaces": {"a": {}, "default": {}},
    });
    let (gateway, _fake) = gateway(more).await;
    let (owner, of_a) = (Control::of(&gateway, 1), Control::of(&gateway, 2));
    assert_eq!(owner.put("routes/merger-plans", json!({"target": "p/m"})).await.status, 201);
    let hash = format!("blake3:{}", "1".repeat(64));
    let body = json!({"hash": hash, "workspace": "a", "models": ["*"], "default_route": "merger-plan"});
    let told = owner.put("keys/a.k", body.clone()).await;
    assert_refused(&told, 422, "TG2017");
    assert!(told.text().contains("merger-plans"), "{}", told.text());
    let untold = of_a.put("keys/a.k", body).await;
    assert_refused(&untold, 422, "TG2017");
    assert!(untold.text().contains("k.default_route"), "{}", untold.text());
    assert!(!untold.text().contains("merger-plans"), "{}", untold.text());
}

#[tokio::test]
async fn who_administers_one_workspace_makes_keys_of_its_users_alone() {
    let more = json!({
        "control": {"keys": [held(1, "owner", None), held(2, "admin", Some("a"))]},
        "workspaces": {"a": {"teams": {"t": {}}}, "b": {"teams": {"t": {}}}, "default": {}},
        "users": {"ada": {"teams": ["a/t"]}, "bob": {"teams": ["b/t"]}, "carol": {}},
    });
    let (gateway, _fake) = gateway(more).await;
    let (owner, of_a) = (Control::of(&gateway, 1), Control::of(&gateway, 2));
    let hash = |digit: &str| format!("blake3:{}", digit.repeat(64));
    let key = |digit: &str, user: &str| json!({"hash": hash(digit), "workspace": "a", "user": user});
    assert_eq!(of_a.put("keys/a.of-ada", key("1", "ada")).await.status, 201);
    let none = of_a.put("keys/a.k", key("2", "nobody")).await;
    assert_refused(&none, 422, "TG2017");
    for user in ["bob", "carol"] {
        let refused = of_a.put("keys/a.k", key("2", user)).await;
        assert_eq!(refused.text().replace(user, "nobody"), none.text(), "it is told as who there is not");
        let moved = of_a.patch("keys/a.of-ada", json!({"user": user})).await;
        assert_eq!(moved.text().replace(user, "nobody").replace("of-ada", "k"), none.text());
    }
    assert_eq!(owner.put("keys/of-bob", key("3", "bob")).await.status, 201);
    assert_eq!(
        of_a.patch("keys/of-bob", json!({"disabled": true})).await.status,
        200,
        "they are not named anew"
    );
    let together = json!({"changes": [
        {"kind": "users", "name": "dora", "body": {"teams": ["a/t"]}},
        {"kind": "keys", "name": "a.of-dora", "body": key("4", "dora")},
    ]});
    assert_eq!(of_a.call("POST", "changes", &together).answer().await.status, 200);
}

#[tokio::test]
async fn nobody_shuts_out_who_administers_more_than_they_do() {
    let of = |user: &str, mut held: Value| {
        held["user"] = json!(user);
        held
    };
    let fake = FakeProvider::start().await;
    let mut configuration = one(&fake);
    configuration["workspaces"] = json!({"a": {"teams": {"t": {}}}, "b": {}, "default": {}});
    configuration["control"] = json!({
        "keys": [held(1, "owner", None), held(2, "admin", Some("a"))],
        "sign_in": {"oidc": {
            "issuer": "https://127.0.0.1:1", "client_id": "c", "client_secret": "at least sixteen bytes",
            "redirect_url": "https://127.0.0.1:1/auth/oidc/callback",
            "roles": [{"group": "platform", "role": "owner"}],
        }},
    });
    let mut gateway = TestGateway::start(configuration.clone()).await;
    let (owner, of_a) = (Control::of(&gateway, 1), Control::of(&gateway, 2));
    for user in ["olga", "otto", "emil", "gina"] {
        assert_eq!(of_a.put(&format!("users/{user}"), json!({"teams": ["a/t"]})).await.status, 201);
    }
    assert_eq!(owner.put("groups/platform", json!({"members": ["gina"]})).await.status, 201);
    let keys = configuration["control"]["keys"].as_array_mut().unwrap();
    keys.extend([
        of("olga", held(3, "owner", None)),
        of("otto", held(4, "admin", Some("a"))),
        of("emil", held(5, "developer", Some("b"))),
    ]);
    gateway.reconfigure(configuration).await;
    for user in ["olga", "emil", "gina"] {
        let path = format!("users/{user}");
        assert_refused(&of_a.patch(&path, json!({"disabled": true})).await, 403, "TG2031");
        assert_refused(&of_a.delete(&path).await, 403, "TG2031");
        assert_eq!(of_a.patch(&path, json!({"display_name": "x"})).await.status, 200, "{user}");
        assert_eq!(owner.patch(&path, json!({"disabled": true})).await.status, 200, "{user}");
        assert_eq!(of_a.patch(&path, json!({"display_name": "y"})).await.status, 200, "they are already");
    }
    assert_eq!(of_a.patch("users/otto", json!({"disabled": true})).await.status, 200, "a peer");
}

#[tokio::test]
async fn what_would_be_out_of_reach_is_refused_alike_whatever_there_is() {
    let more = json!({
        "control": {"keys": [held(1, "owner", None), held(2, "admin", Some("a"))]},
        "workspaces": {"a": {}, "b": {}, "default": {}},
    });
    let (gateway, _fake) = gateway(more).await;
    let (owner, of_a) = (Control::of(&gateway, 1), Control::of(&gateway, 2));
    owner.new_key(json!({"name": "of-b", "workspace": "b"})).await;
    owner.new_key(json!({"name": "of-a", "workspace": "a"})).await;
    let mut told = Vec::new();
    for name in ["none", "of-b", "of-a"] {
        for workspace in ["b", "nowhere"] {
            let refused = of_a.put(&format!("keys/{name}"), json!({"workspace": workspace})).await;
            assert_refused(&refused, 404, "TG2016");
            told.push(refused.text().replace(name, "none"));
        }
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("where no role that you hold reaches, by its `workspace`"), "{told:?}");
}

#[tokio::test]
async fn what_is_made_in_a_workspace_is_called_after_it_so_that_no_name_is_found_taken() {
    let more = json!({
        "control": {"keys": [held(1, "owner", None), held(2, "admin", Some("a"))]},
        "workspaces": {"a": {}, "b": {}, "default": {}},
    });
    let (gateway, _fake) = gateway(more).await;
    let (owner, of_a) = (Control::of(&gateway, 1), Control::of(&gateway, 2));
    let hash = |digit: &str| format!("blake3:{}", digit.repeat(64));
    let of = |workspace: &str| json!({"match": {"workspace": [workspace]}});
    let budget = |workspace| json!({"usd": "1", "window": "day", "match": of(workspace)["match"]});
    let limit = |workspace| json!({"requests": {"per_minute": 1}, "match": of(workspace)["match"]});
    let key = |workspace: &str, digit| json!({"workspace": workspace, "hash": hash(digit)});
    for (kind, of_b, wanted) in [
        ("keys", key("b", "1"), key("a", "2")),
        ("budgets", budget("b"), budget("a")),
        ("rate_limits", limit("b"), limit("a")),
    ] {
        assert_eq!(owner.put(&format!("{kind}/{kind}-of-b"), of_b).await.status, 201);
        let mut told = Vec::new();
        for name in ["-of-b", "-of-nobody"] {
            let refused = of_a.put(&format!("{kind}/{kind}{name}"), wanted.clone()).await;
            assert_refused(&refused, 422, "TG2017");
            assert!(refused.text().contains(&format!("`a.{kind}{name}`")), "{}", refused.text());
            told.push(refused.text().replace(name, "?"));
        }
        told.dedup();
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(of_a.put(&format!("{kind}/a.{kind}-of-b"), wanted).await.status, 201);
    }
    owner.put("keys/early", key("a", "3")).await;
    assert_eq!(of_a.patch("keys/early", json!({"disabled": true})).await.status, 200, "they see it");
}

#[tokio::test]
async fn without_a_good_control_key_nobody_is_let_in() {
    let (gateway, _fake) = gateway(json!({"limits": {"wrong_keys_per_minute_max": 2}})).await;
    let ask = async |key: Option<&str>| {
        let client = key.map_or_else(|| gateway.anybody(), |key| gateway.anybody().with_key(key));
        client.get("/api/v1/keys").answer().await
    };
    assert_refused(&ask(None).await, 401, "TG2030");
    assert_eq!(ask(None).await.header("www-authenticate"), "Bearer");
    assert_refused(&ask(Some(key(1).reveal())).await, 401, "TG2030");
    assert_refused(&ask(Some(super::control_key(9).reveal())).await, 401, "TG2030");
    let many = ask(Some("x")).await;
    assert_refused(&many, 429, "TG2015");
    assert!(!many.header("retry-after").is_empty());
    assert_eq!(ask(Some(super::control_key(1).reveal())).await.status, 200, "a known key is never held back");
    assert_eq!(chat(&gateway, super::control_key(1).reveal()).await, 401, "it opens no model");
}
