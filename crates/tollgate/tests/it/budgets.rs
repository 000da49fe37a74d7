//! Rate limits and budgets: nothing is exceeded, nothing is charged that was not used, and whoever is refused is told why.

use std::time::Duration;

use domain::Money;
use serde_json::{Value, json};
use testkit::{Answer, Call, EventStream, FakeProvider, Script, scripts};

use crate::configuration::{key_entry, provider};
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;

/// An answer that used so much.
fn used(input: u64, output: u64) -> Script {
    let mut answer = scripts::answer(CHAT, "hi");
    answer["usage"] =
        json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output});
    scripts::json(&answer)
}

/// A gateway before `p`, whose model `m` costs $1 for a million tokens of input and $10 for one of output: a micro-dollar for each token of
/// the question, ten for each of the answer. `free` has no price.
async fn before(p: &FakeProvider, more: Value) -> TestGateway {
    TestGateway::start(configuration(p, more)).await
}

fn configuration(p: &FakeProvider, more: Value) -> Value {
    let prices = json!({"standard": {"input": "1", "output": "10"}});
    let mut configuration = json!({
        "providers": {"p": provider(p.base_url())},
        "catalog": {"overrides": [
            {"provider": "p", "model": "m", "prices": prices, "output_tokens": 1000},
            {"provider": "p", "model": "cheap", "prices": {"standard": {"input": "0.1", "output": "1"}}},
        ]},
        "keys": [
            key_entry(1, json!({"sees_budgets": true, "passthrough": true})),
            key_entry(2, json!({})),
        ],
    });
    let (Value::Object(configuration_members), Value::Object(more)) = (&mut configuration, more) else {
        unreachable!("both are objects")
    };
    configuration_members.extend(more);
    configuration
}

fn budget(members: Value) -> Value {
    let mut budget = json!({"name": "b", "window": "once"});
    if let (Value::Object(budget), Value::Object(members)) = (&mut budget, members) {
        budget.extend(members);
    }
    json!({"budgets": [budget]})
}

fn ask(gateway: &TestGateway, model: &str, tokens_max: u64) -> Call {
    let body =
        json!({"model": model, "messages": [{"role": "user", "content": "hi"}], "max_tokens": tokens_max});
    gateway.post_chat(body.to_string())
}

/// A number of the header that tells how a budget stands, in micro-dollars or tokens.
fn state(answer: &Answer, member: &str) -> Money {
    let header = answer.header("x-tollgate-budget");
    let found = header.split("; ").find_map(|part| part.strip_prefix(member)?.strip_prefix('='));
    found.unwrap_or_else(|| panic!("no {member} in {header}")).parse().unwrap()
}

/// What is spent of the budget `b`, in micro-dollars, as a further request is told that costs nothing.
async fn spent(gateway: &TestGateway) -> i128 {
    let body = json!({"model": "p/m", "messages": [{"role": "user", "content": "hi"}]}).to_string();
    let counting = gateway.client().post("/v1/messages/count_tokens", body).answer().await;
    assert_eq!(state(&counting, "held"), Money::ZERO, "nothing is under way any more");
    state(&counting, "spent").pico_usd() / 1_000_000
}

#[tokio::test]
async fn each_key_has_its_requests_and_is_told_when_to_come_again() {
    let p = FakeProvider::always(used(7, 11)).await;
    let limit = json!({"name": "per-key", "group_by": ["key"], "requests": {"per_minute": 2}});
    let gateway = before(&p, json!({"rate_limits": [limit]})).await;
    let answers = [ask(&gateway, "p/m", 9).answer().await, ask(&gateway, "p/m", 9).answer().await];
    let told =
        |answer: &Answer, what: &str| answer.header(&format!("x-ratelimit-{what}-requests")).to_owned();
    assert_eq!(answers.each_ref().map(|answer| told(answer, "remaining")), ["1", "0"]);
    assert_eq!(told(&answers[0], "limit"), "2");
    let refused = ask(&gateway, "p/m", 9).answer().await;
    assert_eq!((refused.status.as_u16(), refused.error_code()), (429, "TG2021".to_owned()));
    assert_eq!(
        refused.error_message(),
        "the limit `per-key` for `key-1` is 2 requests per minute, and 0 are left"
    );
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((29..=30).contains(&wait), "{wait}");
    assert_eq!(told(&refused, "remaining"), "0");
    let other =
        gateway.client_of(2).post(scripts::path(CHAT), scripts::request(CHAT, "p/m", false).to_string());
    assert_eq!((other.answer().await.status.as_u16(), p.asked()), (200, 3));
    let counted = "tollgate_allotment_decisions_total{allotment=\"per-key\",decision=\"refused\"}";
    assert_eq!(gateway.metric(counted).await, 1.0);
}

