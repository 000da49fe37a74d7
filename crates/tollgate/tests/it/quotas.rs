//! Requests are shaped by their provider's quota before it refuses them.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Answer, Call, EventStream, FakeProvider, Script, scripts};

use crate::configuration::{key_entry, provider};
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;
const LENGTH: &str = "tollgate_queue_length{provider=\"p\"}";

fn fine() -> Script {
    scripts::json(&scripts::answer(CHAT, "hi"))
}

fn with_quota(fake: &FakeProvider, quota: &Value) -> Value {
    let mut provider = provider(fake.base_url());
    provider["quota"] = json!([quota]);
    provider
}

async fn before(fake: &FakeProvider, quota: &Value) -> TestGateway {
    TestGateway::start(json!({"providers": {"p": with_quota(fake, quota)}})).await
}

/// The answers to so many requests at once.
async fn burst(gateway: &TestGateway, count: usize) -> Vec<Answer> {
    let calls: Vec<_> = (0..count).map(|_| tokio::spawn(gateway.ask(CHAT, "p/m").answer())).collect();
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap());
    }
    answers
}

fn served(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| answer.status == 200).count()
}

#[tokio::test]
async fn a_burst_is_spread_so_that_its_provider_refuses_nothing() {
    let p = FakeProvider::always(fine()).await;
    p.allow(10, Duration::from_millis(500));
    let gateway = before(&p, &json!({"requests": {"per_second": 10}})).await;
    let answers = burst(&gateway, 25).await;
    assert_eq!((served(&answers), p.refused(), p.asked()), (25, 0, 25));
    let waits = "tollgate_queue_wait_seconds_count{provider=\"p\",priority=\"standard\"}";
    assert_eq!((gateway.metric(waits).await, gateway.metric(LENGTH).await), (15.0, 0.0));

    let unshaped = TestGateway::before(&p).await;
    let answers = burst(&unshaped, 25).await;
    assert!(p.refused() > 0 && served(&answers) < 25, "the provider does refuse a burst");
}

#[tokio::test]
async fn what_cannot_make_it_is_refused_at_once_and_told_when_to_come_again() {
    let p = FakeProvider::always(fine()).await;
    let gateway = before(&p, &json!({"tokens": {"per_minute": 600}})).await;
    assert_eq!(gateway.chat("p/m").await.status, 200, "what it used is known, and gives back the rest");
    let mut greedy = scripts::answer(CHAT, "hi");
    greedy["usage"] = json!({"prompt_tokens": 100, "completion_tokens": 500, "total_tokens": 600});
    p.keep_answering(scripts::json(&greedy));
    assert_eq!(gateway.chat("p/m").await.status, 200);
    let refused = gateway.chat("p/m").await;
    assert_eq!((refused.status.as_u16(), p.asked()), (429, 2));
    assert_eq!(refused.json()["error"]["code"], "TG3005");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((31..=62).contains(&wait), "{wait}");
    let over = "tollgate_over_quota_requests_total{provider=\"p\",priority=\"standard\"}";
    assert_eq!(gateway.metric(over).await, 1.0);
}

#[tokio::test]
async fn a_quota_is_learned_from_the_headers_of_answers() {
    let mut answer = fine();
    for (name, value) in [("x-limit", "1"), ("x-remaining", "0"), ("x-reset", "50s")] {
        answer = scripts::with_header(answer, name, value);
    }
    let p = FakeProvider::always(answer).await;
    let mut definition = provider(p.base_url());
    definition["rate_limits"] =
        json!([{"counts": "requests", "limit": "x-limit", "remaining": "x-remaining", "reset": "x-reset"}]);
    let gateway = TestGateway::start(json!({"providers": {"p": definition}})).await;
    assert_eq!(gateway.chat("p/m").await.status, 200);
    let refused = gateway.chat("p/m").await;
    assert_eq!((refused.status.as_u16(), p.asked()), (429, 1));
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((45..=50).contains(&wait), "{wait}");
    assert_eq!(gateway.chat("p/other").await.status, 200, "another model has a quota of its own");
}

#[tokio::test]
async fn a_route_goes_where_there_is_room() {
    let (p, q) = (FakeProvider::always(fine()).await, FakeProvider::always(fine()).await);
    for strategy in [json!({"mode": "fallback"}), json!({"mode": "loadbalance", "by": "round_robin"})] {
        let gateway = TestGateway::start(json!({
            "providers": {
                "p": with_quota(&p, &json!({"requests": {"per_day": 1}})),
                "q": provider(q.base_url()),
            },
            "routes": {"r": {"strategy": strategy, "targets": [{"target": "p/m"}, {"target": "q/m"}]}},
        }))
        .await;
        let before = (p.asked(), q.asked());
        for _ in 0..4 {
            let answer = gateway.chat("r").await;
            assert_eq!((answer.status.as_u16(), answer.header("x-tollgate-attempts")), (200, "1"));
        }
        assert_eq!((p.asked() - before.0, q.asked() - before.1), (1, 3));
    }
}

