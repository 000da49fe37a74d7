//! Laws of the ways to fail: what each model does, whole and streamed, in each format.

use serde_json::{Value, json};

use super::{events, post};
use crate::scripted::{Behaviour, FIRST_TOKEN_PAUSE, Script, Step, TOKEN_PAUSE};

fn body(model: &str, stream: bool) -> Value {
    json!({
        "model": model,
        "stream": stream,
        "max_tokens": 100,
        "messages": [{ "role": "user", "content": "one two three" }],
        "input": "one two three",
    })
}

fn ask(path: &str, model: &str, stream: bool) -> Script {
    if path == CONVERSE {
        let operation = if stream { "converse-stream" } else { "converse" };
        let content = json!([{ "text": "one two three" }]);
        let body = json!({ "messages": [{ "role": "user", "content": content }] });
        return post(&format!("/model/{model}/{operation}"), &body);
    }
    if path == GEMINI {
        let verb = if stream { "streamGenerateContent" } else { "generateContent" };
        let body = json!({ "contents": [{ "parts": [{ "text": "one two three" }] }] });
        return post(&format!("/v1beta/models/{model}:{verb}"), &body);
    }
    post(path, &body(model, stream))
}

/// What a script does, a letter a step: head, bytes, pause, hang, cut.
fn outline(script: &Script) -> String {
    let letter = |step: &Step| match step {
        Step::Head { .. } => 'H',
        Step::Bytes(_) => 'b',
        Step::Pause(_) => 'p',
        Step::Hang => '~',
        Step::Cut => 'x',
    };
    script.steps.iter().map(letter).collect()
}

/// Stand for the paths of Converse and of Gemini, which name the model.
const CONVERSE: &str = "converse";
const GEMINI: &str = "gemini";
const GENERATION: [&str; 4] = ["/v1/chat/completions", "/v1/responses", "/v1/messages", "/v2/chat"];

#[test]
fn a_models_name_chooses_its_behaviour_and_an_unknown_one_echoes() {
    for behaviour in Behaviour::all() {
        assert_eq!(Behaviour::of_model(behaviour.model_name()), behaviour);
    }
    assert_eq!(Behaviour::of_model("gpt-4o"), Behaviour::Echo);
}

#[test]
fn a_failing_model_fails_with_its_status_in_the_formats_shape() {
    for status in [400, 401, 403, 404, 429, 500, 503, 529] {
        for path in GENERATION {
            for stream in [false, true] {
                let script = ask(path, &format!("fail-{status}"), stream);
                let [Step::Head { status: sent, headers }, Step::Bytes(bytes)] = script.steps.as_slice()
                else {
                    panic!("{script:?}");
                };
                assert_eq!(sent.as_u16(), status);
                assert_eq!(headers.get("retry-after").is_some(), status == 429, "{path}");
                let error: Value = serde_json::from_slice(bytes).unwrap();
                if path == "/v2/chat" {
                    assert!(error["message"].is_string(), "{error}");
                } else {
                    assert!(error["error"]["message"].is_string() && error["error"]["type"].is_string());
                }
                assert_eq!(error["type"] == "error", path == "/v1/messages");
            }
        }
    }
}

#[test]
fn each_failure_says_what_the_vendor_would_say() {
    for (model, open_ai_code, anthropic_type) in [
        ("fail-401", json!("invalid_api_key"), "authentication_error"),
        ("fail-404", json!("model_not_found"), "not_found_error"),
        ("fail-429", json!("rate_limit_exceeded"), "rate_limit_error"),
        ("fail-500", Value::Null, "api_error"),
        ("fail-529", Value::Null, "overloaded_error"),
    ] {
        let error = |path| super::whole(&ask(path, model, false)).1["error"].clone();
        assert_eq!(error("/v1/chat/completions")["code"], open_ai_code, "{model}");
        assert_eq!(error("/v1/messages")["type"], anthropic_type, "{model}");
    }
}

