//! Keys: their text is made here, told once, replaced with an overlap, and ended at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use testkit::{Client, EventStream, scripts};

use super::{Control, assert_refused, chat, gateway};

#[tokio::test]
async fn the_text_of_a_key_is_told_once_and_its_hash_is_not() {
    let (gateway, _fake) = gateway(json!({})).await;
    let control = Control::of(&gateway, 1);
    let made = control.call("POST", "keys", &json!({"name": "reporting"})).answer().await;
    let text = made.json()["key"].as_str().unwrap().to_owned();
    assert_eq!((made.status.as_u16(), made.header("cache-control")), (201, "no-store"));
    assert_eq!(chat(&gateway, &text).await, 200);
    let hash = domain::KeyHash::of(&text).to_string();
    for answer in [made, control.get("keys/reporting").await, control.get("keys").await] {
        assert!(!answer.text().contains(&hash), "{}", answer.text());
    }
    let shown = control.get("keys/reporting").await;
    assert!(!shown.text().contains(&text));
    let whole = control.get("keys/reporting?hashes=whole").await;
    assert!(whole.text().contains(&hash), "whoever may replace it may see it");

    let mut body = shown.json()["body"].clone();
    body["explain"] = true.into();
    let sent_back = control.call("PUT", "keys/reporting", &body).header("if-match", shown.header("etag"));
    assert_eq!(sent_back.answer().await.status, 200);
    assert_eq!(chat(&gateway, &text).await, 200, "sent back as it was shown, it keeps its text");

    assert_refused(
        &control.call("POST", "keys", &json!({"name": "reporting"})).answer().await,
        412,
        "TG2019",
    );
    assert_refused(&control.call("POST", "keys", &json!({})).answer().await, 422, "TG2017");
    assert_refused(
        &control.call("POST", "keys", &json!({"name": "x", "hash": hash})).answer().await,
        422,
        "TG2017",
    );
}

#[tokio::test]
async fn a_key_that_is_rotated_is_good_in_both_texts_while_they_overlap() {
    let (gateway, _fake) = gateway(json!({})).await;
    let control = Control::of(&gateway, 1);
    let first = control.new_key(json!({"name": "k"})).await;
    let rotate = async |body: serde_json::Value| {
        let answer = control.call("POST", "keys/k/rotate", &body).answer().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["key"].as_str().unwrap().to_owned()
    };
    let second = rotate(json!({"overlap": "1h"})).await;
    assert_eq!((chat(&gateway, &first).await, chat(&gateway, &second).await), (200, 200));
    let until = &control.get("keys/k").await.json()["body"]["hashes"][0]["until"];
    assert!(until.is_string(), "{until}");
    let third = rotate(json!({})).await;
    assert_eq!((chat(&gateway, &first).await, chat(&gateway, &second).await), (401, 401));
    assert_eq!(chat(&gateway, &third).await, 200);
    for body in [json!({"overlap": 5}), json!({"overlap": "x"}), json!({"until": "1h"})] {
        assert_refused(&control.call("POST", "keys/k/rotate", &body).answer().await, 400, "TG1002");
    }
    assert_refused(&control.call("POST", "keys/none/rotate", &json!({})).answer().await, 404, "TG2016");
    let again = control.call("POST", "keys", &json!({"name": "k"})).answer().await;
    assert_refused(&again, 412, "TG2019");
    assert!(again.text().contains("`keys/k` exists already"), "{}", again.text());
}

#[tokio::test]
async fn texts_of_a_key_that_are_over_go_with_the_next_rotation() {
    let (gateway, _fake) = gateway(json!({})).await;
    let control = Control::of(&gateway, 1);
    let hash = |digit: &str| format!("blake3:{}", digit.repeat(64));
    let hashes = json!([
        {"hash": hash("1"), "until": "2020-01-01T00:00:00Z"},
        {"hash": hash("2"), "until": "2999-01-01T00:00:00Z"},
        {"hash": hash("3")},
    ]);
    assert_eq!(control.put("keys/k", json!({"hashes": hashes})).await.status, 201);
    let rotated = control.call("POST", "keys/k/rotate", &json!({"overlap": "1h"})).answer().await.json();
    let left: Vec<_> =
        rotated["body"]["hashes"].as_array().unwrap().iter().map(|entry| &entry["hash"]).collect();
    assert_eq!(left[..2], ["blake3:22222222…", "blake3:33333333…"]);
    assert_eq!(left.len(), 3);
}

#[tokio::test]
async fn under_load_no_request_is_served_after_the_answer_that_its_key_is_disabled() {
    let (gateway, _fake) = gateway(json!({})).await;
    let control = Control::of(&gateway, 1);
    let text = control.new_key(json!({"name": "k"})).await;
    let (answered, ended) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let body = scripts::request(EventStream::Chat, "p/m", false).to_string();
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let client = Client::new(gateway.address()).with_key(&text);
            let (answered, ended, body) = (Arc::clone(&answered), Arc::clone(&ended), body.clone());
            tokio::spawn(async move {
                let mut served = 0;
                while !ended.load(Ordering::SeqCst) {
                    let was_answered = answered.load(Ordering::SeqCst);
                    let status =
                        client.post(scripts::path(EventStream::Chat), body.clone()).answer().await.status;
                    assert!(status == 401 || !was_answered, "served after the answer");
                    served += usize::from(status == 200);
                }
                served
            })
        })
        .collect();
    while chat(&gateway, &text).await != 200 {}
    assert_eq!(control.patch("keys/k", json!({"disabled": true})).await.status, 200);
    answered.store(true, Ordering::SeqCst);
    for _ in 0..20 {
        assert_eq!(chat(&gateway, &text).await, 401);
    }
    ended.store(true, Ordering::SeqCst);
    let mut served = 0;
    for caller in callers {
        served += caller.await.unwrap();
    }
    assert!(served > 0);
    assert_eq!(control.patch("keys/k", json!({"disabled": null})).await.status, 200);
    assert_eq!(chat(&gateway, &text).await, 200);
}
