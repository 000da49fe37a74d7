//! Limits and budgets of a provider's credentials: whoever has too little left is passed over, and each call is charged to the one that it was
//! sent with.

use std::collections::BTreeMap;

use domain::Money;
use serde_json::{Value, json};
use testkit::{Answer, Call, Client, EventStream, FakeProvider, Script, WebSocket, scripts, within};

use crate::configuration::{key, key_entry, provider};
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;

/// An answer that costs a hundred micro-dollars.
fn answer() -> Script {
    let mut answer = scripts::answer(CHAT, "hi");
    answer["usage"] = json!({"prompt_tokens": 10, "completion_tokens": 9, "total_tokens": 19});
    scripts::json(&answer)
}

/// A provider with two credentials, the first of which has a name.
fn of_two(fake: &FakeProvider) -> Value {
    let mut entry = provider(fake.base_url());
    entry["credentials"] = json!([{"name": "finance", "secret": "sk-finance"}, "sk-second"]);
    entry
}

/// A gateway before `p`, whose model `m` costs a micro-dollar for a token of the question and ten for one of the answer.
fn configuration(p: &FakeProvider, budgets: &Value) -> Value {
    let prices = json!({"standard": {"input": "1", "output": "10"}});
    let may = json!({"sees_budgets": true, "passthrough": true, "explain": true});
    json!({
        "providers": {"p": of_two(p)},
        "catalog": {"overrides": [{"provider": "*", "model": "m", "prices": prices, "output_tokens": 1000}]},
        "keys": [key_entry(1, may), key_entry(2, json!({}))],
        "budgets": budgets,
    })
}

/// A budget of `p#finance`, in micro-dollars.
fn finance(micro_usd: i128) -> Value {
    budget("f", micro_usd, json!({"match": {"credential": ["p#fin*"]}}))
}

/// One of each credential.
fn each(micro_usd: i128) -> Value {
    budget("each", micro_usd, json!({"group_by": ["credential"]}))
}

fn budget(name: &str, micro_usd: i128, more: Value) -> Value {
    let usd = Money::from_pico_usd(micro_usd * 1_000_000).to_string();
    let mut budget = json!({"name": name, "usd": usd, "window": "month", "reserve": "most"});
    if let (Value::Object(budget), Value::Object(more)) = (&mut budget, more) {
        budget.extend(more);
    }
    budget
}

/// A question that can cost from 170 to 190 micro-dollars.
fn ask(gateway: &TestGateway, model: &str) -> Call {
    let body = json!({"model": model, "messages": [{"role": "user", "content": "hi"}], "max_tokens": 9});
    gateway.post_chat(body.to_string())
}

/// How often each credential was used.
fn uses(fake: &FakeProvider) -> BTreeMap<String, usize> {
    let mut uses = BTreeMap::new();
    for request in fake.requests() {
        let bearer = request.headers["authorization"].to_str().unwrap();
        *uses.entry(bearer.trim_start_matches("Bearer sk-").to_owned()).or_default() += 1;
    }
    uses
}

fn used(finance: usize, second: usize) -> BTreeMap<String, usize> {
    BTreeMap::from([("finance".to_owned(), finance), ("second".to_owned(), second)])
}

/// What is spent of each budget, in micro-dollars and in order, as a request is told that costs nothing.
async fn spent(client: &Client, model: &str) -> Vec<i128> {
    let body = json!({"model": model, "messages": [{"role": "user", "content": "hi"}]}).to_string();
    let counting = client.clone().post("/v1/messages/count_tokens", body).answer().await;
    let told = counting.headers.get_all("x-tollgate-budget").iter().map(|told| told.to_str().unwrap());
    let amount = |told: &str, what: &str| {
        let found = told.split("; ").find_map(|part| part.strip_prefix(what));
        found.unwrap().parse::<Money>().unwrap().pico_usd() / 1_000_000
    };
    let each = |told: &str| {
        assert_eq!(amount(told, "held="), 0, "nothing is under way any more");
        amount(told, "spent=")
    };
    told.map(each).collect()
}

fn decision(answer: &Answer) -> Value {
    serde_json::from_str(answer.header("x-tollgate-decision")).unwrap()
}