#[tokio::test]
async fn anthropics_clients_are_refused_in_their_own_shape() {
    let p = FakeProvider::always(used(7, 11)).await;
    let limit = json!({"name": "all", "requests": {"per_day": 1}});
    let gateway = before(&p, json!({"rate_limits": [limit]})).await;
    assert_eq!(ask(&gateway, "p/m", 9).answer().await.status, 200);
    let refused = gateway.ask(EventStream::Messages, "p/m").answer().await;
    assert_eq!((refused.status.as_u16(), refused.header("x-tollgate-error")), (429, "TG2021"));
    assert_eq!(refused.json()["error"]["type"], "rate_limit_error");
    assert_eq!(refused.header("x-should-retry"), "false", "a day is longer than SDKs wait");
}

#[tokio::test]
async fn tokens_count_as_their_provider_reports_them() {
    let p = FakeProvider::always(used(60, 40)).await;
    let limit = json!({"name": "tpm", "tokens": {"per_minute": 300}});
    let gateway = before(&p, json!({"rate_limits": [limit]})).await;
    for left in [300, 200, 100] {
        let answer = ask(&gateway, "p/m", 50).answer().await;
        let remaining: u64 = answer.header("x-ratelimit-remaining-tokens").parse().unwrap();
        // What is thought of this one is taken off, and time gives some back.
        assert!((left - 80..left - 50).contains(&remaining), "{remaining} of {left}");
    }
    let refused = ask(&gateway, "p/m", 50).answer().await;
    assert_eq!((refused.status.as_u16(), p.asked()), (429, 3));
}

#[tokio::test]
async fn requests_at_once_are_bounded_and_those_that_may_wait_do() {
    let p = FakeProvider::start().await;
    p.next(scripts::stream(CHAT, &["a", "b"]).up_to_content(1).hang());
    p.keep_answering(used(1, 1));
    let limit = json!({"name": "few", "match": {"key": ["key-1"]}, "concurrency": 1, "at_limit": "queue"});
    let gateway = before(&p, json!({"rate_limits": [limit]})).await;
    let mut first = gateway.ask_streamed(CHAT, "p/m").open().await;
    first.next().await.unwrap();
    let waiting = tokio::spawn(ask(&gateway, "p/m", 9).answer());
    let queued = "tollgate_allotment_decisions_total{allotment=\"few\",decision=\"queued\"}";
    while gateway.metric(queued).await == 0.0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(p.asked(), 1);
    drop(first);
    assert_eq!((waiting.await.unwrap().status.as_u16(), p.asked()), (200, 2));
}

#[tokio::test]
async fn a_budget_is_spent_to_what_the_next_request_cannot_be_paid_from() {
    let p = FakeProvider::always(used(10, 9)).await;
    let gateway = before(&p, budget(json!({"usd": "0.0005", "reserve": "most"}))).await;
    // Each costs a hundred micro-dollars, and can cost ninety and its bytes.
    for number in 0..4 {
        let answer = ask(&gateway, "p/m", 9).answer().await;
        assert_eq!((answer.status.as_u16(), answer.header("x-tollgate-cost")), (200, "0.0001"));
        assert_eq!(state(&answer, "spent"), Money::from_pico_usd(number * 100_000_000));
        assert!(state(&answer, "held") > Money::from_pico_usd(90_000_000));
    }
    let refused = ask(&gateway, "p/m", 9).answer().await;
    assert_eq!((refused.status.as_u16(), refused.error_code()), (429, "TG2022".to_owned()));
    let message = refused.error_message();
    assert!(message.starts_with("the budget `b` is $0.0005; $0.0004 are spent and $0 held"), "{message}");
    assert_eq!(refused.header("x-should-retry"), "false");
    assert_eq!((p.asked(), spent(&gateway).await), (4, 400));
    let blind =
        gateway.client_of(2).post(scripts::path(CHAT), scripts::request(CHAT, "p/m", false).to_string());
    let blind = blind.answer().await;
    assert!(!blind.error_message().contains('$') && !blind.headers.contains_key("x-tollgate-budget"));
}

