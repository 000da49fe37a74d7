//! Routes that read what was said.

use serde_json::{Value, json};
use testkit::{EventStream, FakeProvider, scripts};

use crate::configuration::one;
use crate::gateway::TestGateway;

fn classifier() -> Value {
    let target = |name: &str| json!({"name": name, "provider": "p", "model": name});
    json!({
        "strategy": {
            "mode": "classifier",
            "classes": [
                {"then": "code", "keywords": ["stack trace"], "examples": ["Why does this function not compile?"]},
                {"then": "languages", "examples": ["Translate this letter into French"]},
            ],
            "default": "rest",
        },
        "targets": [target("code"), target("languages"), target("rest")],
    })
}

/// What says a text, in each format.
fn requests(text: &str) -> [(EventStream, Value); 4] {
    let turns = json!([
        {"role": "user", "content": "Translate my letters"}, {"role": "assistant", "content": "a stack trace"},
        {"role": "user", "content": text},
    ]);
    [
        (EventStream::Chat, json!({"model": "r", "messages": turns})),
        (
            EventStream::Messages,
            json!({"model": "r", "max_tokens": 9, "system": "a stack trace", "messages": turns}),
        ),
        (EventStream::Responses, json!({"model": "r", "instructions": "a stack trace", "input": turns})),
        (EventStream::Responses, json!({"model": "r", "input": text})),
    ]
}

#[tokio::test]
async fn the_last_message_decides_in_every_format() {
    let fake = FakeProvider::start().await;
    let mut configuration = one(&fake);
    configuration["routes"] = json!({"r": classifier()});
    let gateway = TestGateway::start(configuration).await;
    for (text, model) in [
        ("here is the Stack trace", "code"),
        ("it still does not compile", "code"),
        ("please translate: good morning", "languages"),
        ("tell me a joke", "rest"),
    ] {
        for (format, body) in requests(text) {
            fake.next(scripts::json(&scripts::answer(format, "hi")));
            let call = gateway.client().post(scripts::path(format), body.to_string());
            let answer = call.answer().await;
            assert_eq!(
                (answer.status.as_u16(), answer.header("x-tollgate-model")),
                (200, model),
                "{body}: {}",
                answer.text()
            );
        }
    }
}
