//! Targets whose models cannot do what a request needs.

use serde_json::{Value, json};
use testkit::{Answer, EventStream, FakeProvider, scripts};

use crate::configuration::provider;
use crate::gateway::TestGateway;

/// A model of the catalogue that reads text only, and one that sees.
const BLIND: &str = "openai/gpt-3.5-turbo";
const SEEING: &str = "openai/gpt-4o";

/// Two providers of one model each, as models of the catalogue, and a route over both.
struct Pair {
    gateway: TestGateway,
    fakes: [FakeProvider; 2],
}

async fn pair(models: [&str; 2], route: Value) -> Pair {
    let script = || scripts::json(&scripts::answer(EventStream::Chat, "hi"));
    let fakes = [FakeProvider::always(script()).await, FakeProvider::always(script()).await];
    let mut route = route;
    route["targets"] = json!([{"target": "p/m"}, {"target": "q/m"}]);
    let configuration = json!({
        "providers": {"p": provider(fakes[0].base_url()), "q": provider(fakes[1].base_url())},
        "routes": {"r": route},
        "catalog": {"overrides": [
            {"provider": "p", "model": "m", "same_as": models[0]},
            {"provider": "q", "model": "m", "same_as": models[1]},
        ]},
    });
    Pair { gateway: TestGateway::start(configuration).await, fakes }
}

impl Pair {
    async fn ask(&self, content: Value) -> Answer {
        let body = json!({"model": "r", "messages": [{"role": "user", "content": content}]});
        self.gateway.client().post("/v1/chat/completions", body.to_string()).answer().await
    }

    fn asked(&self) -> [usize; 2] {
        [self.fakes[0].asked(), self.fakes[1].asked()]
    }
}

fn picture() -> Value {
    json!([{"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}])
}

#[tokio::test]
async fn a_picture_goes_past_a_model_that_sees_nothing() {
    for mode in ["fallback", "loadbalance"] {
        let pair = pair([BLIND, SEEING], json!({"strategy": {"mode": mode}})).await;
        let answer = pair.ask(picture()).await;
        assert_eq!((answer.status.as_u16(), answer.header("x-tollgate-provider")), (200, "q"), "{mode}");
        assert_eq!(pair.asked(), [0, 1], "{mode}");
        let series = "tollgate_targets_passed_over_total{provider=\"p\",lack=\"vision\"}";
        assert_eq!(pair.gateway.metric(series).await, 1.0);
    }
}

#[tokio::test]
async fn what_any_model_can_do_goes_to_the_first() {
    let pair = pair([BLIND, SEEING], json!({"strategy": {"mode": "fallback"}})).await;
    assert_eq!(pair.ask(json!("hello")).await.header("x-tollgate-provider"), "p");
}

#[tokio::test]
async fn a_prompt_that_cannot_fit_goes_where_it_can() {
    let pair = pair([BLIND, SEEING], json!({"strategy": {"mode": "fallback"}})).await;
    let answer = pair.ask(json!("word ".repeat(40_000))).await;
    assert_eq!(answer.header("x-tollgate-provider"), "q");
}

#[tokio::test]
async fn where_no_model_is_known_to_be_able_the_providers_have_the_last_word() {
    let pair = pair([BLIND, BLIND], json!({"strategy": {"mode": "fallback"}})).await;
    assert_eq!(pair.ask(picture()).await.header("x-tollgate-provider"), "p");
}

#[tokio::test]
async fn a_strict_route_refuses_where_no_model_is_able() {
    let pair = pair([BLIND, BLIND], json!({"strategy": {"mode": "fallback"}, "strict": true})).await;
    let refused = pair.ask(picture()).await;
    assert_eq!((refused.status.as_u16(), refused.error_code().as_str()), (400, "TG1010"));
    for model in ["p/m", "q/m"] {
        let told = format!("{model} does not see images, and the route is strict");
        assert!(refused.error_message().contains(&told), "{}", refused.text());
    }
    assert_eq!(pair.asked(), [0, 0]);
    assert_eq!(pair.ask(json!("hello")).await.status, 200);
}

#[tokio::test]
async fn the_last_error_names_who_was_passed_over() {
    let pair = pair([BLIND, SEEING], json!({"strategy": {"mode": "fallback"}})).await;
    pair.fakes[1].keep_answering(scripts::error(500, "out of order"));
    let answer = pair.ask(picture()).await;
    assert_eq!(answer.status, 502);
    assert!(
        answer.error_message().ends_with("passed over: p/m does not see images"),
        "{}",
        answer.error_message()
    );
}
