//! Requests that go where their beginning is warm.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use testkit::{EventStream, FakeProvider, Script, scripts};

use crate::configuration::provider;
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;

fn fine() -> Script {
    scripts::json(&scripts::answer(CHAT, "hi"))
}

/// A conversation that has had some turns.
fn conversation(number: usize, turns: usize) -> Value {
    let system = format!("You are assistant {number}. ").repeat(300);
    let user = |turn| json!({"role": "user", "content": format!("turn {turn}")});
    let messages: Vec<_> =
        [json!({"role": "system", "content": system})].into_iter().chain((0..turns).map(user)).collect();
    json!({"model": "r", "messages": messages})
}

#[tokio::test]
async fn a_conversation_stays_where_it_began_and_several_are_shared() {
    let (p, q) = (FakeProvider::always(fine()).await, FakeProvider::always(fine()).await);
    let gateway = TestGateway::start(json!({
        "providers": {"p": provider(p.base_url()), "q": provider(q.base_url())},
        "routes": {"r": {
            "strategy": {"mode": "loadbalance", "by": "prompt_cache"},
            "targets": [{"target": "p/m"}, {"target": "q/m"}],
        }},
    }))
    .await;
    let mut places: BTreeMap<usize, String> = BTreeMap::new();
    for turns in 1..4 {
        for number in 0..16 {
            let answer = gateway.post_chat(conversation(number, turns).to_string()).answer().await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            let place = answer.header("x-tollgate-provider").to_owned();
            assert_eq!(
                places.entry(number).or_insert_with(|| place.clone()),
                &place,
                "conversation {number}"
            );
        }
    }
    assert_eq!(p.asked() + q.asked(), 48);
    assert!(p.asked() >= 3 && q.asked() >= 3, "{} {}", p.asked(), q.asked());
}

#[tokio::test]
async fn where_a_conversation_began_and_nobody_answers_any_more_it_goes_on_elsewhere() {
    let (p, q) = (FakeProvider::always(fine()).await, FakeProvider::always(fine()).await);
    let gateway = TestGateway::start(json!({
        "providers": {"p": provider(p.base_url()), "q": provider(q.base_url())},
        "routes": {"r": {
            "strategy": {"mode": "fallback"},
            "targets": [
                {"strategy": {"mode": "loadbalance", "by": "prompt_cache"}, "targets": [{"target": "p/m"}, {"target": "q/m"}]},
                {"target": "p/m"}, {"target": "q/m"},
            ],
        }},
    }))
    .await;
    let ask = || async {
        let answer = gateway.post_chat(conversation(7, 1).to_string()).answer().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.header("x-tollgate-provider").to_owned()
    };
    let first = ask().await;
    let (broken, other) = if first == "p" { (&p, "q") } else { (&q, "p") };
    broken.keep_answering(scripts::error(500, "broken"));
    for _ in 0..5 {
        assert_eq!(ask().await, other);
    }
    broken.keep_answering(fine());
    assert_eq!(ask().await, other, "that is where it is warm by now");
}