#[tokio::test]
async fn traffic_moves_to_another_credential_when_one_cannot_pay_the_next_request() {
    let p = FakeProvider::always(answer()).await;
    let gateway = TestGateway::start(configuration(&p, &json!([finance(500)]))).await;
    for _ in 0..12 {
        assert_eq!(ask(&gateway, "p/m").answer().await.status, 200);
    }
    // They take turns until 400 are spent, of which a fifth request would take up to 190.
    assert_eq!(uses(&p), used(4, 8));
    assert_eq!(spent(&gateway.client(), "p/m").await, [400]);
    let told = decision(&ask(&gateway, "p/m").header("x-tollgate-explain", "true").answer().await);
    let without = json!([{"credential": "p#finance", "detail": "the budget `f` has too little left"}]);
    assert_eq!(told["targets"][0]["without"], without, "{told}");
    assert_eq!(told["attempts"][0]["credential"], "p#2");
    let counted = "tollgate_allotment_decisions_total{allotment=\"f\",decision=\"passed_over\"}";
    assert_eq!(gateway.metric(counted).await, 6.0);
}

#[tokio::test]
async fn where_none_can_pay_the_request_is_refused_and_every_budget_is_named() {
    let p = FakeProvider::always(answer()).await;
    let second = budget("s", 200, json!({"match": {"credential": ["p#2"]}, "window": "hour"}));
    let gateway = TestGateway::start(configuration(&p, &json!([finance(200), second]))).await;
    for _ in 0..2 {
        assert_eq!(ask(&gateway, "p/m").answer().await.status, 200);
    }
    let refused = ask(&gateway, "p/m").answer().await;
    assert_eq!((refused.status.as_u16(), refused.error_code(), p.asked()), (429, "TG2022".to_owned(), 2));
    let message = refused.error_message();
    assert!(message.starts_with("the budget `s` is $0.0002; $0.0001 are spent this hour"), "{message}");
    assert!(message.ends_with("; too little is left of the budget `f`, too"), "{message}");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!(wait <= 3_600, "the hour is over before the month: {wait}");
    assert_eq!(uses(&p), used(1, 1));
}

#[tokio::test]
async fn anthropics_clients_are_told_in_their_own_shape_and_without_amounts() {
    let p = FakeProvider::always(answer()).await;
    let gateway = TestGateway::start(configuration(&p, &json!([each(1)]))).await;
    let body = scripts::request(EventStream::Messages, "p/m", false).to_string();
    let refused = gateway.client_of(2).post(scripts::path(EventStream::Messages), body).answer().await;
    assert_eq!((refused.status.as_u16(), refused.header("x-tollgate-error")), (429, "TG2022"));
    assert_eq!(refused.json()["type"], "error");
    assert_eq!(refused.json()["error"]["type"], "rate_limit_error");
    assert_eq!(
        refused.json()["error"]["message"],
        "the budget `each` for `p#finance` has too little left this month for what this request can cost; \
         too little is left of the budget `each` for `p#2`, too"
    );
}

#[tokio::test]
async fn each_credential_has_a_budget_without_anybody_making_it() {
    let p = FakeProvider::always(answer()).await;
    let gateway = TestGateway::start(configuration(&p, &json!([each(300)]))).await;
    let mut served = 0;
    while ask(&gateway, "p/m").answer().await.status == 200 {
        served += 1;
    }
    assert_eq!((served, uses(&p)), (4, used(2, 2)));
    assert_eq!(spent(&gateway.client(), "p/m").await, [200, 200]);
}

#[tokio::test]
async fn an_answer_is_bounded_only_where_no_credential_pays_all_of_it() {
    let p = FakeProvider::always(answer()).await;
    let mut budgets = [finance(150), each(1_000)];
    for budget in &mut budgets {
        budget["reserve"] = json!("clamp");
    }
    let gateway = TestGateway::start(configuration(&p, &json!(budgets))).await;
    for _ in 0..9 {
        let whole = ask(&gateway, "p/m").answer().await;
        assert!(whole.status == 200 && !whole.headers.contains_key("x-tollgate-output-clamped"));
    }
    assert_eq!(uses(&p), BTreeMap::from([("second".to_owned(), 9)]));
    // A hundred are left for the second, and 150 for the first.
    let bounded = ask(&gateway, "p/m").answer().await;
    assert!(bounded.header("x-tollgate-output-clamped").ends_with("; budget=f"), "{:?}", bounded.headers);
    assert_eq!(uses(&p), used(1, 9));
}

