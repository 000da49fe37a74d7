//! Stored responses live where they were made, for whom they were made.

use http::Method;
use serde_json::{Value, json};
use testkit::{Answer, EventStream, FakeProvider, scripts};

use crate::configuration::{key_entry, two};
use crate::gateway::TestGateway;

const RESPONSES: EventStream = EventStream::Responses;

struct House {
    first: FakeProvider,
    second: FakeProvider,
    gateway: TestGateway,
}

/// Providers `p` (two credentials) and `q`, a route `r` that shares its load between them, and two keys.
async fn start() -> House {
    let (first, second) = (FakeProvider::start().await, FakeProvider::start().await);
    let mut configuration = two(first.base_url(), second.base_url());
    configuration["providers"]["p"]["credentials"] = json!(["sk-one", "sk-two"]);
    configuration["routes"]["r"] = json!({"strategy": {"mode": "loadbalance"}, "targets": [
        {"target": "p/echo"}, {"target": "q/echo"},
    ]});
    configuration["keys"] = json!([key_entry(1, json!({})), key_entry(2, json!({}))]);
    House { first, second, gateway: TestGateway::start(configuration).await }
}

impl House {
    async fn create(&self, body: &Value) -> Answer {
        let answer = self.gateway.client().post("/v1/responses", body.to_string()).answer().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer
    }

    async fn ask(&self, number: u8, method: Method, path: &str) -> Answer {
        self.gateway.client_of(number).request(method, &format!("/v1/responses/{path}")).answer().await
    }
}

fn id_of(answer: &Answer) -> String {
    answer.json()["id"].as_str().unwrap().to_owned()
}

fn bearers(fake: &FakeProvider) -> Vec<String> {
    fake.requests()
        .iter()
        .map(|request| request.headers["authorization"].to_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_response_is_found_where_and_with_which_credential_it_was_made() {
    let house = start().await;
    for _ in 0..4 {
        let made = house.create(&json!({"model": "p/echo", "input": "x"})).await;
        let id = id_of(&made);
        let got = house.ask(1, Method::GET, &id).await;
        assert_eq!((got.status.as_u16(), id_of(&got)), (200, id));
        assert_eq!(got.header("x-tollgate-provider"), "p");
    }
    let bearers = bearers(&house.first);
    let pairs: Vec<_> = bearers.chunks(2).map(|pair| pair[0] == pair[1]).collect();
    assert_eq!(pairs, [true; 4], "{bearers:?}");
    assert!(bearers.iter().any(|bearer| bearer != &bearers[0]), "both credentials were used");
    assert_eq!(house.second.asked(), 0);
}

#[tokio::test]
async fn a_streamed_response_is_remembered_too() {
    let house = start().await;
    let transcript = house.gateway.ask_streamed(RESPONSES, "q/echo").open().await.rest().await;
    transcript.assert_ends_cleanly(RESPONSES);
    let created = transcript.text().split("\"id\":\"resp_").nth(1).unwrap();
    let id = format!("resp_{}", created.split('"').next().unwrap());
    let got = house.ask(1, Method::GET, &id).await;
    assert_eq!((got.status.as_u16(), got.header("x-tollgate-provider")), (200, "q"));
}

#[tokio::test]
async fn another_keys_response_does_not_exist() {
    let house = start().await;
    let id = id_of(&house.create(&json!({"model": "p/echo", "input": "x"})).await);
    let asked = house.first.asked();
    for (method, path) in [
        (Method::GET, id.clone()),
        (Method::DELETE, id.clone()),
        (Method::POST, format!("{id}/cancel")),
        (Method::GET, format!("{id}/input_items")),
    ] {
        let answer = house.ask(2, method, &path).await;
        assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (404, "TG1013"), "{path}");
    }
    let next = json!({"model": "p/echo", "input": "x", "previous_response_id": id}).to_string();
    let answer = house.gateway.client_of(2).post("/v1/responses", next).answer().await;
    assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (404, "TG1013"));
    assert_eq!(answer.json()["error"]["param"], "previous_response_id");
    assert_eq!(house.first.asked(), asked);
}

#[tokio::test]
async fn an_id_that_nobody_made_here_needs_a_provider() {
    let house = start().await;
    let answer = house.ask(1, Method::GET, "resp_unheard_of").await;
    assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (404, "TG1013"));
    assert_eq!((house.first.asked(), house.second.asked()), (0, 0));
    let call = house.gateway.client().get("/v1/responses/resp_unheard_of").header("x-tollgate-provider", "q");
    assert_eq!(call.answer().await.status, 404, "the provider's own word");
    assert_eq!((house.first.asked(), house.second.asked()), (0, 1));
}

