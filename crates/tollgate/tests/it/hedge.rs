//! A second call beside a slow one: who answers first is heard, the other is let go.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{EventStream, FakeProvider, Script, Step, scripts};

use crate::configuration::{key_entry, provider, two};
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;
/// On the clock of a provider, which stands still until a test moves it.
const LONG: Duration = Duration::from_secs(3600);

/// After what time a call is given up that should not be joined.
const LIMIT: &str = "1s";

/// A first provider that does something, a second, and a gateway with a race `r` over both.
struct Pair {
    first: FakeProvider,
    second: FakeProvider,
    gateway: TestGateway,
}

impl Pair {
    async fn start(first: Script, second: Script) -> Self {
        Self::racing(first, second, at_once("100%"), json!("none")).await
    }

    /// Whoever is not joined by another within a time is given up.
    async fn racing(first: Script, second: Script, strategy: Value, limit: Value) -> Self {
        let (first, second) = (FakeProvider::always(first).await, FakeProvider::always(second).await);
        let mut configuration = two(first.base_url(), second.base_url());
        configuration["routes"]["r"]["strategy"] = strategy;
        configuration["routes"]["r"]["targets"][0]["first_token_timeout"] = limit;
        configuration["keys"] = json!([key_entry(1, json!({"explain": true}))]);
        Self { first, second, gateway: TestGateway::start(configuration).await }
    }

    async fn hedges(&self, outcome: &str) -> f64 {
        self.gateway.metric(&format!("tollgate_hedges_total{{outcome=\"{outcome}\"}}")).await
    }

    /// How many second calls there were, or would have been, whatever became of them.
    async fn all_hedges(&self) -> f64 {
        let mut all = 0.0;
        for outcome in ["won", "lost", "failed", "cancelled", "capped"] {
            all += self.hedges(outcome).await;
        }
        all
    }
}

fn at_once(share_max: &str) -> Value {
    json!({"mode": "race", "after": "1ms", "share_max": share_max})
}

fn said(text: &str, streamed: bool) -> Script {
    if streamed {
        scripts::stream(CHAT, &[text]).script()
    } else {
        scripts::json(&scripts::answer(CHAT, text))
    }
}

/// The same when the provider's clock has moved on.
fn later(script: Script) -> Script {
    Script::new([vec![Step::Pause(LONG)], script.steps].concat())
}

#[tokio::test]
async fn who_is_slow_is_joined_by_another_and_let_go_when_that_one_answers() {
    for streamed in [false, true] {
        let begun = scripts::stream(CHAT, &["x"]).before_content().hang();
        let slow = if streamed { begun } else { scripts::hang() };
        let pair = Pair::start(slow, said("second", streamed)).await;
        for _ in 0..6 {
            let call =
                if streamed { pair.gateway.ask_streamed(CHAT, "r") } else { pair.gateway.ask(CHAT, "r") };
            let answer = call.answer().await;
            assert!(answer.text().contains("second"), "{}", answer.text());
            assert_eq!(answer.header("x-tollgate-provider"), "q");
            assert_eq!(answer.header("x-tollgate-attempts"), "2");
            pair.first.client_left().await;
        }
        assert_eq!((pair.hedges("won").await, pair.all_hedges().await), (6.0, 6.0));
        assert_eq!(pair.gateway.metric("tollgate_rescued_requests_total").await, 0.0, "nothing failed");
        let openings = "tollgate_breaker_openings_total{provider=\"p\"}";
        assert_eq!(pair.gateway.metric(openings).await, 0.0, "to be slower is no failure");
        assert_eq!(pair.gateway.metric("tollgate_in_flight_bytes").await, 0.0);
    }
}

#[tokio::test]
async fn the_first_call_goes_on_and_may_still_win() {
    let pair = Pair::start(later(said("first", false)), scripts::hang()).await;
    let call = pair.gateway.ask(CHAT, "r").header("x-tollgate-explain", "true");
    let asking = tokio::spawn(call.answer());
    pair.second.was_asked(1).await;
    pair.first.clock().waits_begun(1).await;
    pair.first.clock().advance(LONG);
    let answer = asking.await.unwrap();
    assert!(answer.text().contains("first"), "{}", answer.text());
    assert_eq!(answer.header("x-tollgate-provider"), "p");
    assert_eq!(answer.header("x-tollgate-attempts"), "2");
    let decision: Value = serde_json::from_str(answer.header("x-tollgate-decision")).unwrap();
    let outcomes: Vec<_> =
        decision["attempts"].as_array().unwrap().iter().map(|one| one["outcome"].clone()).collect();
    assert_eq!(outcomes, ["outrun", "served"]);
    pair.second.client_left().await;
    assert_eq!((pair.hedges("lost").await, pair.all_hedges().await), (1.0, 1.0));
}