#[tokio::test]
async fn a_retry_with_another_credential_is_charged_to_that_one() {
    let p = FakeProvider::playing([scripts::error(401, "not you")]).await;
    p.keep_answering(answer());
    let gateway = TestGateway::start(configuration(&p, &json!([each(1_000)]))).await;
    let answer = ask(&gateway, "p/m").answer().await;
    assert_eq!((answer.status.as_u16(), answer.header("x-tollgate-attempts")), (200, "2"));
    assert_eq!(uses(&p), used(1, 1));
    assert_eq!(spent(&gateway.client(), "p/m").await, [0, 100], "the refused call cost nothing");
}

#[tokio::test]
async fn a_lost_call_is_charged_where_it_was_sent_and_a_budget_that_pays_no_further_one_is_passed_over() {
    let routes = json!({"r": {"target": "p/m", "retry": {"attempts": 3}}});
    for (limit, finance_pays) in [(1_000, 1), (200, 1)] {
        let p = FakeProvider::playing([scripts::cut()]).await;
        p.keep_answering(answer());
        let mut configuration = configuration(&p, &json!([finance(limit), each(1_000)]));
        configuration["routes"] = routes.clone();
        let gateway = TestGateway::start(configuration).await;
        let answer = ask(&gateway, "r").answer().await;
        assert_eq!((answer.status.as_u16(), answer.header("x-tollgate-attempts")), (200, "2"), "{limit}");
        assert_eq!(uses(&p), used(finance_pays, 1));
        let [f, first, second] = spent(&gateway.client(), "r").await[..] else { panic!("three budgets") };
        assert!(f == first && (150..200).contains(&f), "what was held for it: {f}, {first}");
        assert_eq!(second, 100);
    }
}

#[tokio::test]
async fn where_no_budget_pays_a_further_call_the_request_ends_and_says_which() {
    let p = FakeProvider::always(scripts::cut()).await;
    let mut configuration = configuration(&p, &json!([each(200)]));
    configuration["routes"] = json!({"r": {"target": "p/m", "retry": {"attempts": 9, "backoff_max": "1ms"}}});
    let gateway = TestGateway::start(configuration).await;
    let failed = ask(&gateway, "r").answer().await;
    assert_eq!((failed.status.as_u16(), uses(&p)), (502, used(1, 1)));
    let message = failed.error_message();
    let passed_over = "passed over: p/m with p#finance (the budget `each` for `p#finance` has too little left), p/m with p#2 (";
    assert!(message.contains(passed_over), "{message}");
}

#[tokio::test]
async fn a_fallback_goes_past_targets_whose_credentials_are_all_spent() {
    let (p, q) = (FakeProvider::always(answer()).await, FakeProvider::always(answer()).await);
    let of_p = budget("of-p", 200, json!({"match": {"credential": ["p#*"]}}));
    let mut configuration = configuration(&p, &json!([of_p, each(10_000)]));
    configuration["providers"]["q"] = of_two(&q);
    configuration["routes"] =
        json!({"r": {"strategy": {"mode": "fallback"}, "targets": [{"target": "p/m"}, {"target": "q/m"}]}});
    let gateway = TestGateway::start(configuration).await;
    for _ in 0..3 {
        assert_eq!(ask(&gateway, "r").answer().await.status, 200);
    }
    assert_eq!((p.asked(), uses(&q)), (1, used(1, 1)));
    let told = decision(&ask(&gateway, "r").header("x-tollgate-explain", "true").answer().await);
    let excluded = json!({"reason": "budget", "detail": "the budget `of-p` has too little left"});
    assert_eq!(told["targets"][0]["excluded"], excluded, "{told}");
    assert_eq!(spent(&gateway.client(), "r").await, [100, 100, 0, 200, 100], "of p, and of each of both");
}

#[tokio::test]
async fn a_race_charges_each_call_to_the_credential_that_it_was_sent_with() {
    let hanging = FakeProvider::always(scripts::hang()).await;
    let p = FakeProvider::always(answer()).await;
    let mut configuration = configuration(&p, &json!([each(10_000)]));
    configuration["providers"]["slow"] = of_two(&hanging);
    configuration["routes"] = json!({"r": {
        "strategy": {"mode": "race", "after": "1ms", "share_max": "100%"},
        "targets": [{"target": "slow/m"}, {"target": "p/m"}],
    }});
    let gateway = TestGateway::start(configuration).await;
    assert_eq!(ask(&gateway, "r").answer().await.header("x-tollgate-provider"), "p");
    let [slow, slow_second, p, p_second] = spent(&gateway.client(), "r").await[..] else { panic!("four") };
    assert!((150..200).contains(&slow), "what was held for the one that was outrun: {slow}");
    assert_eq!([slow_second, p, p_second], [0, 100, 0]);
}