#[tokio::test]
async fn deleting_forgets() {
    let house = start().await;
    let id = id_of(&house.create(&json!({"model": "q/echo", "input": "x"})).await);
    let deleted = house.ask(1, Method::DELETE, &id).await;
    assert_eq!((deleted.status.as_u16(), &deleted.json()["deleted"]), (200, &json!(true)));
    let gone = house.ask(1, Method::GET, &id).await;
    assert_eq!((gone.status.as_u16(), gone.error_code().as_str()), (404, "TG1013"));
    assert_eq!(house.second.asked(), 2);
}

#[tokio::test]
async fn cancelling_and_reading_the_input_are_relayed_with_their_query() {
    let house = start().await;
    let made = house.create(&json!({"model": "p/echo", "input": "what I said", "background": true})).await;
    let id = id_of(&made);
    let items = house.ask(1, Method::GET, &format!("{id}/input_items?limit=1&order=asc")).await;
    assert_eq!(items.status, 200);
    assert!(items.text().contains("what I said"), "{}", items.text());
    let cancelled = house.ask(1, Method::POST, &format!("{id}/cancel")).await;
    assert_eq!((cancelled.status.as_u16(), &cancelled.json()["status"]), (200, &json!("cancelled")));
    let seen: Vec<_> = house
        .first
        .requests()
        .into_iter()
        .skip(1)
        .map(|request| (request.method, request.path, request.query))
        .collect();
    assert_eq!(
        seen,
        [
            (Method::GET, format!("/v1/responses/{id}/input_items"), "limit=1&order=asc".to_owned()),
            (Method::POST, format!("/v1/responses/{id}/cancel"), String::new()),
        ]
    );
}

#[tokio::test]
async fn a_conversation_stays_with_its_provider_and_credential() {
    let house = start().await;
    let first = house.create(&json!({"model": "r", "input": "one"})).await;
    let owner = first.header("x-tollgate-provider").to_owned();
    let mut previous = id_of(&first);
    for turn in 0..12 {
        let body = json!({"model": "r", "input": format!("turn {turn}"), "previous_response_id": previous});
        let next = house.create(&body).await;
        assert_eq!(next.header("x-tollgate-provider"), owner, "turn {turn}");
        previous = id_of(&next);
    }
    let fake = if owner == "p" { &house.first } else { &house.second };
    assert!(bearers(fake).windows(2).all(|pair| pair[0] == pair[1]), "{:?}", bearers(fake));
    assert_eq!(fake.asked(), 13);
}

#[tokio::test]
async fn a_conversation_whose_credential_is_refused_ends_there() {
    let house = start().await;
    let id = id_of(&house.create(&json!({"model": "p/echo", "input": "x"})).await);
    let asked = house.first.asked();
    house.first.keep_answering(scripts::error(401, "not you"));
    let next = json!({"model": "p/echo", "input": "y", "previous_response_id": id}).to_string();
    let answer = house.gateway.client().post("/v1/responses", next).answer().await;
    assert_eq!((answer.status.as_u16(), answer.header("x-tollgate-attempts")), (502, "1"));
    assert_eq!(house.first.asked(), asked + 1, "another account does not know the conversation");
}

#[tokio::test]
async fn the_id_of_an_answer_that_is_not_stored_is_the_providers_own_affair() {
    let fake = FakeProvider::always(scripts::error(404, "no such response")).await;
    let gateway = TestGateway::before(&fake).await;
    let answer = gateway.client().get("/v1/responses/resp%2F..%2Fx").answer().await;
    assert_eq!(answer.status, 404);
    let paths: Vec<String> = fake.requests().into_iter().map(|request| request.path).collect();
    assert!(paths.iter().all(|path| path == "/v1/responses/resp%2F..%2Fx"), "{paths:?}");
}

#[tokio::test]
async fn an_id_never_climbs_out_of_the_responses() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::before(&fake).await;
    for id in ["..", "%2e%2e", "."] {
        for method in [Method::GET, Method::DELETE] {
            let answer = gateway.client().request(method, &format!("/v1/responses/{id}")).answer().await;
            assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (404, "TG1008"), "{id}");
        }
    }
    assert_eq!(fake.asked(), 0);
}

#[tokio::test]
async fn a_provider_can_be_named_in_portkeys_way_for_an_id_too() {
    let house = start().await;
    let call = house.gateway.client().get("/v1/responses/resp_unheard_of").header("x-portkey-provider", "@q");
    assert_eq!(call.answer().await.status, 404);
    assert_eq!((house.first.asked(), house.second.asked()), (0, 1));
}
