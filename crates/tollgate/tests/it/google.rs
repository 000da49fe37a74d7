//! Google's clients and servers: streams that are arrays, and waits that stand in the body of an error.

use http::StatusCode;
use serde_json::{Value, json};
use testkit::{EventStream, FakeProvider, Script, Step, scripts};

use crate::configuration::one;
use crate::gateway::TestGateway;

const GEMINI: EventStream = EventStream::Gemini;
const ARRAY: &str = "/v1beta/models/p%2Fm:streamGenerateContent";
const EVENTS: &str = "/v1beta/models/p%2Fm:streamGenerateContent?alt=sse";

fn configuration(fake: &FakeProvider) -> Value {
    let mut configuration = one(fake);
    let endpoints = &mut configuration["providers"]["p"]["endpoints"];
    endpoints["generate_content"] = json!("/models/{model}:generateContent");
    endpoints["stream_generate_content"] = json!("/models/{model}:streamGenerateContent?alt=sse");
    configuration
}

/// What a client is sent: its type and its body.
async fn sent(script: Script, path: &str) -> (String, String) {
    let fake = FakeProvider::always(script).await;
    let gateway = TestGateway::start(configuration(&fake)).await;
    let body = scripts::request(GEMINI, "m", true).to_string();
    let answer = gateway.client().post(path, body).answer().await;
    assert_eq!(fake.only_request().query, "alt=sse");
    (answer.header("content-type").to_owned(), answer.text().to_owned())
}

/// What each event carries.
fn data(events: &str) -> Vec<Value> {
    let lines = events.lines().filter_map(|line| line.strip_prefix("data: "));
    lines.map(|data| serde_json::from_str(data).unwrap()).collect()
}

#[tokio::test]
async fn a_client_that_does_not_ask_for_events_gets_an_array_of_them() {
    let stream = scripts::stream(GEMINI, &["one ", "two"]).insert(1, ": wait\n\n");
    let (kind, events) = sent(stream.script(), EVENTS).await;
    assert_eq!(
        (kind.as_str(), events.as_str()),
        ("text/event-stream; charset=utf-8", stream.text().as_str())
    );
    for bytes in [1, 7, 4096] {
        let (kind, array) = sent(stream.clone().in_writes_of(bytes).script(), ARRAY).await;
        assert_eq!(kind, "application/json; charset=UTF-8");
        assert_eq!(serde_json::from_str::<Vec<Value>>(&array).unwrap(), data(&events));
        assert!(array.contains("},\r\n{"), "{array}");
    }
}

#[tokio::test]
async fn an_array_comes_element_by_element() {
    let fake = FakeProvider::always(scripts::stream(GEMINI, &["one ", "two"]).up_to_content(1).hang()).await;
    let gateway = TestGateway::start(configuration(&fake)).await;
    let body = scripts::request(GEMINI, "m", true).to_string();
    let mut streamed = gateway.client().post(ARRAY, body).open().await;
    let begun = streamed.until("one ").await;
    assert!(begun.starts_with("[{"), "{begun}");
}

#[tokio::test]
async fn an_array_that_breaks_ends_with_an_error_and_is_whole() {
    let begun = scripts::stream(GEMINI, &["one ", "two"]).up_to_content(1);
    let told = begun
        .clone()
        .and("data: {\"error\":{\"code\":503,\"message\":\"busy\",\"status\":\"UNAVAILABLE\"}}\n\n");
    for (script, status) in [(begun.cut(), 502), (begun.script(), 502), (told.script(), 503)] {
        let (_, array) = sent(script, ARRAY).await;
        let elements: Vec<Value> = serde_json::from_str(&array).unwrap();
        assert_eq!(elements.len(), 2, "{array}");
        assert_eq!(
            (elements[1]["error"]["code"].as_u64(), elements[1]["error"]["status"].as_str()),
            (Some(status), Some("UNAVAILABLE"))
        );
    }
}

#[tokio::test]
async fn a_provider_that_sends_an_array_is_read_by_everybody() {
    let elements = data(&scripts::stream(GEMINI, &["one ", "two"]).text());
    let array = serde_json::to_string_pretty(&elements).unwrap().replace('\n', "\r\n");
    let head = || Step::head(StatusCode::OK, "application/json; charset=UTF-8");
    let whole = Script::new(vec![head(), Step::Bytes(array.clone().into())]);
    let (kind, events) = sent(whole.clone(), EVENTS).await;
    assert_eq!((kind.as_str(), data(&events)), ("text/event-stream", elements.clone()));
    let (_, again) = sent(whole, ARRAY).await;
    assert_eq!(serde_json::from_str::<Vec<Value>>(&again).unwrap(), elements);

    let half = array.split_at(array.rfind("two").unwrap()).0.to_owned();
    let (_, broken) = sent(Script::new(vec![head(), Step::Bytes(half.into())]), EVENTS).await;
    assert_eq!(data(&broken).last().unwrap()["error"]["code"], 502);
}

/// An error as Google writes it: how long to wait, and which quota is used up.
fn limited(delay: &str, quota: &str) -> Script {
    let kind = |name: &str| format!("type.googleapis.com/google.rpc.{name}");
    let body = json!({"error": {
        "code": 429, "message": "You exceeded your current quota.", "status": "RESOURCE_EXHAUSTED",
        "details": [
            {"@type": kind("QuotaFailure"), "violations": [{"quotaId": quota}]},
            {"@type": kind("RetryInfo"), "retryDelay": delay},
        ],
    }});
    Script::json(StatusCode::TOO_MANY_REQUESTS, &body)
}

const A_MINUTE: &str = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier";
const A_DAY: &str = "GenerateRequestsPerDayPerProjectPerModel-FreeTier";

#[tokio::test]
async fn a_wait_in_the_body_of_an_error_is_met_unless_the_quota_is_the_days() {
    for (quota, answered) in [(A_MINUTE, (200, 2)), (A_DAY, (429, 1))] {
        let fake = FakeProvider::playing([limited("0.03s", quota)]).await;
        let mut configuration = configuration(&fake);
        configuration["routes"] = json!({"r": {"target": "p/m", "retry": {"attempts": 1, "backoff_first": "1ms", "backoff_max": "50ms"}}});
        let gateway = TestGateway::start(configuration).await;
        let began = tokio::time::Instant::now();
        let answer = gateway.chat("r").await;
        assert_eq!((answer.status.as_u16(), fake.asked()), answered, "{quota}");
        if quota == A_MINUTE {
            assert!(began.elapsed().as_millis() >= 30, "{:?}", began.elapsed());
        } else {
            assert_eq!(answer.header("retry-after"), "3600");
        }
    }
}

#[tokio::test]
async fn googles_clients_find_the_wait_in_the_body() {
    let busy = scripts::with_header(scripts::error(503, "busy"), "retry-after", "7");
    let fake = FakeProvider::always(busy).await;
    let gateway = TestGateway::start(configuration(&fake)).await;
    let answer = gateway.ask(GEMINI, "p%2Fm").answer().await;
    let error = &answer.json()["error"];
    assert_eq!((answer.status.as_u16(), error["status"].as_str()), (502, Some("UNAVAILABLE")));
    assert_eq!(
        error["details"],
        json!([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"}])
    );
}
