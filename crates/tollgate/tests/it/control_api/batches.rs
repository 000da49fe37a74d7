//! Many changes as one, and requests that come again.

use serde_json::json;

use super::{Control, assert_refused, gateway};

#[tokio::test]
async fn many_changes_are_all_made_or_none_is() {
    let (gateway, _fake) = gateway(json!({})).await;
    let control = Control::of(&gateway, 1);
    let send = async |body| control.call("POST", "changes", &body).answer().await;
    let user = |name: &str, version: Option<u64>, teams: serde_json::Value| json!({"kind": "users", "name": name, "version": version, "body": {"teams": teams}});
    let workspace = json!({"kind": "workspaces", "name": "default", "body": {"teams": {"t": {}}}});
    let refused = send(json!({"changes": [workspace, user("a", None, json!(["default/none"]))]})).await;
    assert_refused(&refused, 422, "TG2017");
    assert_eq!(control.get("workspaces/default").await.status, 404);
    let changes = json!([user("a", Some(0), json!(["default/t"])), workspace]);
    let tried = send(json!({"changes": changes, "dry_run": true})).await;
    assert_eq!((tried.status.as_u16(), tried.json()), (200, json!({"changed": 2, "dry_run": true})));
    assert_eq!(control.get("workspaces/default").await.status, 404);
    assert_eq!(send(json!({"changes": changes})).await.json(), json!({"changed": 2, "dry_run": false}));
    assert_eq!(control.get("users/a").await.json()["version"], 1);
    assert_refused(&send(json!({"changes": changes})).await, 412, "TG2019");
    let gone = json!([{"kind": "workspaces", "name": "default", "body": null}, {"kind": "users", "name": "a", "version": 1, "body": null}]);
    assert_eq!(send(json!({"changes": gone})).await.status, 200);
    assert_eq!(control.get("users").await.json()["objects"], json!([]));
    assert_refused(
        &send(json!({"changes": [{"kind": "server", "name": "a", "body": {}}]})).await,
        400,
        "TG1002",
    );
    assert_refused(
        &send(json!({"changes": [user("u", None, json!([])), user("u", None, json!([]))]})).await,
        400,
        "TG1002",
    );
}

#[tokio::test]
async fn a_request_that_comes_again_gets_the_answer_of_the_first() {
    let (gateway, _fake) = gateway(json!({})).await;
    let control = Control::of(&gateway, 1);
    let make = async |name: &str, key: &str| {
        control.call("POST", "keys", &json!({"name": name})).header("idempotency-key", key).answer().await
    };
    let (first, again) = (make("k", "one").await, make("k", "one").await);
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201));
    assert_eq!(first.text(), again.text());
    assert_refused(&make("other", "one").await, 400, "TG1014");
    assert_refused(&make("k", "two").await, 412, "TG2019");
    assert_eq!(make("other", "two").await.status, 201, "what failed may be made again");
    assert_refused(&make("x", "").await, 400, "TG1014");
}