#[tokio::test]
async fn balancing_by_usage_uses_quotas_up_evenly() {
    let (p, q) = (FakeProvider::always(fine()).await, FakeProvider::always(fine()).await);
    let gateway = TestGateway::start(json!({
        "providers": {
            "p": with_quota(&p, &json!({"requests": {"per_day": 10}})),
            "q": with_quota(&q, &json!({"requests": {"per_day": 30}})),
        },
        "routes": {"r": {
            "strategy": {"mode": "loadbalance", "by": "usage"},
            "targets": [{"target": "p/m"}, {"target": "q/m"}],
        }},
    }))
    .await;
    for _ in 0..20 {
        assert_eq!(gateway.chat("r").await.status, 200);
    }
    assert!((4..=6).contains(&p.asked()), "{} of 20", p.asked());
}

#[tokio::test]
async fn each_credential_has_a_quota_of_its_own() {
    let p = FakeProvider::always(fine()).await;
    let mut definition = with_quota(&p, &json!({"requests": {"per_day": 2}}));
    definition["credentials"] = json!(["first", "second"]);
    let gateway = TestGateway::start(json!({"providers": {"p": definition}})).await;
    for expected in [200, 200, 200, 200, 429] {
        assert_eq!(gateway.chat("p/m").await.status, expected);
    }
    let used = |secret: &str| {
        let bearer = format!("Bearer {secret}");
        p.requests().iter().filter(|request| request.headers["authorization"] == bearer).count()
    };
    assert_eq!((used("first"), used("second")), (2, 2));
}

/// A gateway that lets one call at a time through to a provider, and that call under way.
struct Narrow {
    gateway: TestGateway,
    first: testkit::Streamed,
}

impl Narrow {
    async fn before(p: &FakeProvider) -> Self {
        p.next(scripts::stream(CHAT, &["a", "b"]).up_to_content(1).hang());
        p.keep_answering(fine());
        let gateway = TestGateway::start(json!({
            "providers": {"p": with_quota(p, &json!({"concurrency": 1}))},
            "keys": [key_entry(1, json!({"priority_max": "realtime"}))],
        }))
        .await;
        let mut first = gateway.ask_streamed(CHAT, "p/m").open().await;
        first.next().await.unwrap();
        Self { gateway, first }
    }

    /// Asks, and waits until so many wait in the queue.
    async fn queued(&self, call: Call, length: f64) -> tokio::task::JoinHandle<Answer> {
        let waiting = tokio::spawn(call.answer());
        self.has_waiting(length).await;
        waiting
    }

    async fn has_waiting(&self, length: f64) {
        while self.gateway.metric(LENGTH).await != length {
            tokio::task::yield_now().await;
        }
    }

    fn ask(&self, priority: &str) -> Call {
        let body = json!({"model": "p/m", "messages": [{"role": "user", "content": priority}]});
        self.gateway.post_chat(body.to_string()).header("x-tollgate-priority", priority)
    }
}

#[tokio::test]
async fn those_who_wait_are_served_by_priority() {
    let p = FakeProvider::start().await;
    let narrow = Narrow::before(&p).await;
    let mut waiting = Vec::new();
    for (priority, length) in [("batch", 1.0), ("standard", 2.0), ("realtime", 3.0)] {
        waiting.push(narrow.queued(narrow.ask(priority), length).await);
    }
    drop(narrow.first);
    for answer in waiting {
        assert_eq!(answer.await.unwrap().status, 200);
    }
    let requests = p.requests();
    let served = requests.iter().skip(1).map(|request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        body["messages"][0]["content"].as_str().unwrap().to_owned()
    });
    assert_eq!(served.collect::<Vec<_>>(), ["realtime", "standard", "batch"]);
    assert_eq!(narrow.gateway.metric(LENGTH).await, 0.0);
}

#[tokio::test]
async fn a_client_that_leaves_the_queue_makes_place_for_the_next() {
    let p = FakeProvider::start().await;
    let narrow = Narrow::before(&p).await;
    let leaves = narrow.queued(narrow.ask("realtime"), 1.0).await;
    let stays = narrow.queued(narrow.ask("standard"), 2.0).await;
    leaves.abort();
    narrow.has_waiting(1.0).await;
    drop(narrow.first);
    assert_eq!(stays.await.unwrap().status, 200);
    assert_eq!(p.asked(), 2);
}