#[tokio::test]
async fn when_one_fails_the_other_goes_on() {
    let pair = Pair::start(later(scripts::error(500, "no")), later(said("second", false))).await;
    let asking = tokio::spawn(pair.gateway.ask(CHAT, "r").answer());
    pair.second.was_asked(1).await;
    pair.first.clock().waits_begun(1).await;
    pair.first.clock().advance(LONG);
    pair.second.clock().waits_begun(1).await;
    pair.second.clock().advance(LONG);
    assert!(asking.await.unwrap().text().contains("second"));
    assert_eq!(pair.hedges("won").await, 1.0);
}

#[tokio::test]
async fn when_both_fail_the_route_goes_on_behind_them() {
    let (first, second) = (
        FakeProvider::always(later(scripts::error(500, "one"))).await,
        FakeProvider::always(scripts::error(503, "two")).await,
    );
    let third = FakeProvider::always(said("third", false)).await;
    let mut configuration = two(first.base_url(), second.base_url());
    configuration["providers"]["s"] = provider(third.base_url());
    configuration["routes"]["r"] = json!({
        "strategy": at_once("100%"),
        "targets": [{"target": "p/m"}, {"target": "q/m"}, {"target": "s/m"}],
    });
    let gateway = TestGateway::start(configuration).await;
    let asking = tokio::spawn(gateway.ask(CHAT, "r").answer());
    second.was_asked(1).await;
    first.clock().waits_begun(1).await;
    first.clock().advance(LONG);
    let answer = asking.await.unwrap();
    assert!(answer.text().contains("third"), "{}", answer.text());
    assert_eq!(answer.header("x-tollgate-attempts"), "3");
    assert_eq!((first.asked(), second.asked(), third.asked()), (1, 1, 1));
    assert_eq!(gateway.metric("tollgate_hedges_total{outcome=\"failed\"}").await, 1.0);
    assert_eq!(gateway.metric("tollgate_rescued_requests_total").await, 1.0);
}

#[tokio::test]
async fn second_calls_are_no_more_than_their_share() {
    let pair = Pair::racing(scripts::hang(), said("second", false), at_once("50%"), LIMIT.into()).await;
    for (request, (won, capped)) in [(0.0, 1.0), (1.0, 1.0), (1.0, 2.0), (2.0, 2.0)].into_iter().enumerate() {
        // What is not joined runs out of time and falls over.
        assert_eq!(pair.gateway.chat("r").await.header("x-tollgate-provider"), "q");
        assert_eq!((pair.hedges("won").await, pair.hedges("capped").await), (won, capped), "{request}");
    }
}

#[tokio::test]
async fn what_is_late_is_known_after_twenty_calls_and_not_before() {
    let pair =
        Pair::racing(scripts::hang(), said("second", false), json!({"mode": "race"}), LIMIT.into()).await;
    assert_eq!(pair.gateway.chat("r").await.header("x-tollgate-provider"), "q");
    assert_eq!(pair.all_hedges().await, 0.0);
    for _ in 0..20 {
        pair.first.next(said("first", false));
        assert_eq!(pair.gateway.chat("r").await.header("x-tollgate-provider"), "p");
    }
    assert_eq!(pair.gateway.chat("r").await.header("x-tollgate-provider"), "q");
    assert_eq!((pair.hedges("won").await, pair.all_hedges().await), (1.0, 1.0));
}

#[tokio::test]
async fn what_is_kept_is_not_asked_for_twice() {
    let kind = EventStream::Responses;
    let second = scripts::json(&scripts::answer(kind, "second"));
    let pair = Pair::racing(scripts::hang(), second, at_once("100%"), LIMIT.into()).await;
    for (store, hedges) in [(json!(null), 0.0), (json!(true), 0.0), (json!(false), 1.0)] {
        let mut request = scripts::request(kind, "r", false);
        if !store.is_null() {
            request["store"] = store.clone();
        }
        let answer = pair.gateway.client().post(scripts::path(kind), request.to_string()).answer().await;
        assert_eq!(answer.header("x-tollgate-provider"), "q", "{}", answer.text());
        assert_eq!(pair.all_hedges().await, hedges, "{store}");
    }
}

#[tokio::test]
async fn a_client_that_leaves_lets_both_go() {
    let pair = Pair::start(later(said("first", false)), scripts::hang()).await;
    let asking = tokio::spawn(pair.gateway.ask(CHAT, "r").open());
    pair.second.was_asked(1).await;
    asking.abort();
    pair.first.client_left().await;
    pair.second.client_left().await;
    assert_eq!((pair.hedges("cancelled").await, pair.all_hedges().await), (1.0, 1.0));
}