#[tokio::test]
async fn where_little_is_left_answers_are_bounded_to_what_it_pays() {
    let p = FakeProvider::always(used(7, 3)).await;
    let gateway = before(&p, budget(json!({"usd": "0.001"}))).await;
    let answer = ask(&gateway, "p/m", 500).answer().await;
    assert_eq!(answer.status, 200);
    let sent: Value = serde_json::from_slice(&p.only_request().body).unwrap();
    let bound = sent["max_tokens"].as_u64().unwrap();
    assert!((80..=95).contains(&bound), "a thousand less its bytes, by ten: {bound}");
    assert_eq!(answer.header("x-tollgate-output-clamped"), format!("{bound}; budget=b"));
    assert!(state(&answer, "held") <= Money::from_pico_usd(1_000_000_000));
    let small = ask(&gateway, "p/m", 5).answer().await;
    assert!(!small.headers.contains_key("x-tollgate-output-clamped"));
    assert_eq!(spent(&gateway).await, 2 * 37);
    let unbounded = json!({"model": "p/m", "messages": [{"role": "user", "content": "hi"}]});
    assert_eq!(gateway.post_chat(unbounded.to_string()).answer().await.status, 200);
    let sent: Value = serde_json::from_slice(&p.requests().last().unwrap().body).unwrap();
    assert!(sent["max_tokens"].as_u64().is_some_and(|bound| bound < 95), "{sent}");
}

#[tokio::test]
async fn each_customer_of_a_key_has_a_budget_without_anybody_making_it() {
    let p = FakeProvider::always(used(10, 9)).await;
    let by_customer =
        json!({"usd": "0.0002", "reserve": "most", "group_by": ["metadata.customer"], "groups_max": 3});
    let gateway = before(&p, budget(by_customer)).await;
    let of = |customer: &str| {
        ask(&gateway, "p/m", 9)
            .header("x-tollgate-metadata", &json!({"customer": customer}).to_string())
            .answer()
    };
    for customer in ["acme", "globex"] {
        assert_eq!(of(customer).await.status, 200);
        let refused = of(customer).await;
        assert_eq!(refused.error_code(), "TG2022");
        assert!(
            refused.error_message().contains(&format!("`b` for `{customer}`")),
            "{}",
            refused.error_message()
        );
    }
    assert_eq!(ask(&gateway, "p/m", 9).answer().await.status, 200, "those without a name share one");
    assert_eq!(of("initech").await.error_code(), "TG2024", "there are as many as there may be");
}