#[tokio::test]
async fn a_priority_that_is_none_or_too_high_is_refused() {
    let p = FakeProvider::always(fine()).await;
    let gateway = before(&p, &json!({"requests": {"per_second": 10}})).await;
    for (priority, status) in [("batch", 200), ("standard", 200), ("realtime", 400), ("soon", 400)] {
        let answer = gateway.ask(CHAT, "p/m").header("x-tollgate-priority", priority).answer().await;
        assert_eq!(answer.status, status, "{priority}");
        if status == 400 {
            assert_eq!(answer.json()["error"]["code"], "TG1014");
        }
    }
}

/// An answer that says so much is in use, in the header that Azure has for it.
fn in_use(percent: &str) -> Script {
    scripts::with_header(fine(), "azure-openai-deployment-utilization", percent)
}

/// The provider with that header, as its data file describes it, and a quota.
fn azure(fake: &FakeProvider, quota: &Value) -> Value {
    json!({"like": "azure-openai", "base_url": fake.base_url(), "credentials": ["secret"], "quota": [quota]})
}

#[tokio::test]
async fn what_is_wholly_in_use_is_left_alone_and_the_decision_says_so() {
    let (p, q) = (FakeProvider::always(in_use("190.4%")).await, FakeProvider::always(fine()).await);
    let gateway = TestGateway::start(json!({
        "providers": {"p": azure(&p, &json!({"utilization": {}})), "q": provider(q.base_url())},
        "routes": {"r": {"strategy": {"mode": "fallback"}, "targets": [{"target": "p/m"}, {"target": "q/m"}]}},
        "keys": [key_entry(1, json!({"explain": true}))],
    }))
    .await;
    assert_eq!(gateway.chat("r").await.header("x-tollgate-provider"), "p");
    let answer = gateway.ask(CHAT, "r").header("x-tollgate-explain", "true").answer().await;
    assert_eq!((answer.status.as_u16(), answer.header("x-tollgate-provider")), (200, "q"));
    let told: Value = serde_json::from_str(answer.header("x-tollgate-decision")).unwrap();
    let excluded = &told["targets"][0]["excluded"];
    let detail = excluded["detail"].as_str().unwrap();
    let figure = detail.strip_prefix("has no room in its provider's quota: ").unwrap();
    let percent: f64 = figure.strip_suffix(" % is in use, by its last answer").unwrap().parse().unwrap();
    assert!(excluded["reason"] == "quota" && (100.0..=190.4).contains(&percent), "{detail}");

    let refused = gateway.chat("p/m").await;
    assert_eq!((refused.status.as_u16(), p.asked()), (429, 1), "it would wait for longer than it can");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((31..=55).contains(&wait), "it falls by the whole in a minute: {wait}");
}

#[tokio::test]
async fn batch_waits_from_its_part_on_while_the_others_go() {
    let p = FakeProvider::always(in_use("99.0%")).await;
    let quota = json!({"utilization": {"batch_percent_max": 1}});
    let gateway = TestGateway::start(json!({"providers": {"p": azure(&p, &quota)}})).await;
    assert_eq!(gateway.chat("p/m").await.status, 200);
    let batch = || gateway.ask(CHAT, "p/m").header("x-tollgate-priority", "batch").answer();
    let refused = batch().await;
    assert_eq!((refused.status.as_u16(), p.asked()), (429, 1));
    assert_eq!(refused.json()["error"]["code"], "TG3005");
    p.keep_answering(in_use("0.9%"));
    assert_eq!(gateway.chat("p/m").await.status, 200);
    assert_eq!((batch().await.status.as_u16(), p.asked()), (200, 3), "the last answer is believed");
}

#[tokio::test]
async fn balancing_by_usage_counts_what_is_not_in_use() {
    let (p, q) = (FakeProvider::always(in_use("95%")).await, FakeProvider::always(in_use("5%")).await);
    let quota = json!({"utilization": {}});
    let gateway = TestGateway::start(json!({
        "providers": {"p": azure(&p, &quota), "q": azure(&q, &quota)},
        "routes": {"r": {
            "strategy": {"mode": "loadbalance", "by": "usage"},
            "targets": [{"target": "p/m"}, {"target": "q/m"}],
        }},
    }))
    .await;
    for target in ["p/m", "q/m", "r", "r", "r", "r"] {
        assert_eq!(gateway.chat(target).await.status, 200);
    }
    assert_eq!((p.asked(), q.asked()), (1, 5));
}

#[tokio::test]
async fn what_is_in_use_means_nothing_where_no_quota_goes_by_it() {
    let p = FakeProvider::always(in_use("200%")).await;
    let quota = json!({"models": ["provisioned-*"], "utilization": {}});
    let gateway = TestGateway::start(json!({"providers": {"p": azure(&p, &quota)}})).await;
    for _ in 0..3 {
        assert_eq!(gateway.chat("p/m").await.status, 200);
    }
    assert_eq!(gateway.chat("p/provisioned-m").await.status, 200);
    assert_eq!(gateway.chat("p/provisioned-m").await.status, 429);
}