#[tokio::test]
async fn a_stream_that_another_credential_goes_on_with_is_charged_to_both() {
    let begun = scripts::stream(CHAT, &["One ", "two ", "three"]).up_to_content(2).cut();
    let p = FakeProvider::playing([begun, scripts::stream(CHAT, &["three"]).script()]).await;
    let mut configuration = configuration(&p, &json!([each(1_000_000)]));
    configuration["providers"]["p"]["prefill"] = json!({"chat_completions": {}});
    configuration["routes"] = json!({"r": {"strategy": {"mode": "fallback"}, "resume": true, "targets": [{"target": "p/m"}, {"target": "p/m"}]}});
    let gateway = TestGateway::start(configuration).await;
    let asked = gateway.ask_streamed(CHAT, "r").header("x-tollgate-resume", "true");
    let told = asked.open().await.rest().await;
    told.assert_ends_cleanly(CHAT);
    assert_eq!(uses(&p), used(1, 1));
    let spent = spent(&gateway.client(), "r").await;
    assert!(spent[0] > 10_000 && spent[1] > 10_000, "nobody says what either took: {spent:?}");
}

#[tokio::test]
async fn a_client_that_leaves_is_charged_for_where_it_was_served() {
    let p = FakeProvider::start().await;
    p.next(scripts::stream(CHAT, &["a", "b"]).up_to_content(1).hang());
    let gateway = TestGateway::start(configuration(&p, &json!([each(1_000_000)]))).await;
    let mut begun = gateway.ask_streamed(CHAT, "p/m").open().await;
    begun.next().await.unwrap();
    drop(begun);
    p.client_left().await;
    let spent = spent(&gateway.client(), "p/m").await;
    assert!(spent[0] > 10_000 && spent[1] == 0, "all that the model can write: {spent:?}");
}

#[tokio::test]
async fn what_is_passed_through_takes_the_credential_that_has_room() {
    let p = FakeProvider::always(scripts::json(&json!({}))).await;
    let flat = json!({"match": {"credential": ["p#finance"]}, "unknown_cost": "flat", "flat_usd": "0.0001"});
    let gateway = TestGateway::start(configuration(&p, &json!([budget("f", 200, flat)]))).await;
    for _ in 0..6 {
        assert_eq!(gateway.client().get("/providers/p/files").answer().await.status, 200);
    }
    assert_eq!(uses(&p), used(2, 4));
    assert_eq!(spent(&gateway.client(), "p/m").await, [200]);
    let limit = json!({"name": "l", "group_by": ["credential"], "requests": {"per_day": 1}});
    let p = FakeProvider::always(scripts::json(&json!({}))).await;
    let mut limited = configuration(&p, &json!([finance(200)]));
    limited["rate_limits"] = json!([limit]);
    let gateway = TestGateway::start(limited).await;
    let refused = gateway.client().get("/providers/p/files").answer().await;
    assert_eq!((refused.status.as_u16(), uses(&p)), (200, BTreeMap::from([("second".to_owned(), 1)])));
    let refused = gateway.client().get("/providers/p/files").answer().await;
    assert_eq!((refused.status.as_u16(), refused.error_code(), p.asked()), (429, "TG2021".to_owned(), 1));
    assert!(refused.error_message().ends_with("; too little is left of the budget `f`, too"));
}