#[tokio::test]
async fn what_has_no_price_is_refused_free_or_a_figure() {
    let p = FakeProvider::always(used(7, 11)).await;
    let gateway = before(&p, budget(json!({"usd": "1"}))).await;
    let refused = ask(&gateway, "p/free", 9).answer().await;
    assert_eq!((refused.status.as_u16(), refused.error_code()), (403, "TG2023".to_owned()));
    assert_eq!(gateway.client().get("/providers/p/files").answer().await.error_code(), "TG2023");
    for (more, each) in
        [(json!({"unknown_cost": "free"}), 0), (json!({"unknown_cost": "flat", "flat_usd": "0.25"}), 250_000)]
    {
        let mut members = json!({"usd": "1"});
        members.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let gateway = before(&p, budget(members)).await;
        assert_eq!(ask(&gateway, "p/free", 9).answer().await.status, 200);
        assert_eq!(spent(&gateway).await, each);
        let passed = gateway.client().get("/providers/p/files").answer().await;
        assert_eq!((passed.status.as_u16(), spent(&gateway).await), (200, 2 * each));
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_off_counts_as_held_and_one_that_fails_as_nothing() {
    let p = FakeProvider::start().await;
    let gateway = before(&p, budget(json!({"usd": "1"}))).await;
    p.next(scripts::error(400, "no"));
    assert_eq!(ask(&gateway, "p/m", 100).answer().await.status, 400);
    assert_eq!(spent(&gateway).await, 0);
    p.next(scripts::stream(CHAT, &["a", "b"]).up_to_content(1).hang());
    let mut begun = gateway.ask_streamed(CHAT, "p/m").open().await;
    begun.next().await.unwrap();
    drop(begun);
    p.client_left().await;
    let after = spent(&gateway).await;
    assert!(after > 10_000, "all that the model can write: {after}");
    p.next(used(7, 11));
    assert_eq!(ask(&gateway, "p/m", 100).answer().await.status, 200);
    assert_eq!(spent(&gateway).await, after + 117);
}

#[tokio::test]
async fn a_call_that_was_lost_is_paid_for_before_there_is_another() {
    let p = FakeProvider::playing([scripts::cut(), used(7, 11)]).await;
    let routes = json!({"r": {"target": "p/m", "retry": {"attempts": 1}}});
    let of = |usd: &str| {
        let mut more = budget(json!({"usd": usd, "reserve": "most"}));
        more["routes"] = routes.clone();
        more
    };
    let gateway = before(&p, of("0.01")).await;
    assert_eq!(ask(&gateway, "r", 100).answer().await.header("x-tollgate-attempts"), "2");
    let both = spent(&gateway).await;
    assert!((1_117 + 50..1_117 + 150).contains(&both), "what was held for the first, and the second: {both}");
    p.next(scripts::cut());
    let poor = before(&p, of("0.002")).await;
    let failed = ask(&poor, "r", 100).answer().await;
    let message = failed.error_message();
    assert!(message.ends_with("no further attempt: the budget `b` has too little left for one"), "{message}");
}

#[tokio::test]
async fn a_spent_budget_of_one_target_leaves_the_others() {
    let p = FakeProvider::always(used(10, 9)).await;
    let mut more = budget(json!({"usd": "0.0002", "reserve": "most", "match": {"model": ["m"]}}));
    more["routes"] = json!({"r": {"strategy": {"mode": "fallback"}, "targets": [{"target": "p/m"}, {"target": "p/cheap"}]}});
    let gateway = before(&p, more).await;
    let mut models = Vec::new();
    for _ in 0..3 {
        let answer = ask(&gateway, "r", 9).answer().await;
        models.push(answer.header("x-tollgate-model").to_owned());
    }
    assert_eq!(models, ["m", "cheap", "cheap"]);
    assert_eq!(ask(&gateway, "p/m", 9).answer().await.error_code(), "TG2022");
    assert_eq!(ask(&gateway, "p/cheap", 9).answer().await.status, 200);
}

#[tokio::test]
async fn a_request_that_a_budget_does_not_pay_takes_the_cheaper_route() {
    let p = FakeProvider::always(used(10, 9)).await;
    let mut more =
        budget(json!({"usd": "0.0002", "reserve": "most", "at_limit": "downgrade", "downgrade_to": "cheap"}));
    more["routes"] = json!({"cheap": {"target": "p/cheap"}});
    let gateway = before(&p, more).await;
    let mut models = Vec::new();
    for _ in 0..3 {
        models.push(ask(&gateway, "p/m", 9).answer().await.header("x-tollgate-model").to_owned());
    }
    assert_eq!(models, ["m", "cheap", "cheap"]);
    assert_eq!(spent(&gateway).await, 100 + 10 + 10);
}

#[tokio::test]
async fn a_reload_forgets_nothing_that_was_spent() {
    let p = FakeProvider::always(used(10, 9)).await;
    let of =
        |usd: &str| configuration(&p, budget(json!({"usd": usd, "reserve": "most", "warn_at": ["50%"]})));
    let mut gateway = TestGateway::start(of("0.0002")).await;
    assert_eq!(ask(&gateway, "p/m", 9).answer().await.status, 200);
    assert_eq!(ask(&gateway, "p/m", 9).answer().await.status, 429);
    gateway.reconfigure(of("0.0004")).await;
    assert_eq!(spent(&gateway).await, 100);
    let second = ask(&gateway, "p/m", 9).answer().await;
    assert_eq!(
        (second.status.as_u16(), second.headers.contains_key("x-tollgate-budget-warning")),
        (200, false)
    );
    let third = ask(&gateway, "p/m", 9).answer().await;
    assert_eq!(third.header("x-tollgate-budget-warning"), "b; percent=50");
    let warned = "tollgate_allotment_decisions_total{allotment=\"b\",decision=\"warned\"}";
    // Told in the background, once of each amount.
    while gateway.metric(warned).await != 2.0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_is_expected_is_held_once_it_is_known() {
    let p = FakeProvider::always(used(10, 9)).await;
    let gateway = before(&p, budget(json!({"usd": "1", "reserve": "expected"}))).await;
    let mut held = Vec::new();
    for _ in 0..25 {
        held.push(state(&ask(&gateway, "p/m", 500).answer().await, "held").pico_usd() / 1_000_000);
    }
    assert!(held[0] > 5_000 && held[24] < 250, "{held:?}");
}

/// Answers that each used something else.
#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_requests_of_clients_at_once_never_overspend_and_add_up_to_the_last_digit() {
    const REQUESTS: u64 = 2_000;
    const CLIENTS: u64 = 250;
    const LIMIT: i128 = 500_000;
    let p = FakeProvider::start().await;
    let usage = |number: u64| (number * 31 % 40, number * 7919 % 101);
    for number in 0..REQUESTS {
        let (input, output) = usage(number);
        p.next(used(input, output));
    }
    let mut more = budget(json!({"usd": "0.5", "reserve": "most"}));
    more["rate_limits"] = json!([{"name": "all", "tokens": {"per_day": 100_000_000}, "group_by": ["key"]}]);
    let gateway = before(&p, more).await;
    let clients = (0..CLIENTS).map(|_| {
        let calls: Vec<_> = (0..REQUESTS / CLIENTS).map(|_| ask(&gateway, "p/m", 100)).collect();
        let client = gateway.client();
        tokio::spawn(async move {
            let mut connection = client.connect().await;
            let mut answers = Vec::new();
            for call in calls {
                answers.push(call.answer_on(&mut connection).await);
            }
            answers
        })
    });
    let clients: Vec<_> = clients.collect();
    let mut answers = Vec::new();
    for client in clients {
        answers.extend(client.await.unwrap());
    }
    let mut served = 0;
    let mut costs = 0;
    for answer in answers {
        match answer.status.as_u16() {
            200 => {
                served += 1;
                let cost: Money = answer.header("x-tollgate-cost").parse().unwrap();
                costs += cost.pico_usd();
                let (spent, held) = (state(&answer, "spent"), state(&answer, "held"));
                assert!(spent.pico_usd() + held.pico_usd() <= LIMIT * 1_000_000);
            }
            429 => assert_eq!(answer.error_code(), "TG2022"),
            other => panic!("{other}: {}", answer.text()),
        }
    }
    assert!(served > 400 && served < REQUESTS, "{served}");
    let counted: u64 = (0..served).map(usage).map(|(input, output)| input + 10 * output).sum();
    assert_eq!((p.asked() as u64, costs), (served, i128::from(counted) * 1_000_000));
    let spent = spent(&gateway).await;
    assert_eq!(spent, i128::from(counted));
    assert!(spent <= LIMIT && spent > LIMIT - 1_200, "usable to what a request can cost: {spent}");
}

#[tokio::test]
async fn a_race_is_paid_for_twice_or_not_run() {
    let hanging = FakeProvider::always(scripts::hang()).await;
    let p = FakeProvider::always(used(10, 9)).await;
    let of = |usd: &str| {
        let mut configuration = configuration(&p, budget(json!({"usd": usd, "reserve": "most"})));
        configuration["providers"]["slow"] = provider(hanging.base_url());
        configuration["catalog"]["overrides"][0]["provider"] = json!("*");
        configuration["routes"] = json!({"r": {
            "strategy": {"mode": "race", "after": "1ms", "share_max": "100%"},
            "targets": [{"target": "slow/m"}, {"target": "p/m"}],
            "request_timeout": "300ms",
        }});
        configuration
    };
    let rich = TestGateway::start(of("1")).await;
    assert_eq!(ask(&rich, "r", 100).answer().await.header("x-tollgate-provider"), "p");
    let both = spent(&rich).await;
    assert!((1_100 + 50..1_100 + 200).contains(&both), "what was held for the one that was outrun: {both}");
    let poor = TestGateway::start(of("0.0015")).await;
    let started = tokio::time::Instant::now();
    let failed = ask(&poor, "r", 100).answer().await;
    assert!(
        failed.status.is_server_error() && started.elapsed() >= Duration::from_millis(250),
        "{}",
        failed.text()
    );
}

#[tokio::test]
async fn a_request_that_was_never_sent_costs_nothing() {
    let p = FakeProvider::start().await;
    p.next(scripts::stream(CHAT, &["a", "b"]).up_to_content(1).hang());
    let mut configuration = configuration(&p, budget(json!({"usd": "1", "match": {"key": ["key-1"]}})));
    configuration["providers"]["p"]["quota"] = json!([{"concurrency": 1}]);
    let gateway = TestGateway::start(configuration).await;
    let body = scripts::request(CHAT, "p/m", true).to_string();
    let mut first = gateway.client_of(2).post(scripts::path(CHAT), body).open().await;
    first.next().await.unwrap();
    let waiting = tokio::spawn(ask(&gateway, "p/m", 100).answer());
    let length = "tollgate_queue_length{provider=\"p\"}";
    while gateway.metric(length).await == 0.0 {
        tokio::task::yield_now().await;
    }
    waiting.abort();
    while gateway.metric(length).await > 0.0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(spent(&gateway).await, 0);
}
