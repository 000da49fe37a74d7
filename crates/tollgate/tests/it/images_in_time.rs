//! Images that are not there at once: they are asked for until they are, at the provider that draws them.

use http::StatusCode;
use serde_json::{Value, json};
use testkit::{Answer, FakeProvider, Script, scripts};

use crate::configuration::provider;
use crate::gateway::TestGateway;

const FLUX: &str = "o/flux-kontext-pro";

fn replicate(fake: &FakeProvider) -> Value {
    let mut entry = provider(format!("http://{}/v1", fake.address()));
    entry["endpoints"] = json!({"replicate_images": "/predictions"});
    entry["result_endpoints"] = json!({"replicate_images": "/predictions/{id}"});
    entry
}

fn kontext(fake: &FakeProvider) -> Value {
    let mut entry = provider(format!("http://{}/v1", fake.address()));
    entry["endpoints"] = json!({"kontext_images": "/workflows/{model_path}"});
    entry["result_endpoints"] = json!({"kontext_images": "/workflows/{model_path}/get_result"});
    entry
}

async fn gateway(provider: Value, more: Value) -> TestGateway {
    let mut configuration = json!({
        "providers": {"p": provider},
        "routes": {"r": {"target": format!("p/{FLUX}")}},
        "catalog": {"overrides": [
            {"provider": "p", "model": FLUX, "prices": {"standard": {"image": "0.04"}}},
        ]},
    });
    configuration.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    TestGateway::start(configuration).await
}

async fn draw(gateway: &TestGateway, more: Value) -> Answer {
    let mut body = json!({"model": "r", "prompt": "a cat"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    gateway.client().post("/v1/images/generations", body.to_string()).answer().await
}

fn prediction(status: &str, output: &Value) -> Script {
    let body = json!({"id": "p 1", "status": status, "output": output, "error": null});
    let status = if status == "starting" { StatusCode::CREATED } else { StatusCode::OK };
    Script::json(status, &body)
}

#[tokio::test]
async fn a_prediction_is_asked_for_until_it_has_ended() {
    let url = json!(["https://replicate.delivery/1.webp"]);
    let fake = FakeProvider::playing([
        prediction("starting", &Value::Null),
        prediction("processing", &Value::Null),
        prediction("succeeded", &url),
    ])
    .await;
    let drawn = draw(&gateway(replicate(&fake), json!({})).await, json!({"size": "1024x1024"})).await;
    assert_eq!(drawn.status, 200, "{}", drawn.text());
    assert_eq!(drawn.json()["data"], json!([{"url": "https://replicate.delivery/1.webp"}]));
    assert_eq!(drawn.header("x-tollgate-cost"), "0.04", "it is drawn and paid once");
    let asked: Vec<(String, String)> = fake
        .requests()
        .into_iter()
        .map(|request| (request.method.to_string(), format!("{}|{}", request.path, request.body.len())))
        .collect();
    let body = json!({"version": FLUX, "input": {"prompt": "a cat", "aspect_ratio": "1:1"}}).to_string();
    let post = ("POST".to_owned(), format!("/v1/predictions|{}", body.len()));
    let get = ("GET".to_owned(), "/v1/predictions/p%201|0".to_owned());
    assert_eq!(asked, [post, get.clone(), get]);
    for request in fake.requests() {
        assert!(request.headers.contains_key("authorization"), "each question is signed");
    }
}

#[tokio::test]
async fn an_edit_by_kontext_is_fetched_by_its_id_below_the_models_own_path() {
    let result = json!({"id": "q", "status": "Ready", "result": {"sample": "https://i/1.png"}});
    let fake = FakeProvider::playing([
        scripts::json(&json!({"request_id": "q"})),
        scripts::json(&json!({"id": "q", "status": "Pending"})),
        scripts::json(&result),
    ])
    .await;
    let gateway = gateway(kontext(&fake), json!({})).await;
    let body = json!({
        "model": "r", "prompt": "by night", "images": [{"image_url": "data:image/png;base64,QQ=="}],
    });
    let edited = gateway.client().post("/v1/images/edits", body.to_string()).answer().await;
    assert_eq!(edited.json()["data"], json!([{"url": "https://i/1.png"}]), "{}", edited.text());
    let asked: Vec<(String, Value)> = fake
        .requests()
        .iter()
        .map(|request| (request.path.clone(), serde_json::from_slice(&request.body).unwrap()))
        .collect();
    let path = format!("/v1/workflows/{FLUX}");
    let question = (format!("{path}/get_result"), json!({"id": "q"}));
    let edit = json!({"prompt": "by night", "input_image": "data:image/png;base64,QQ=="});
    assert_eq!(asked, [(path, edit), question.clone(), question]);
}

#[tokio::test]
async fn a_question_that_fails_is_asked_again_rather_than_the_image_drawn_twice() {
    let url = json!("https://replicate.delivery/1.webp");
    let fake = FakeProvider::playing([
        prediction("starting", &Value::Null),
        scripts::error(503, "busy"),
        scripts::cut(),
        prediction("succeeded", &url),
    ])
    .await;
    let drawn = draw(&gateway(replicate(&fake), json!({})).await, json!({})).await;
    assert_eq!((drawn.status.as_u16(), drawn.header("x-tollgate-attempts")), (200, "1"), "{}", drawn.text());
    let posts = fake.requests().iter().filter(|request| request.method == "POST").count();
    assert_eq!((posts, fake.asked()), (1, 4));
}

#[tokio::test]
async fn what_cannot_be_fetched_is_the_providers_failure() {
    for (script, code) in [
        (scripts::error(404, "no such prediction"), 404),
        (prediction("failed", &Value::Null), 502),
        (prediction("succeeded", &json!({"text": "?"})), 502),
    ] {
        let fake = FakeProvider::playing([prediction("starting", &Value::Null), script]).await;
        let failed = draw(&gateway(replicate(&fake), json!({})).await, json!({})).await;
        assert_eq!((failed.status.as_u16(), fake.asked()), (code, 2), "{}", failed.text());
    }
    let fake = FakeProvider::always(prediction("starting", &Value::Null)).await;
    let mut nowhere = replicate(&fake);
    nowhere.as_object_mut().unwrap().remove("result_endpoints");
    let failed = draw(&gateway(nowhere, json!({})).await, json!({})).await;
    assert_eq!((failed.status.as_u16(), failed.error_code().as_str()), (502, "TG3001"));
    assert!(failed.error_message().contains("`result_endpoints`"), "{}", failed.text());
}

#[tokio::test]
async fn waiting_for_an_image_ends_with_the_targets_time() {
    let fake = FakeProvider::always(prediction("processing", &Value::Null)).await;
    let routes = json!({"routes": {"r": {"target": format!("p/{FLUX}"), "total_timeout": "400ms"}}});
    let failed = draw(&gateway(replicate(&fake), routes).await, json!({})).await;
    assert_eq!(failed.status, 504, "{}", failed.text());
    assert!(failed.error_message().contains("total_timeout"), "{}", failed.text());
}
