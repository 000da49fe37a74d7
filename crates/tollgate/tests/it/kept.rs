//! Responses and conversations before providers that keep nothing: Tollgate keeps them.

use http::Method;
use serde_json::{Value, json};
use testkit::{Answer, Call, EventStream, FakeProvider, scripts, within};

use crate::configuration::{SECRET, key_entry, provider};
use crate::gateway::TestGateway;

const RESPONSES: EventStream = EventStream::Responses;

/// A gateway before `p`, which speaks chat, and `q`, which speaks another format.
struct House {
    chat: FakeProvider,
    other: FakeProvider,
    gateway: TestGateway,
}

impl House {
    async fn start(other_format: EventStream) -> Self {
        let chat = FakeProvider::always(answer(EventStream::Chat, "from p")).await;
        let other = FakeProvider::always(answer(other_format, "from q")).await;
        let entry = |fake: &FakeProvider, endpoints: Value| {
            let mut entry = provider(fake.base_url());
            entry["endpoints"] = endpoints;
            entry
        };
        let endpoints = match other_format {
            EventStream::Messages => json!({"messages": "/messages"}),
            _ => json!({"responses": "/responses"}),
        };
        let gateway = TestGateway::start(json!({
            "providers": {
                "p": entry(&chat, json!({"chat_completions": "/chat/completions"})),
                "q": entry(&other, endpoints),
            },
            "keys": [key_entry(1, json!({})), key_entry(2, json!({}))],
        }))
        .await;
        Self { chat, other, gateway }
    }

    fn call(&self, body: &Value) -> Call {
        self.gateway.client().post("/v1/responses", body.to_string())
    }

    async fn respond(&self, body: &Value) -> Value {
        let answer = self.call(body).answer().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    async fn ask(&self, number: u8, method: Method, path: &str) -> Answer {
        self.gateway.client_of(number).request(method, path).answer().await
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.ask(1, Method::GET, path).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let answer = self.gateway.client().post(path, body.to_string()).answer().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// The response once it has stopped working.
    async fn finished(&self, id: &str) -> Value {
        within("the response stops working", async {
            loop {
                let response = self.get(&format!("/v1/responses/{id}")).await;
                if !["queued", "in_progress"].contains(&text(&response["status"])) {
                    return response;
                }
            }
        })
        .await
    }
}

fn answer(format: EventStream, words: &str) -> testkit::Script {
    scripts::json(&scripts::answer(format, words))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn said(fake: &FakeProvider) -> Value {
    serde_json::from_slice(&fake.requests().last().unwrap().body).unwrap()
}

#[tokio::test]
async fn a_response_goes_on_from_an_earlier_one_before_a_provider_that_keeps_nothing() {
    let house = House::start(EventStream::Messages).await;
    let first = house.respond(&json!({"model": "p/m", "input": "one", "instructions": "Be brief."})).await;
    assert_eq!(first["output"][0]["content"][0]["text"], "from p");
    let next = json!({"model": "p/m", "input": "two", "previous_response_id": first["id"]});
    let second = house.respond(&next).await;
    assert_eq!(second["previous_response_id"], first["id"]);
    let messages = said(&house.chat)["messages"].clone();
    assert_eq!(
        messages,
        json!([
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": "from p"},
            {"role": "user", "content": "two"},
        ]),
        "instructions are not carried over (API reference, `instructions`)"
    );
    let third = json!({"model": "q/m", "input": "three", "previous_response_id": second["id"]});
    house.respond(&third).await;
    let messages = said(&house.other)["messages"].clone();
    assert_eq!(messages.as_array().map(Vec::len), Some(5), "another format has the same history: {messages}");
}

#[tokio::test]
async fn a_client_that_has_seen_the_end_of_a_stream_can_go_on_from_it() {
    let house = House::start(EventStream::Messages).await;
    house.chat.next(scripts::stream(EventStream::Chat, &["str", "eamed"]).in_writes_of(9).script());
    let transcript = house.gateway.ask_streamed(RESPONSES, "p/m").open().await.rest().await;
    transcript.assert_ends_cleanly(RESPONSES);
    let id = transcript.text().split("\"id\":\"resp_").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let next = json!({"model": "p/m", "input": "next", "previous_response_id": format!("resp_{id}")});
    house.respond(&next).await;
    assert_eq!(said(&house.chat)["messages"][1]["content"], "streamed");
}

#[tokio::test]
async fn what_is_not_to_be_stored_is_not() {
    let house = House::start(EventStream::Messages).await;
    let made = house.respond(&json!({"model": "p/m", "input": "x", "store": false})).await;
    assert_eq!(made["store"], false);
    let id = text(&made["id"]).to_owned();
    assert_eq!(house.ask(1, Method::GET, &format!("/v1/responses/{id}")).await.status, 404);
    let next = json!({"model": "p/m", "input": "x", "previous_response_id": id});
    let refused = house.call(&next).answer().await;
    assert_eq!((refused.status.as_u16(), refused.error_code().as_str()), (404, "TG1013"));
    assert_eq!(refused.json()["error"]["param"], "previous_response_id");
    assert_eq!(house.chat.asked(), 1);
}

#[tokio::test]
async fn storing_is_not_asked_of_the_provider_nor_named_as_lost() {
    let house = House::start(EventStream::Messages).await;
    let answer = house.call(&json!({"model": "p/m", "input": "x", "store": true})).answer().await;
    assert!(!answer.headers.contains_key("x-tollgate-dropped"));
    assert_eq!(said(&house.chat).get("store"), None);
}

#[tokio::test]
async fn a_kept_response_is_read_listed_and_deleted_by_its_own_key_only() {
    let house = House::start(EventStream::Messages).await;
    let made = house
        .respond(&json!({"model": "p/m", "input": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]}))
        .await;
    let path = format!("/v1/responses/{}", text(&made["id"]));
    assert_eq!(house.get(&path).await, made);
    let items = house.get(&format!("{path}/input_items?limit=1&order=asc")).await;
    assert_eq!((&items["has_more"], items["data"].as_array().map(Vec::len)), (&json!(true), Some(1)));
    assert_eq!(items["data"][0]["content"][0]["text"], "a");
    let rest = house.get(&format!("{path}/input_items?order=asc&after={}", text(&items["last_id"]))).await;
    assert_eq!((&rest["has_more"], &rest["data"][0]["content"][0]["text"]), (&json!(false), &json!("b")));
    let wrong = house.ask(1, Method::GET, &format!("{path}/input_items?limit=1000")).await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["error"]["param"]), (400, &json!("limit")));
    for (method, below) in
        [(Method::GET, ""), (Method::DELETE, ""), (Method::GET, "/input_items"), (Method::POST, "/cancel")]
    {
        let foreign = house.ask(2, method, &format!("{path}{below}")).await;
        assert_eq!((foreign.status.as_u16(), foreign.error_code().as_str()), (404, "TG1013"), "{below}");
    }
    let cancelled = house.ask(1, Method::POST, &format!("{path}/cancel")).await;
    assert_eq!(cancelled.status, 400, "it did not work in the background");
    assert_eq!(house.ask(1, Method::DELETE, &path).await.json()["deleted"], true);
    assert_eq!(house.ask(1, Method::GET, &path).await.status, 404);
}

