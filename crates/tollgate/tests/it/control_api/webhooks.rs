//! Webhooks as objects: made, used, and never shown with their secrets.

use serde_json::{Value, json};
use testkit::{FakeProvider, scripts};

use super::{Control, chat, gateway};

const SIGNING_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

fn webhook(url: &str) -> Value {
    json!({"url": url, "secret": SIGNING_SECRET, "headers": {"authorization": "Bearer hunter2"}})
}

fn budget(webhook: &str) -> Value {
    json!({"tokens": 1_000, "window": "day", "warn_at": ["1%"], "notify": [webhook], "unknown_cost": "free"})
}

#[tokio::test]
async fn a_webhook_that_is_made_over_the_api_is_told_and_shows_no_secret() {
    let receiver = FakeProvider::always(scripts::json(&json!({}))).await;
    let url = format!("http://{}/hook", receiver.address());
    let (gateway, _fake) = gateway(json!({})).await;
    let control = Control::of(&gateway, 1);
    let key = control.new_key(json!({"name": "k"})).await;
    let early = control.put("budgets/b", budget("finance")).await;
    assert_eq!(
        (early.status.as_u16(), early.json()["errors"][0]["path"].as_str()),
        (422, Some("budgets.b.notify[0]")),
        "{}",
        early.text()
    );

    let made = control.put("webhooks/finance", webhook(&url)).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(control.put("budgets/b", budget("finance")).await.status, 201);
    assert_eq!(chat(&gateway, &key).await, 200);
    receiver.was_asked(1).await;
    let request = receiver.only_request();
    assert_eq!(request.headers["authorization"], "Bearer hunter2");
    let message: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(
        (&message["type"], &message["data"]["budget"]),
        (&json!("budget.threshold_passed"), &json!("b"))
    );

    let shown = control.get("webhooks/finance").await;
    assert_eq!(shown.json()["body"]["secret"], "(hidden /secret)");
    for answer in [made, shown, control.get("webhooks").await, control.get("audit").await] {
        assert!(!answer.text().contains("hunter2") && !answer.text().contains("whsec_"), "{}", answer.text());
    }
    let elsewhere = control.patch("webhooks/finance", json!({"url": "http://127.0.0.1:9/"})).await;
    assert!(elsewhere.status.is_client_error(), "its secrets would go there: {}", elsewhere.text());
    let needed = control.delete("webhooks/finance").await;
    assert!(
        needed.status.is_client_error() && needed.text().contains("there is no webhook"),
        "{}",
        needed.text()
    );
}