#[tokio::test]
async fn a_session_is_charged_to_the_credential_that_opened_it() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let p = FakeProvider::start().await;
    let flat = json!({"group_by": ["credential"], "unknown_cost": "flat", "flat_usd": "0.0001"});
    let mut configuration = configuration(&p, &json!([budget("each", 100, flat)]));
    configuration["providers"]["p"]["base_url"] = json!(format!("http://{address}/v1"));
    configuration["providers"]["p"]["endpoints"] = json!({"realtime": "/realtime?model={model}"});
    let gateway = TestGateway::start(configuration).await;
    let bearer = format!("Bearer {}", key(1).reveal());
    let head = [("authorization", &*bearer)];
    for secret in ["sk-finance", "sk-second"] {
        let open = WebSocket::open(gateway.address(), "/v1/realtime?model=p/m", &head);
        let (client, provider) = tokio::join!(open, WebSocket::accept(&listener));
        assert_eq!((client.status(), provider.header("authorization")), (101, &*format!("Bearer {secret}")));
        drop((client, provider));
        within("the end of the session", async {
            while gateway.metric("tollgate_requests_in_flight").await > 0.0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
    let refused = WebSocket::open(gateway.address(), "/v1/realtime?model=p/m", &head).await;
    assert_eq!(refused.status(), 429, "{}", refused.head);
}

#[tokio::test]
async fn a_limit_of_each_credential_counts_what_was_sent_with_it() {
    let p = FakeProvider::always(answer()).await;
    let mut configuration = configuration(&p, &json!([]));
    configuration["rate_limits"] =
        json!([{"name": "each", "group_by": ["credential"], "requests": {"per_day": 3}}]);
    let gateway = TestGateway::start(configuration).await;
    for _ in 0..6 {
        assert_eq!(ask(&gateway, "p/m").answer().await.status, 200);
    }
    assert_eq!(uses(&p), used(3, 3));
    let refused = ask(&gateway, "p/m").answer().await;
    assert_eq!((refused.status.as_u16(), refused.error_code()), (429, "TG2021".to_owned()));
    let message = refused.error_message();
    assert!(message.starts_with("the limit `each` for `p#"), "{message}");
}

#[tokio::test]
async fn a_conversation_stays_with_its_credential_and_is_refused_where_that_is_spent() {
    let p = FakeProvider::start().await;
    let mut answer = scripts::answer(EventStream::Responses, "hi");
    answer["usage"] = json!({"input_tokens": 10, "output_tokens": 9, "total_tokens": 19});
    p.keep_answering(scripts::json(&answer));
    let mut configuration = configuration(&p, &json!([finance(1_100)]));
    configuration["catalog"]["overrides"][0]["context_tokens"] = json!(1_000);
    let gateway = TestGateway::start(configuration).await;
    let create = |body: Value| gateway.client().post("/v1/responses", body.to_string()).answer();
    let of = |previous: Option<&str>| json!({"model": "p/m", "input": "x", "max_output_tokens": 100, "previous_response_id": previous});
    let made = create(of(None)).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let refused = create(of(Some(&id))).await;
    assert_eq!(
        (refused.status.as_u16(), refused.error_code()),
        (429, "TG2022".to_owned()),
        "{}",
        refused.text()
    );
    assert_eq!(create(of(None)).await.status, 200, "another conversation begins with the other one");
    assert_eq!(uses(&p), used(1, 1));
}

#[tokio::test]
async fn a_key_that_a_request_brings_along_has_a_budget_of_its_own() {
    let p = FakeProvider::always(answer()).await;
    let own = json!({"inline_config": true, "sees_budgets": true});
    let mut configuration = configuration(&p, &json!([each(200)]));
    configuration["keys"] = json!([key_entry(1, own)]);
    let gateway = TestGateway::start(configuration).await;
    let with = |secret: &str| {
        let route =
            json!({"provider": "p", "override_params": {"model": "m"}, "api_key": secret}).to_string();
        ask(&gateway, "m").header("x-tollgate-config", &route).answer()
    };
    for secret in ["sk-of-ada", "sk-of-grace"] {
        let served = with(secret).await;
        assert_eq!(served.status, 200, "{}", served.text());
        let refused = with(secret).await;
        assert_eq!(refused.error_code(), "TG2022", "{}", refused.text());
        assert!(!refused.text().contains(secret));
    }
    assert_eq!(ask(&gateway, "p/m").answer().await.status, 200, "those of the provider are others");
}

#[tokio::test]
async fn what_a_credential_spent_outlives_the_process_and_holds_for_all() {
    let folder = tempfile::tempdir().unwrap();
    let p = FakeProvider::always(answer()).await;
    let mut configuration = configuration(&p, &json!([each(500)]));
    configuration["state"] = json!({"kind": "sqlite", "path": folder.path().join("shared.db")});
    let mut one = TestGateway::start(configuration.clone()).await;
    for _ in 0..2 {
        assert_eq!(ask(&one, "p/m").answer().await.status, 200);
    }
    one.begin_to_stop();
    one.stopped().await;
    let two = [TestGateway::start(configuration.clone()).await, TestGateway::start(configuration).await];
    let mut served = 2;
    within("the end of both budgets", async {
        let mut refused = 0;
        while refused < 2 {
            let answer = ask(&two[refused], "p/m").answer().await;
            served += usize::from(answer.status == 200);
            refused += usize::from(answer.status == 429);
        }
    })
    .await;
    assert_eq!((served, uses(&p)), (8, used(4, 4)));
}