#[tokio::test]
async fn a_conversation_grows_with_each_response() {
    let house = House::start(EventStream::Messages).await;
    let begun = json!({"metadata": {"topic": "x"}, "items": [{"role": "user", "content": "before"}]});
    let conversation = house.post("/v1/conversations", begun).await;
    assert_eq!(
        (&conversation["object"], &conversation["metadata"]["topic"]),
        (&json!("conversation"), &json!("x"))
    );
    let path = format!("/v1/conversations/{}", text(&conversation["id"]));
    for (model, conversation) in
        [("p/m", conversation["id"].clone()), ("q/m", json!({"id": conversation["id"]}))]
    {
        let made =
            house.respond(&json!({"model": model, "input": "more", "conversation": conversation})).await;
        assert_eq!(made["conversation"]["id"], text(&house.get(&path).await["id"]));
    }
    assert_eq!(
        said(&house.other)["messages"].as_array().map(Vec::len),
        Some(3),
        "neighbours of one role are one"
    );
    let items = house.get(&format!("{path}/items?order=asc")).await;
    let texts: Vec<&str> =
        items["data"].as_array().unwrap().iter().map(|item| text(&item["content"][0]["text"])).collect();
    assert_eq!(texts, ["before", "more", "from p", "more", "from q"]);

    let added =
        house.post(&format!("{path}/items"), json!({"items": [{"role": "user", "content": "later"}]})).await;
    let item = format!("{path}/items/{}", text(&added["first_id"]));
    assert_eq!(house.get(&item).await["content"][0]["text"], "later");
    assert_eq!(house.ask(1, Method::DELETE, &item).await.json()["object"], "conversation");
    assert_eq!(house.ask(1, Method::GET, &item).await.status, 404);
    assert_eq!(house.post(&path, json!({"metadata": {"topic": "y"}})).await["metadata"]["topic"], "y");
    assert_eq!(house.ask(2, Method::GET, &path).await.error_code(), "TG1015");
    assert_eq!(house.ask(1, Method::DELETE, &path).await.json()["object"], "conversation.deleted");
    assert_eq!(house.ask(1, Method::GET, &format!("{path}/items")).await.error_code(), "TG1015");
    let gone =
        house.call(&json!({"model": "p/m", "input": "x", "conversation": conversation["id"]})).answer().await;
    assert_eq!((gone.status.as_u16(), &gone.json()["error"]["param"]), (404, &json!("conversation")));
}

