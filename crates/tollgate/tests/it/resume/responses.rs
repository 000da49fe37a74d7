//! Responses: their events refer to each other, and what they come to is kept.

use super::*;

/// What a client makes of the events: one response, of which each says what those before said.
fn response_of(stream: &str) -> Value {
    let events = events(stream);
    let mut items: Vec<Value> = Vec::new();
    let mut said = String::new();
    for (number, event) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], number, "{event} in {stream}");
        let index = event["output_index"].as_u64().and_then(|index| usize::try_from(index).ok());
        match event["type"].as_str().unwrap() {
            "response.output_item.added" => {
                assert_eq!(index, Some(items.len()), "{event}");
                items.push(event["item"].clone());
            }
            "response.output_item.done" => {
                let item = &mut items[index.unwrap()];
                assert_eq!(item["id"], event["item"]["id"], "{event}");
                *item = event["item"].clone();
            }
            "response.output_text.delta" => said.push_str(event["delta"].as_str().unwrap()),
            "response.output_text.done" => assert_eq!(event["text"], said, "{event}"),
            _ => {}
        }
        if let Some(item) = event.get("item_id") {
            assert_eq!(*item, items[index.unwrap()]["id"], "{event}");
        }
        if let Some(response) = event.get("response") {
            assert_eq!(response["id"], events[0]["response"]["id"], "{event}");
            assert_eq!(response["created_at"], events[0]["response"]["created_at"], "{event}");
        }
    }
    let last = events.last().unwrap();
    assert_eq!(last["type"], "response.completed", "{stream}");
    assert_eq!(last["response"]["output"], json!(items), "{stream}");
    assert_eq!(items[0]["content"][0]["text"], said, "{stream}");
    last["response"].clone()
}

fn text_of(response: &Value) -> &str {
    response["output"][0]["content"][0]["text"].as_str().unwrap()
}

impl Gateway {
    fn respond(&self, more: &Value) -> Call {
        let mut body = scripts::request(RESPONSES, "r", true);
        for (member, value) in more.as_object().into_iter().flatten() {
            body[member] = value.clone();
        }
        self.gateway.client().post("/v1/responses", body.to_string()).header("x-tollgate-resume", "true")
    }

    async fn kept(&self, id: &Value) -> testkit::Answer {
        self.gateway.client().get(&format!("/v1/responses/{}", id.as_str().unwrap())).answer().await
    }
}

#[tokio::test]
async fn however_a_response_breaks_off_another_goes_on_and_all_of_it_is_kept() {
    for (first, second) in [
        (RESPONSES, CHAT),
        (RESPONSES, MESSAGES),
        (RESPONSES, RESPONSES),
        (CHAT, MESSAGES),
        (MESSAGES, RESPONSES),
    ] {
        for (how, script) in broken(first).into_iter().enumerate() {
            let gateway = Gateway::two((first, script), (second, rest(second))).await;
            let mut answer = gateway.ask(RESPONSES).open().await;
            let begun = answer.until("two ").await;
            if how == 2 {
                gateway.fakes[0].clock().waits_begun(1).await;
                gateway.fakes[0].clock().advance(std::time::Duration::from_secs(1));
            }
            let told = begun + answer.rest().await.text();
            assert!(told.contains(": x-tollgate-resumed: q/m\n\n"), "{told}");
            let response = response_of(&told);
            assert_eq!(text_of(&response), PIECES.concat(), "{first:?}, then {second:?}, broken {how}");
            assert_eq!(gateway.resumed("resumed").await, 1.0);

            let asked = gateway.fakes[0].asked();
            assert_eq!(gateway.kept(&response["id"]).await.json(), response);
            gateway.fakes[0].next(scripts::stream(first, &["next"]).script());
            let next = json!({"input": "and?", "previous_response_id": response["id"]});
            gateway.respond(&next).open().await.rest().await.assert_ends_cleanly(RESPONSES);
            let requests = gateway.fakes[0].requests();
            assert_eq!(requests.len(), asked + 1, "nobody but Tollgate was asked for what is kept");
            assert!(String::from_utf8_lossy(&requests[asked].body).contains(&PIECES.concat()));
        }
    }
}

