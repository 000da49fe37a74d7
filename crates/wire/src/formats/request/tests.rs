//! The facts of each kind of request, and the refusals: what is ambiguous or mistyped is never guessed.

use super::*;
use crate::json::ScanLimits;

fn read(kind: RequestKind, body: &str) -> Result<RequestFacts, FactsError> {
    let document = Document::parse(body.to_owned().into(), ScanLimits::default()).unwrap();
    facts(kind, &document)
}

fn refusal(kind: RequestKind, body: &str) -> String {
    read(kind, body).unwrap_err().to_string()
}

/// The facts of a request that says nothing.
fn silent(kind: RequestKind) -> RequestFacts {
    RequestFacts {
        kind,
        model: None,
        stream: false,
        include_usage: None,
        max_output_tokens: None,
        choices: None,
        previous_response_id: None,
    }
}

const KINDS: [RequestKind; 5] = [
    RequestKind::Chat,
    RequestKind::Completions,
    RequestKind::Responses,
    RequestKind::Messages,
    RequestKind::Embeddings,
];

#[test]
fn a_request_that_says_nothing_has_no_facts() {
    for kind in KINDS {
        assert_eq!(read(kind, "{}"), Ok(silent(kind)));
    }
}

#[test]
fn each_kind_reads_what_counts_for_it() {
    let body = r#"{"mod\u0065l":"m","stream":true,"stream_options":{"x":1,"include_usage":true},"n":2,
        "max_tokens":5,"max_completion_tokens":7,"previous_response_id":"resp_1","unknown":[1]}"#;
    let common = |kind| RequestFacts { model: Some("m".into()), max_output_tokens: Some(7), ..silent(kind) };
    let completion =
        |kind| RequestFacts { stream: true, include_usage: Some(true), choices: Some(2), ..common(kind) };
    let chat = completion(RequestKind::Chat);
    assert_eq!(read(RequestKind::Chat, body), Ok(chat));
    assert_eq!(read(RequestKind::Completions, body), Ok(completion(RequestKind::Completions)));
    assert_eq!(
        read(RequestKind::Responses, body),
        Ok(RequestFacts {
            stream: true,
            previous_response_id: Some("resp_1".into()),
            ..common(RequestKind::Responses)
        })
    );
    assert_eq!(
        read(RequestKind::Messages, body),
        Ok(RequestFacts { stream: true, ..common(RequestKind::Messages) })
    );
    assert_eq!(read(RequestKind::Embeddings, body), Ok(common(RequestKind::Embeddings)));
}

#[test]
fn the_largest_limit_counts() {
    let limit = |body| read(RequestKind::Responses, body).unwrap().max_output_tokens;
    assert_eq!(limit(r#"{"max_output_tokens":100,"max_tokens":9}"#), Some(100));
    assert_eq!(limit(r#"{"max_output_tokens":null,"max_tokens":9}"#), Some(9));
    let choices = |body| read(RequestKind::Completions, body).unwrap().choices;
    assert_eq!(choices(r#"{"n":1,"best_of":4}"#), Some(4));
}

#[test]
fn a_governed_member_occurs_once() {
    for key in [
        "model",
        "stream",
        "stream_options",
        "max_tokens",
        "max_completion_tokens",
        "max_output_tokens",
        "previous_response_id",
        "n",
        "best_of",
    ] {
        for kind in KINDS {
            let error = read(kind, &format!(r#"{{"{key}":null,"x":1,"x":2,"{key}":null}}"#)).unwrap_err();
            assert_eq!(error.param(), Some(key));
        }
    }
    assert_eq!(
        refusal(RequestKind::Chat, r#"{"model":"a","\u006dodel":"b"}"#),
        "`model` occurs more than once, send it once"
    );
    assert_eq!(
        refusal(RequestKind::Chat, r#"{"stream_options":{"include_usage":true,"include_usage":false}}"#),
        "`stream_options.include_usage` occurs more than once, send it once"
    );
}

#[test]
fn a_wrong_type_is_refused_with_what_was_found() {
    for (body, message) in [
        (r#"{"model":7}"#, "`model` must be a string, found a number"),
        (r#"{"model":null}"#, "`model` must be a string, found null"),
        (r#"{"model":"\ud800"}"#, "`model` must be a string without unpaired surrogates, found a string"),
        (r#"{"stream":"true"}"#, "`stream` must be true or false, found a string"),
        (r#"{"stream_options":true}"#, "`stream_options` must be an object, found a boolean"),
        (
            r#"{"stream_options":{"include_usage":1}}"#,
            "`stream_options.include_usage` must be true or false, found a number",
        ),
        (r#"{"max_tokens":"9"}"#, "`max_tokens` must be a whole number, 0 or more, found a string"),
        (r#"{"max_tokens":-1}"#, "`max_tokens` must be a whole number, 0 or more, found a number"),
        (r#"{"n":[]}"#, "`n` must be a whole number, 0 or more, found an array"),
    ] {
        assert_eq!(refusal(RequestKind::Chat, body), message);
    }
    assert_eq!(
        refusal(RequestKind::Responses, r#"{"previous_response_id":{}}"#),
        "`previous_response_id` must be a string, found an object"
    );
    assert_eq!(refusal(RequestKind::Embeddings, "[]"), "the body must be an object, found an array");
}

#[test]
fn null_counts_as_absent() {
    let body =
        r#"{"stream":null,"stream_options":null,"max_tokens":null,"n":null,"previous_response_id":null}"#;
    for kind in KINDS {
        assert_eq!(read(kind, body), Ok(silent(kind)));
    }
}

#[test]
fn converse_has_its_limit_within_a_member_and_its_model_in_the_path() {
    let converse = |body| read(RequestKind::Converse, body);
    let body = r#"{"model":7,"stream":1,"inferenceConfig":{"maxTokens":5,"temperature":1}}"#;
    let facts = RequestFacts { max_output_tokens: Some(5), ..silent(RequestKind::Converse) };
    assert_eq!(converse(body), Ok(facts));
    for nothing in ["{}", r#"{"inferenceConfig":null}"#, r#"{"inferenceConfig":{"maxTokens":null}}"#] {
        assert_eq!(converse(nothing), Ok(silent(RequestKind::Converse)), "{nothing}");
    }
    for (body, message) in [
        (r#"{"inferenceConfig":[]}"#, "`inferenceConfig` must be an object, found an array"),
        (
            r#"{"inferenceConfig":{"maxTokens":"5"}}"#,
            "`inferenceConfig.maxTokens` must be a whole number, 0 or more, found a string",
        ),
        (
            r#"{"inferenceConfig":{"maxTokens":5,"maxTokens":6}}"#,
            "`inferenceConfig.maxTokens` occurs more than once, send it once",
        ),
        (
            r#"{"inferenceConfig":{},"inferenceConfig":{"maxTokens":6}}"#,
            "`inferenceConfig` occurs more than once, send it once",
        ),
    ] {
        assert_eq!(refusal(RequestKind::Converse, body), message);
    }
}