#[tokio::test]
async fn an_item_is_referred_to_by_its_id() {
    let house = House::start(EventStream::Messages).await;
    let made = house.respond(&json!({"model": "p/m", "input": "x"})).await;
    let reference = json!({"type": "item_reference", "id": made["output"][0]["id"]});
    house.respond(&json!({"model": "p/m", "input": [reference, {"role": "user", "content": "y"}]})).await;
    assert_eq!(said(&house.chat)["messages"][0], json!({"role": "assistant", "content": "from p"}));
    let unknown = json!({"type": "item_reference", "id": "msg_unheard_of"});
    let refused = house.call(&json!({"model": "p/m", "input": [unknown]})).answer().await;
    assert_eq!((refused.status.as_u16(), &refused.json()["error"]["param"]), (404, &json!("input")));
}

#[tokio::test]
async fn a_kept_response_goes_on_before_a_provider_of_responses_that_does_not_know_it() {
    let house = House::start(RESPONSES).await;
    let first = house.respond(&json!({"model": "p/m", "input": "one"})).await;
    let second =
        house.respond(&json!({"model": "q/m", "input": "two", "previous_response_id": first["id"]})).await;
    let sent = said(&house.other);
    assert_eq!((sent.get("previous_response_id"), sent["input"].as_array().map(Vec::len)), (None, Some(3)));
    let third =
        house.respond(&json!({"model": "p/m", "input": "three", "previous_response_id": second["id"]})).await;
    assert_eq!(said(&house.chat)["messages"].as_array().map(Vec::len), Some(5));
    assert_eq!(third["status"], "completed");
}

#[tokio::test]
async fn a_request_goes_on_from_one_thing() {
    let house = House::start(EventStream::Messages).await;
    let both =
        json!({"model": "p/m", "input": "x", "previous_response_id": "resp_1", "conversation": "conv_1"});
    let refused = house.call(&both).answer().await;
    assert_eq!((refused.status.as_u16(), refused.error_code().as_str()), (400, "TG1002"));
    assert_eq!(house.chat.asked(), 0);
}

#[tokio::test]
async fn a_response_in_the_background_is_answered_later() {
    let house = House::start(EventStream::Messages).await;
    let queued = house.respond(&json!({"model": "p/m", "input": "x", "background": true})).await;
    assert_eq!((&queued["status"], &queued["background"]), (&json!("queued"), &json!(true)));
    let done = house.finished(text(&queued["id"])).await;
    assert_eq!((&done["status"], &done["id"]), (&json!("completed"), &queued["id"]));
    assert_eq!(
        (&done["output"][0]["content"][0]["text"], &done["created_at"]),
        (&json!("from p"), &queued["created_at"])
    );
    let again = house.ask(1, Method::POST, &format!("/v1/responses/{}/cancel", text(&done["id"]))).await;
    assert_eq!((again.status.as_u16(), &again.json()["status"]), (200, &json!("completed")));
}

#[tokio::test]
async fn a_response_in_the_background_that_fails_says_why() {
    let house = House::start(EventStream::Messages).await;
    house.chat.next(scripts::error(400, &format!("no such thing, {SECRET}")));
    let queued = house.respond(&json!({"model": "p/m", "input": "x", "background": true})).await;
    let failed = house.finished(text(&queued["id"])).await;
    assert_eq!(failed["status"], "failed");
    assert_eq!(failed["error"], json!({"code": "invalid_prompt", "message": "no such thing, [redacted]"}));
    let next = json!({"model": "p/m", "input": "x", "previous_response_id": queued["id"]});
    let refused = house.call(&next).answer().await;
    assert_eq!((refused.status.as_u16(), refused.error_code().as_str()), (400, "TG1002"));
}