#[tokio::test]
async fn a_response_that_breaks_off_anywhere_is_one_response_or_ends_with_an_error() {
    for first in [RESPONSES, CHAT] {
        let whole = said(first, &PIECES);
        let mut outcomes = Vec::new();
        for at in 0..=whole.frames().len() {
            let gateway = Gateway::two((first, whole.first(at).cut()), (CHAT, rest(CHAT))).await;
            let transcript = gateway.ask(RESPONSES).open().await.rest().await;
            outcomes.push(
                match (transcript.text().contains("response.completed"), gateway.fakes[1].asked()) {
                    (true, 0) => "whole",
                    (true, _) if gateway.resumed("resumed").await > 0.0 => "resumed",
                    (true, _) => "another",
                    (false, _) => "failed",
                },
            );
            match outcomes.last() {
                Some(&"failed") => drop(transcript.assert_ends_with_error_event(RESPONSES)),
                Some(&"another") => assert_eq!(text_of(&response_of(transcript.text())), REST.concat()),
                _ => assert_eq!(
                    text_of(&response_of(transcript.text())).split(' ').next(),
                    Some("One"),
                    "at {at}"
                ),
            }
        }
        outcomes.dedup();
        // What the client takes for the whole text, and what its item closes with, cannot be taken back.
        let expected = ["another", "resumed", "failed", "whole"];
        assert_eq!(outcomes, expected, "{first:?}");
    }
}

#[tokio::test]
async fn the_usage_is_that_of_all_who_said_something() {
    let counted = scripts::stream(CHAT, &REST).before_last(scripts::USAGE_CHUNK).script();
    let gateway = Gateway::two((MESSAGES, begun(MESSAGES)), (CHAT, counted)).await;
    let response = response_of(gateway.told(RESPONSES).await.text());
    let input =
        gateway.gateway.metric("tollgate_tokens_total{provider=\"p\",model=\"m\",kind=\"input\"}").await;
    assert!(input > 0.0);
    assert_eq!(response["usage"]["input_tokens"].as_f64(), Some(7.0 + input));
}

#[tokio::test]
async fn who_goes_on_may_break_off_as_well_and_ends_with_the_same_response_that_failed() {
    let second = || scripts::stream(CHAT, &[" thr", "ee"]).up_to_content(1).cut();
    let third = scripts::stream(MESSAGES, &["ee"]).script();
    let plays = vec![(RESPONSES, begun(RESPONSES)), (CHAT, second()), (MESSAGES, third)];
    let gateway = Gateway::start(plays, |_| {}).await;
    let told = gateway.told(RESPONSES).await;
    assert_eq!(text_of(&response_of(told.text())), PIECES.concat());
    assert_eq!(gateway.resumed("resumed").await, 2.0);

    let gateway = Gateway::two((RESPONSES, begun(RESPONSES)), (CHAT, second())).await;
    let told = gateway.told(RESPONSES).await;
    told.assert_ends_with_error_event(RESPONSES);
    let events = events(told.text());
    assert!(events.iter().enumerate().all(|(number, event)| event["sequence_number"] == number));
    let failed = &events.last().unwrap()["response"];
    assert_eq!((&failed["id"], &failed["status"]), (&events[0]["response"]["id"], &json!("failed")));
}