#[test]
fn whole_answers_go_wrong_as_their_model_says() {
    for path in GENERATION.into_iter().chain([CONVERSE, GEMINI]) {
        for (model, expected) in [
            ("echo", "Hb"),
            ("slow-first-token", "pHb"),
            ("slow-tokens", "pHb"),
            ("hang", "~"),
            ("cut-before-head", "x"),
            ("cut-midstream", "Hbx"),
            ("malformed-json", "Hb"),
            ("error-midstream", "Hb"),
            ("empty", "H"),
        ] {
            assert_eq!(outline(&ask(path, model, false)), expected, "{path} {model}");
        }
    }
}

#[test]
fn streams_go_wrong_as_their_model_says() {
    for path in GENERATION.into_iter().chain([CONVERSE, GEMINI]) {
        let good = outline(&ask(path, "echo", true)).len() - 1;
        let of = |model| outline(&ask(path, model, true));
        let half = "b".repeat(good / 2);
        assert_eq!(of("hang"), "H~");
        assert_eq!(of("empty"), "H");
        assert_eq!(of("cut-before-head"), "x");
        assert_eq!(of("cut-midstream"), format!("H{half}x"), "{path}");
        assert_eq!(of("malformed-json"), format!("H{half}b"), "{path}");
        assert_eq!(of("error-midstream"), format!("H{half}b"), "{path}");
        assert_eq!(of("slow-first-token"), format!("Hp{}", "b".repeat(good)), "{path}");
        assert_eq!(of("slow-tokens").matches("pb").count(), 4, "{path}: one pause for each token");
    }
}

#[test]
fn the_pauses_are_those_that_are_documented() {
    let first = ask("/v1/chat/completions", "slow-first-token", true);
    assert!(matches!(first.steps[1], Step::Pause(length) if length == FIRST_TOKEN_PAUSE));
    let tokens = ask("/v1/chat/completions", "slow-tokens", true);
    assert!(tokens.steps.iter().all(|step| !matches!(step, Step::Pause(length) if *length != TOKEN_PAUSE)));
}

#[test]
fn malformed_json_does_not_parse_and_half_an_answer_neither() {
    for model in ["malformed-json", "cut-midstream"] {
        let script = ask("/v1/chat/completions", model, false);
        let Some(Step::Bytes(bytes)) = script.steps.get(1) else { panic!("{script:?}") };
        assert!(serde_json::from_slice::<Value>(bytes).is_err());
    }
    for path in GENERATION {
        let good = events(&ask(path, "echo", true));
        let bad = events(&ask(path, "malformed-json", true));
        let (name, data) = bad.last().unwrap();
        assert_eq!(*name, good[bad.len() - 1].0, "it is named as the event it would have been");
        assert!(data.is_string(), "{path}: what does not parse is read as text: {data}");
    }
}

#[test]
fn an_error_in_a_stream_is_in_the_formats_shape() {
    let last = |path| events(&ask(path, "error-midstream", true)).pop().unwrap();
    assert!(last("/v1/chat/completions").1["error"]["message"].is_string());
    let (name, responses) = last("/v1/responses");
    assert_eq!((name.as_str(), responses["type"].as_str()), ("error", Some("error")));
    let before = events(&ask("/v1/responses", "error-midstream", true)).len() - 1;
    assert_eq!(responses["sequence_number"].as_u64(), Some(before as u64));
    let (name, messages) = last("/v1/messages");
    assert_eq!((name.as_str(), messages["error"]["type"].as_str()), ("error", Some("overloaded_error")));
    let (name, cohere) = last("/v2/chat");
    assert_eq!((name.as_str(), cohere["delta"]["finish_reason"].as_str()), ("message-end", Some("ERROR")));
    assert!(cohere["delta"]["error"].is_string());
}

#[test]
fn other_operations_fail_on_demand_too() {
    for path in ["/v1/embeddings", "/v1/moderations", "/v1/messages/count_tokens"] {
        assert_eq!(super::whole(&ask(path, "fail-503", false)).0, 503, "{path}");
    }
}
