//! What is done and refused over the API stands in the audit log, for those who may read it.

use serde_json::{Value, json};

use super::{Control, gateway, held};

async fn records(control: &Control, query: &str) -> Vec<Value> {
    let answer = control.get(&format!("audit?{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["records"].as_array().unwrap().iter().map(|record| record["entry"].clone()).collect()
}

#[tokio::test]
async fn every_act_and_every_refusal_is_written_down_with_what_it_changed() {
    let keys = json!({"keys": [
        held(1, "owner", None), held(2, "auditor", None), held(3, "admin", Some("a")), held(4, "analyst", None),
    ]});
    let more = json!({"control": keys, "workspaces": {"default": {}, "a": {}, "b": {}}});
    let (gateway, _fake) = gateway(more).await;
    let [owner, auditor, admin, analyst] = [1, 2, 3, 4].map(|number| Control::of(&gateway, number));
    owner.new_key(json!({"name": "k", "workspace": "b"})).await;
    assert_eq!(owner.patch("keys/k", json!({"passthrough": true})).await.status, 200);
    assert_eq!(admin.delete("keys/k").await.status, 404);
    assert_eq!(auditor.delete("keys/k").await.status, 403);
    assert_eq!(owner.delete("keys/k").await.status, 204);

    let told = records(&auditor, "name=k").await;
    let lines = told.iter().map(|entry| {
        let outcome = &entry["outcome"];
        let outcome = outcome.as_str().or(outcome["denied"].as_str()).unwrap();
        format!(
            "{} {} {outcome}",
            entry["who"]["control_key"].as_str().unwrap(),
            entry["act"].as_str().unwrap()
        )
    });
    assert_eq!(
        lines.collect::<Vec<_>>(),
        [
            "control-1 create done",
            "control-1 update done",
            "control-3 delete TG2016",
            "control-2 delete TG2031",
            "control-1 delete done",
        ]
    );
    assert_eq!((&told[0]["before"], &told[0]["after"]["workspace"]), (&Value::Null, &json!("b")));
    assert_eq!(
        (&told[1]["before"]["passthrough"], &told[1]["after"]["passthrough"]),
        (&Value::Null, &json!(true))
    );
    assert_eq!((&told[4]["after"], &told[4]["from"]), (&Value::Null, &json!("127.0.0.1")));
    let hash = told[1]["after"]["hash"].as_str().unwrap();
    assert!(hash.starts_with("blake3:") && hash.len() < 30, "{hash}");

    assert_eq!(records(&admin, "").await, Vec::<Value>::new(), "nothing of another workspace");
    assert_eq!(analyst.get("audit").await.status, 403);
    assert_eq!(owner.get("audit?whom=x").await.status, 400);
    let page = owner.get("audit?limit=1&after=1").await.json();
    assert_eq!((&page["records"][0]["sequence"], &page["next"]), (&json!(2), &json!(2)));
}