#[tokio::test]
async fn a_target_is_asked_in_the_format_in_which_it_goes_on() {
    let both = |configuration: &mut Value| {
        let provider = &mut configuration["providers"]["q"];
        provider["endpoints"]["responses"] = json!("/responses");
    };
    let gateway = Gateway::start(vec![(RESPONSES, begun(RESPONSES)), (CHAT, rest(CHAT))], both).await;
    assert_eq!(text_of(&response_of(gateway.told(RESPONSES).await.text())), PIECES.concat());
    assert_eq!(gateway.fakes[1].only_request().path, "/v1/chat/completions");

    let gateway = Gateway::two((CHAT, begun(CHAT)), (RESPONSES, rest(RESPONSES))).await;
    gateway
        .respond(&json!({"max_output_tokens": 100}))
        .open()
        .await
        .rest()
        .await
        .assert_ends_cleanly(RESPONSES);
    let request = body_of(&gateway.fakes[1].only_request());
    let said = &request["input"][1]["content"][0]["text"];
    assert_eq!(
        (said, &request["store"], &request["max_output_tokens"]),
        (&json!("One two"), &json!(false), &json!(98))
    );
}

#[tokio::test]
async fn what_is_not_to_be_stored_is_not_kept_by_who_goes_on() {
    let gateway = Gateway::two((CHAT, begun(CHAT)), (CHAT, rest(CHAT))).await;
    let told = gateway.respond(&json!({"store": false})).open().await.rest().await;
    let response = response_of(told.text());
    assert_eq!(
        (text_of(&response), gateway.kept(&response["id"]).await.status.as_u16()),
        ("One two three", 404)
    );
}

#[tokio::test]
async fn a_response_that_works_in_the_background_is_gone_on_with() {
    let gateway = Gateway::two((CHAT, begun(CHAT)), (MESSAGES, rest(MESSAGES))).await;
    let told = gateway.respond(&json!({"background": true})).open().await.rest().await;
    let response = response_of(told.text());
    assert_eq!(text_of(&response), PIECES.concat());
    assert_eq!(gateway.kept(&response["id"]).await.json(), response);
    let path = format!("/v1/responses/{}?stream=true", response["id"].as_str().unwrap());
    let replayed = gateway.gateway.client().get(&path).open().await.rest().await;
    assert_eq!(response_of(replayed.text()), response);
}

#[tokio::test]
async fn what_only_its_provider_can_go_on_with_is_left_to_it() {
    let first = said(RESPONSES, &PIECES);
    for more in [
        // It works on without a client, and can be followed again.
        json!({"background": true}),
        json!({"previous_response_id": "resp_of_a_provider"}),
        json!({"conversation": "conv_of_a_provider"}),
        // Nothing of these is only words.
        json!({"text": {"format": {"type": "json_object"}}}),
        json!({"reasoning": {"effort": "low"}}),
    ] {
        let gateway = Gateway::two((RESPONSES, begun(RESPONSES)), (RESPONSES, rest(RESPONSES))).await;
        gateway.respond(&more).open().await.rest().await.assert_ends_with_error_event(RESPONSES);
        assert_eq!(gateway.fakes[1].asked(), 0, "{more}");
    }
    for more_than_words in [
        scripts::stream_with_tool(RESPONSES, "weather", &["{\"city\":", "\"Berlin\"}"]).up_to_content(2),
        scripts::stream_with_thinking(RESPONSES, &["hm"], &["One"]).up_to_content(1),
        scripts::stream_refused(RESPONSES, &["I ", "will not"]).up_to_content(1),
        first.first(first.frames().len() - 1),
    ] {
        let gateway = Gateway::two((RESPONSES, more_than_words.cut()), (CHAT, rest(CHAT))).await;
        gateway.told(RESPONSES).await.assert_ends_with_error_event(RESPONSES);
        assert_eq!(gateway.fakes[1].asked(), 0);
    }
}

#[tokio::test]
async fn a_response_of_a_provider_that_comes_whole_stays_its_own() {
    let whole = said(RESPONSES, &PIECES);
    let gateway = Gateway::two((RESPONSES, whole.script()), (CHAT, rest(CHAT))).await;
    let response = response_of(gateway.told(RESPONSES).await.text());
    gateway.fakes[0].keep_answering(scripts::json(&json!({"id": response["id"], "by": "p"})));
    assert_eq!(gateway.kept(&response["id"]).await.json()["by"], "p");
}
