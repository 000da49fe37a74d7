//! Load balancers that choose by turn, by calls under way and by latency.

use serde_json::json;
use testkit::{EventStream, FakeProvider, Script, scripts};

use crate::configuration::provider;
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;

fn fine() -> Script {
    scripts::json(&scripts::answer(CHAT, "hi"))
}

async fn balancing(by: &str, p: &FakeProvider, q: &FakeProvider) -> TestGateway {
    TestGateway::start(json!({
        "providers": {"p": provider(p.base_url()), "q": provider(q.base_url())},
        "routes": {"r": {
            "strategy": {"mode": "loadbalance", "by": by},
            "targets": [{"target": "p/m", "weight": 2}, {"target": "q/m"}],
        }},
    }))
    .await
}

async fn ask(gateway: &TestGateway, times: usize) {
    for _ in 0..times {
        assert_eq!(gateway.chat("r").await.status, 200);
    }
}

#[tokio::test]
async fn round_robin_takes_turns_as_the_weights_say() {
    let (p, q) = (FakeProvider::always(fine()).await, FakeProvider::always(fine()).await);
    let gateway = balancing("round_robin", &p, &q).await;
    for round in 1..4 {
        ask(&gateway, 3).await;
        assert_eq!((p.asked(), q.asked()), (2 * round, round));
    }
}

#[tokio::test]
async fn least_busy_goes_where_the_fewest_calls_are_under_way() {
    let script = scripts::stream(CHAT, &["a", "b"]).up_to_content(1).hang();
    let (p, q) = (FakeProvider::always(script.clone()).await, FakeProvider::always(script).await);
    let gateway = balancing("least_busy", &p, &q).await;
    let mut open = Vec::new();
    for calls in [3, 6, 9] {
        for _ in 0..3 {
            let mut answer = gateway.ask_streamed(CHAT, "r").open().await;
            answer.next().await.unwrap();
            open.push(answer);
        }
        assert_eq!((p.asked(), q.asked()), (calls / 3 * 2, calls / 3), "of {calls} calls");
    }
}

#[tokio::test]
async fn latency_leaves_a_target_that_keeps_failing_before_its_breaker_opens() {
    let (p, q) =
        (FakeProvider::always(scripts::error(500, "broken")).await, FakeProvider::always(fine()).await);
    let gateway = balancing("latency", &p, &q).await;
    let mut failed = 0;
    for _ in 0..20 {
        if gateway.chat("r").await.status != 200 {
            failed += 1;
        }
    }
    assert!(failed <= 1, "what fails fast is not fast, and {failed} requests waited for it");
    assert_eq!((p.asked(), q.asked()), (failed, 20 - failed));
}

#[tokio::test]
async fn cost_goes_where_the_request_is_likely_to_cost_least() {
    let used = |output: u32| {
        let mut answer = scripts::answer(CHAT, "hi");
        answer["usage"] =
            json!({"prompt_tokens": 20, "completion_tokens": output, "total_tokens": 20 + output});
        scripts::json(&answer)
    };
    // Cheap tokens, of which it needs many; and dear ones, of which it needs few.
    let (cheap, dear) = (FakeProvider::always(used(5_000)).await, FakeProvider::always(used(10)).await);
    let prices = |provider: &str, output: &str| json!({"provider": provider, "model": "m", "prices": {"standard": {"input": "1", "output": output}}});
    let gateway = TestGateway::start(json!({
        "providers": {"p": provider(cheap.base_url()), "q": provider(dear.base_url())},
        "catalog": {"overrides": [prices("p", "1"), prices("q", "2")]},
        "routes": {"r": {
            "strategy": {"mode": "loadbalance", "by": "cost"},
            "targets": [{"target": "p/m"}, {"target": "q/m"}],
        }},
    }))
    .await;
    ask(&gateway, 1).await;
    assert_eq!((cheap.asked(), dear.asked()), (1, 0), "nothing is known but the prices");
    ask(&gateway, 3).await;
    assert_eq!((cheap.asked(), dear.asked()), (1, 3), "its answers are long");
}
