//! What was refused is in the audit log after the process, which shows when it was changed.

use std::net::SocketAddr;

use serde_json::json;
use testkit::{Client, EventStream, FakeProvider, scripts};

use crate::cli::{Serving, after, blocking, complaint, out, run, write};
use crate::configuration::{key, key_entry, provider};

#[tokio::test]
async fn what_was_refused_is_told_with_its_count_and_no_change_of_it_goes_unnoticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let fake = FakeProvider::always(scripts::json(&scripts::answer(EventStream::Chat, "Hello."))).await;
    let configuration = json!({
        "providers": {"p": provider(fake.base_url())},
        "keys": [key_entry(1, json!({"models": ["p/m"]}))],
        "state": {"kind": "sqlite"},
    });
    write(path, &configuration);
    let here = path.to_owned();
    let (serving, said) = blocking(move || Serving::start(&here, "live providers")).await;
    let address: SocketAddr = after(&said, "listening on http://").parse().unwrap();
    let client = Client::new(address).with_key(key(1).reveal());
    let ask = |client: &Client, model: &str| {
        let body = json!({"model": model, "messages": [{"role": "user", "content": "Hi"}]});
        client.clone().post("/v1/chat/completions", body.to_string())
    };
    assert_eq!(ask(&client, "p/m").answer().await.status, 200);
    for _ in 0..3 {
        assert_eq!(ask(&client, "p/other").answer().await.status, 403);
    }
    assert_eq!(ask(&client.clone().with_key("tg-guess"), "p/m").answer().await.status, 401);
    assert_eq!(blocking(|| serving.stop()).await.0, Some(0));

    let listed = run(path, &["audit", "list"]);
    let lines: Vec<_> = out(&listed).lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?} {}", complaint(&listed));
    assert!(lines[0].contains("denied TG2003  × 3  from 127.0.0.1"), "{lines:?}");
    assert!(lines[1].contains("network 127.0.0.0/24  request  denied TG2002"), "{lines:?}");
    let by_network = run(path, &["audit", "list", "--who", "127.0.0.0/24", "--json"]);
    assert!(out(&by_network).starts_with(r#"{"sequence":2,"#), "{}", out(&by_network));

    let verified = run(path, &["audit", "verify"]);
    assert!(out(&verified).starts_with("2 records are as they were written"), "{}", complaint(&verified));
    let head = out(&verified).lines().find_map(|line| line.strip_prefix("head ")).unwrap().to_owned();
    let exported = out(&run(path, &["audit", "export"])).to_owned();
    let verify = |text: &str| {
        std::fs::write(path.join("log.jsonl"), text).unwrap();
        let output = run(path, &["audit", "verify", "--export", "log.jsonl", "--head", &head]);
        (output.status.code(), complaint(&output).to_owned())
    };
    assert_eq!(verify(&exported), (Some(0), String::new()));
    for (changed, told) in [
        (exported.replace("TG2003", "TG2009"), "line 2: record 1 does not fit its hash"),
        (exported.lines().take(2).map(|line| format!("{line}\n")).collect(), "the chain ends with record 1"),
    ] {
        let (code, complaint) = verify(&changed);
        assert!(code == Some(1) && complaint.contains(told), "{code:?} {complaint}");
    }
    assert_eq!(verify("no log\n").0, Some(2));
}

#[tokio::test]
async fn a_log_that_is_not_there_is_told_from_one_that_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &json!({}));
    for arguments in [&["audit", "verify"][..], &["audit", "list", "--state", "none.db"]] {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{}", complaint(&output));
    }
    assert!(!folder.path().join("none.db").exists(), "looking makes none");
}
