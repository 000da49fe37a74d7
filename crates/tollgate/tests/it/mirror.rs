//! Copies of requests: the client is answered by one target, and what the others say nobody gets.

use serde_json::{Value, json};
use testkit::{EventStream, FakeProvider, Script, scripts};

use crate::configuration::{key_entry, provider};
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;
const MESSAGES: EventStream = EventStream::Messages;

/// A target `p` that answers, a target `q` that gets copies, and a route `r` over both.
struct Mirror {
    answers: FakeProvider,
    copied: FakeProvider,
    gateway: TestGateway,
}

impl Mirror {
    async fn start(copied: Script, strategy: Value) -> Self {
        Self::changed(copied, strategy, |_| {}).await
    }

    async fn changed(copied: Script, strategy: Value, change: impl FnOnce(&mut Value)) -> Self {
        let answers = FakeProvider::always(scripts::json(&scripts::answer(CHAT, "first"))).await;
        let copied = FakeProvider::always(copied).await;
        let mut strategy = strategy;
        strategy["mode"] = json!("mirror");
        let mut configuration = json!({
            "providers": {"p": provider(answers.base_url()), "q": provider(copied.base_url())},
            "routes": {"r": {"strategy": strategy, "targets": [{"target": "p/m"}, {"target": "q/copy"}]}},
        });
        change(&mut configuration);
        Self { answers, copied, gateway: TestGateway::start(configuration).await }
    }

    async fn mirrored(&self, outcome: &str) -> f64 {
        let series = format!("tollgate_mirrored_requests_total{{provider=\"q\",outcome=\"{outcome}\"}}");
        self.gateway.metric(&series).await
    }