#[tokio::test]
async fn cancelling_a_response_in_the_background_cancels_the_providers_call() {
    let house = House::start(EventStream::Messages).await;
    house.chat.next(scripts::hang());
    let queued = house.respond(&json!({"model": "p/m", "input": "x", "background": true})).await;
    house.chat.was_asked(1).await;
    let unfinished = json!({"model": "p/m", "input": "x", "previous_response_id": queued["id"]});
    assert_eq!(house.call(&unfinished).answer().await.status, 400, "it has no answer yet");
    let path = format!("/v1/responses/{}/cancel", text(&queued["id"]));
    let cancelled = house.ask(1, Method::POST, &path).await.json();
    assert_eq!((&cancelled["status"], &cancelled["id"]), (&json!("cancelled"), &queued["id"]));
    house.chat.client_left().await;
    assert_eq!(house.ask(1, Method::POST, &path).await.json(), cancelled, "twice is once");
}

#[tokio::test]
async fn a_stream_in_the_background_outlives_its_client_and_is_followed_from_any_event() {
    let house = House::start(EventStream::Messages).await;
    house.chat.next(scripts::stream(EventStream::Chat, &["one", " two", " three"]).script());
    let body = json!({"model": "p/m", "input": "x", "background": true, "stream": true});
    let mut stream = house.call(&body).open().await;
    let begun = stream.until("response.created").await;
    drop(stream);
    let id = format!("resp_{}", begun.split("\"id\":\"resp_").nth(1).unwrap().split('"').next().unwrap());
    assert_eq!(house.finished(&id).await["status"], "completed");
    let follow = |after: &str| {
        let path = format!("/v1/responses/{id}?stream=true{after}");
        house.gateway.client().get(&path).open()
    };
    let whole = follow("").await.rest().await;
    whole.assert_ends_cleanly(RESPONSES);
    let whole = whole.text().to_owned();
    let rest = follow("&starting_after=3").await.rest().await.text().to_owned();
    assert!(
        whole.ends_with(&rest)
            && rest.contains("\"sequence_number\":4")
            && !rest.contains("\"sequence_number\":3,")
    );
    let wrong = house.ask(1, Method::GET, &format!("/v1/responses/{id}?stream=true&starting_after=x")).await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["error"]["param"]), (400, &json!("starting_after")));
}

#[tokio::test]
async fn a_stream_in_the_background_that_fails_ends_with_the_failed_response() {
    let house = House::start(EventStream::Messages).await;
    house.chat.next(scripts::error(400, "no"));
    let body = json!({"model": "p/m", "input": "x", "background": true, "stream": true});
    let transcript = house.call(&body).open().await.rest().await;
    assert!(transcript.text().contains("event: response.failed"), "{}", transcript.text());
    house.chat.next(scripts::stream(EventStream::Chat, &["a", "b"]).up_to_content(1).cut());
    let transcript = house.call(&body).open().await.rest().await;
    transcript.assert_ends_with_error_event(RESPONSES);
}

#[tokio::test]
async fn a_stream_that_was_not_in_the_background_is_not_streamed_again() {
    let house = House::start(EventStream::Messages).await;
    let made = house.respond(&json!({"model": "p/m", "input": "x"})).await;
    let path = format!("/v1/responses/{}?stream=true", text(&made["id"]));
    let refused = house.ask(1, Method::GET, &path).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["error"]["param"]), (400, &json!("stream")));
}

#[tokio::test]
async fn the_background_needs_a_place_to_keep_the_answer() {
    let house = House::start(EventStream::Messages).await;
    let body = json!({"model": "p/m", "input": "x", "background": true, "store": false});
    let refused = house.call(&body).answer().await;
    assert_eq!((refused.status.as_u16(), &refused.json()["error"]["param"]), (400, &json!("store")));
    assert_eq!(house.chat.asked(), 0);
}

#[tokio::test]
async fn wrong_items_and_notes_are_named() {
    let house = House::start(EventStream::Messages).await;
    for (body, param) in [
        (json!({"items": "x"}), "items"),
        (json!({"items": [{"content": "x"}]}), "items"),
        (json!({"items": vec![json!({"role": "user", "content": "x"}); 21]}), "items"),
        (json!({"metadata": {"a": 1}}), "metadata"),
    ] {
        let refused = house.gateway.client().post("/v1/conversations", body.to_string()).answer().await;
        assert_eq!((refused.status.as_u16(), &refused.json()["error"]["param"]), (400, &json!(param)));
    }
    let method = house.ask(1, Method::GET, "/v1/conversations").await;
    assert_eq!((method.status.as_u16(), method.header("allow")), (405, "POST"));
}