    /// Waits until so many copies have ended.
    async fn copies_done(&self, count: u32) {
        testkit::within("the end of the copies", async {
            while self.mirrored("done").await + self.mirrored("failed").await < f64::from(count) {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

fn fine() -> Script {
    scripts::json(&scripts::answer(CHAT, "second"))
}

fn model_of(fake: &FakeProvider) -> Value {
    serde_json::from_slice::<Value>(&fake.only_request().body).unwrap()["model"].clone()
}

#[tokio::test]
async fn the_client_is_answered_by_the_first_and_the_second_gets_a_copy() {
    for streamed in [false, true] {
        let counted = scripts::stream(CHAT, &["second"]).before_last(scripts::USAGE_CHUNK).script();
        let said = if streamed { counted } else { fine() };
        let mirror = Mirror::start(said, json!({})).await;
        if streamed {
            mirror.answers.keep_answering(scripts::stream(CHAT, &["first"]).script());
        }
        let gateway = &mirror.gateway;
        let call = if streamed { gateway.ask_streamed(CHAT, "r") } else { gateway.ask(CHAT, "r") };
        let answer = call.answer().await;
        assert!(answer.text().contains("first") && !answer.text().contains("second"), "{}", answer.text());
        assert_eq!(answer.header("x-tollgate-provider"), "p");
        assert_eq!(answer.header("x-tollgate-attempts"), "1");
        mirror.copied.was_asked(1).await;
        assert_eq!(model_of(&mirror.copied), "copy");
        mirror.copies_done(1).await;
        assert_eq!(mirror.mirrored("done").await, 1.0);
        let tokens = "tollgate_mirrored_tokens_total{provider=\"q\",model=\"copy\",kind=\"input\"}";
        assert!(gateway.metric(tokens).await > 0.0);
        let live = "tollgate_tokens_total{provider=\"q\",model=\"copy\",kind=\"input\"}";
        assert_eq!(gateway.metric(live).await, 0.0, "copies are counted apart");
        assert_eq!(gateway.metric("tollgate_requests_in_flight").await, 0.0);
        assert_eq!(gateway.metric("tollgate_in_flight_bytes").await, 0.0);
    }
}

#[tokio::test]
async fn a_copy_is_translated_where_its_target_speaks_another_format() {
    let answer = scripts::json(&scripts::answer(MESSAGES, "second"));
    let mirror = Mirror::changed(answer, json!({}), |configuration| {
        configuration["providers"]["q"]["endpoints"] = json!({"messages": "/messages"});
    })
    .await;
    assert!(mirror.gateway.chat("r").await.text().contains("first"));
    mirror.copied.was_asked(1).await;
    assert_eq!(mirror.copied.only_request().path, "/v1/messages");
    mirror.copies_done(1).await;
    assert_eq!(mirror.mirrored("done").await, 1.0);
}

#[tokio::test]
async fn a_copy_that_fails_touches_no_client_and_no_breaker() {
    for failure in
        [scripts::error(500, "no"), scripts::error(429, "slow"), scripts::error(401, "who"), scripts::cut()]
    {
        let mirror = Mirror::start(failure, json!({})).await;
        for copies in 1..=7 {
            assert_eq!(mirror.gateway.chat("r").await.status, 200);
            mirror.copies_done(copies).await;
        }
        assert_eq!((mirror.answers.asked(), mirror.copied.asked()), (7, 7));
        assert_eq!(mirror.mirrored("failed").await, 7.0);
        assert_eq!(mirror.gateway.metric("tollgate_breakers_open{provider=\"q\"}").await, 0.0);
        mirror.copied.keep_answering(fine());
        assert_eq!(mirror.gateway.chat("q/m").await.status, 200, "its credential does not rest");
    }
}

#[tokio::test]
async fn a_share_of_the_requests_is_copied() {
    let mirror = Mirror::start(fine(), json!({"share": "25%"})).await;
    for _ in 0..8 {
        mirror.gateway.chat("r").await;
    }
    mirror.copies_done(2).await;
    assert_eq!((mirror.answers.asked(), mirror.copied.asked()), (8, 2));
}

#[tokio::test]
async fn no_more_copies_are_under_way_than_may_be_and_none_holds_up_a_client() {
    let mirror = Mirror::start(scripts::hang(), json!({"in_flight_max": 2})).await;
    for _ in 0..5 {
        assert!(mirror.gateway.chat("r").await.text().contains("first"));
    }
    mirror.copied.was_asked(2).await;
    assert_eq!((mirror.copied.asked(), mirror.mirrored("skipped").await), (2, 3.0));
}

#[tokio::test]
async fn the_days_money_is_a_bound_and_what_has_no_price_gets_no_copy_under_it() {
    let priced = |configuration: &mut Value| {
        let prices = json!({"standard": {"input": "500000", "output": "500000"}});
        configuration["catalog"] =
            json!({"overrides": [{"provider": "q", "model": "copy", "prices": prices}]});
    };
    let bound = json!({"usd_per_day_max": 0.5});
    let mirror = Mirror::changed(fine(), bound.clone(), priced).await;
    for _ in 0..3 {
        mirror.gateway.chat("r").await;
        mirror.copies_done(1).await;
    }
    assert_eq!((mirror.copied.asked(), mirror.mirrored("skipped").await), (1, 2.0));
    assert!(
        mirror.gateway.metric("tollgate_mirrored_cost_usd_total{provider=\"q\",model=\"copy\"}").await > 0.5
    );
    let mirror = Mirror::start(fine(), bound).await;
    mirror.gateway.chat("r").await;
    assert_eq!((mirror.copied.asked(), mirror.mirrored("skipped").await), (0, 1.0));
}

#[tokio::test]
async fn a_request_that_is_bound_to_a_region_is_copied_nowhere_else() {
    let mirror = Mirror::changed(fine(), json!({}), |configuration| {
        configuration["providers"]["p"]["region"] = json!("eu-1");
        configuration["providers"]["q"]["region"] = json!("us-1");
        configuration["keys"] = json!([key_entry(1, json!({"regions": ["eu-*"]}))]);
    })
    .await;
    assert_eq!(mirror.gateway.chat("r").await.status, 200);
    assert_eq!((mirror.copied.asked(), mirror.mirrored("skipped").await), (0, 1.0));
}

#[tokio::test]
async fn a_copy_goes_on_when_its_client_has_gone_and_a_stop_waits_for_it() {
    let later = [vec![testkit::Step::Pause(std::time::Duration::from_secs(1))], fine().steps].concat();
    let mirror = Mirror::start(Script::new(later), json!({})).await;
    mirror.gateway.chat("r").await;
    mirror.copied.was_asked(1).await;
    mirror.copied.clock().waits_begun(1).await;
    let Mirror { copied, mut gateway, .. } = mirror;
    let address = gateway.address();
    gateway.begin_to_stop();
    let stopping = tokio::spawn(gateway.stopped());
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert!(!stopping.is_finished(), "a copy is under way");
    copied.clock().advance(std::time::Duration::from_secs(1));
    stopping.await.unwrap();
}

#[tokio::test]
async fn clients_may_not_have_their_requests_copied() {
    let mirror = Mirror::changed(fine(), json!({}), |configuration| {
        configuration["keys"] = json!([key_entry(1, json!({"inline_config": true}))]);
    })
    .await;
    let route = json!({"strategy": {"mode": "mirror"}, "targets": [{"target": "p/m"}, {"target": "q/m"}]});
    let call = mirror.gateway.ask(CHAT, "m").header("x-tollgate-config", &route.to_string());
    let answer = call.answer().await;
    assert_eq!(answer.status, 400);
    assert!(answer.error_message().contains("only the operator"), "{}", answer.error_message());
}
