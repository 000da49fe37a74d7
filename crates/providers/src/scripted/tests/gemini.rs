//! Laws of Gemini.

use http::Method;
use serde_json::{Value, json};

use super::{events, joined, ok, part, post, refused, request, whole};
use crate::scripted::{ResponseStore, Script, Step, answer};

const WHOLE: &str = "/v1beta/models/echo:generateContent";
const STREAM: &str = "/v1beta/models/echo:streamGenerateContent";
const THOUGHT: &str = "They said something, so I repeat it.";

fn asked(mut extra: Value) -> Value {
    let mut body = json!({ "contents": [{ "role": "user", "parts": [{ "text": "hello you" }] }] });
    body.as_object_mut().unwrap().append(extra.as_object_mut().unwrap());
    body
}

fn tools() -> Value {
    let parameters = json!({ "type": "OBJECT", "properties": { "days": { "type": "INTEGER" } } });
    let schema = json!({ "type": "object", "properties": { "zone": { "type": "string" } } });
    json!([{ "functionDeclarations": [
        { "name": "weather", "parameters": parameters },
        { "name": "clock", "parametersJsonSchema": schema },
    ] }])
}

fn one_of(names: &[&str]) -> Value {
    json!({ "functionCallingConfig": { "mode": "ANY", "allowedFunctionNames": names } })
}

fn parts(body: &Value) -> Value {
    ok(WHOLE, body)["candidates"][0]["content"]["parts"].clone()
}

fn stream_as(query: &str, body: &Value) -> Script {
    let mut asked = request(Method::POST, STREAM, body);
    asked.query = query.to_owned();
    answer(&asked, &mut ResponseStore::default())
}

#[test]
fn a_candidate_echoes_and_the_answer_counts_its_tokens() {
    let answer = ok(WHOLE, &asked(json!({ "systemInstruction": { "parts": [{ "text": "be brief" }] } })));
    let [candidate] = answer["candidates"].as_array().unwrap().as_slice() else { panic!("{answer}") };
    assert_eq!(candidate["content"], json!({ "role": "model", "parts": [{ "text": "echo: hello you" }] }));
    assert_eq!((candidate["finishReason"].as_str(), candidate["index"].as_u64()), (Some("STOP"), Some(0)));
    let usage = json!({ "promptTokenCount": 4, "candidatesTokenCount": 3, "totalTokenCount": 7 });
    assert_eq!(answer["usageMetadata"], usage);
    assert_eq!(answer["modelVersion"], "echo");
    assert!(!answer["responseId"].as_str().unwrap().is_empty());
}

#[test]
fn a_stream_is_of_whole_answers_each_with_the_count_so_far() {
    let events = events(&stream_as("alt=sse", &asked(json!({}))));
    assert!(events.iter().all(|(name, _)| name.is_empty()));
    assert_eq!(joined(&events, "/candidates/0/content/parts/0/text"), "echo: hello you");
    let counts: Vec<_> =
        events.iter().map(|(_, data)| data["usageMetadata"]["candidatesTokenCount"].clone()).collect();
    assert_eq!(counts, [1, 2, 3, 3]);
    let finishes: Vec<_> =
        events.iter().map(|(_, data)| data["candidates"][0]["finishReason"].as_str()).collect();
    assert_eq!(finishes, [None, None, None, Some("STOP")]);
}

#[test]
fn without_events_a_stream_is_an_array_element_by_element() {
    let script = stream_as("", &asked(json!({})));
    let Some(Step::Head { headers, .. }) = script.steps.first() else { panic!("{script:?}") };
    assert_eq!(headers["content-type"], "application/json; charset=UTF-8");
    let bytes: Vec<u8> = script.steps.iter().filter_map(part).flatten().collect();
    let array: Vec<Value> = serde_json::from_slice(&bytes).unwrap();
    let streamed: Vec<Value> =
        events(&stream_as("key=k&alt=sse", &asked(json!({})))).into_iter().map(|(_, data)| data).collect();
    assert_eq!(array, streamed);
    assert_eq!(script.steps.len(), 1 + array.len());

    let broken = post("/v1beta/models/error-midstream:streamGenerateContent", &asked(json!({})));
    let bytes: Vec<u8> = broken.steps.iter().filter_map(part).flatten().collect();
    let array: Vec<Value> = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(array.last().unwrap()["error"]["status"], "INTERNAL");
}

#[test]
fn functions_are_called_when_they_should_and_only_those_that_may_be() {
    let any = json!({ "functionCallingConfig": { "mode": "ANY" } });
    let called = parts(&asked(json!({ "tools": tools(), "toolConfig": any })));
    let [call] = called.as_array().unwrap().as_slice() else { panic!("{called}") };
    assert_eq!(
        (&call["functionCall"]["name"], &call["functionCall"]["args"]),
        (&json!("weather"), &json!({ "days": 1 }))
    );
    assert!(!call["functionCall"]["id"].as_str().unwrap().is_empty());
    let chosen = parts(&asked(json!({ "tools": tools(), "toolConfig": one_of(&["clock"]) })));
    assert_eq!(chosen[0]["functionCall"]["args"], json!({ "zone": "text" }));
    let silent = json!({ "functionCallingConfig": { "mode": "NONE" } });
    assert_eq!(
        parts(&asked(json!({ "tools": tools(), "toolConfig": silent })))[0]["text"],
        "echo: hello you"
    );
}

#[test]
fn parallel_calls_come_whole_one_a_chunk_and_count_in_the_end() {
    let contents = json!([{ "parts": [{ "text": "call the tools" }] }]);
    let body = json!({ "contents": contents, "tools": tools() });
    let whole = ok(WHOLE, &body);
    let events = events(&stream_as("alt=sse", &body));
    assert_eq!(joined(&events, "/candidates/0/content/parts/0/functionCall/name"), "weatherclock");
    assert_eq!(events.last().unwrap().1["usageMetadata"], whole["usageMetadata"]);
    assert_eq!(events.last().unwrap().1["candidates"][0]["finishReason"], "STOP");
}

#[test]
fn after_a_functions_response_comes_text_whatever_its_shape() {
    for (response, told) in [
        (json!({ "output": "rain" }), "rain"),
        (json!({ "result": { "sky": "grey" } }), r#"{"sky":"grey"}"#),
        (json!({ "sky": "grey" }), r#"{"sky":"grey"}"#),
    ] {
        for role in ["user", "function"] {
            let contents = json!([
                { "role": "user", "parts": [{ "text": "call the tool" }] },
                { "role": "model", "parts": [{ "functionCall": { "name": "weather", "args": {} } }] },
                { "role": role, "parts": [{ "functionResponse": { "name": "weather", "response": response } }] },
            ]);
            let answer = parts(&json!({ "contents": contents, "tools": tools() }));
            assert_eq!(answer[0]["text"], format!("the tool answered: {told}"));
        }
    }
}

#[test]
fn thinking_is_shown_to_those_who_want_to_see_it_and_proven_to_all() {
    let with = |config: Value| asked(json!({ "generationConfig": { "thinkingConfig": config } }));
    let shown = ok(WHOLE, &with(json!({ "includeThoughts": true, "thinkingBudget": -1 })));
    let parts = &shown["candidates"][0]["content"]["parts"];
    assert_eq!(parts[0], json!({ "text": THOUGHT, "thought": true }));
    assert!(parts[1]["thoughtSignature"].is_string());
    let usage = &shown["usageMetadata"];
    assert_eq!(
        (usage["thoughtsTokenCount"].as_u64(), usage["candidatesTokenCount"].as_u64()),
        (Some(7), Some(3))
    );
    assert_eq!(usage["totalTokenCount"], 12);

    let hidden = ok(WHOLE, &with(json!({ "thinkingLevel": "LOW" })));
    let parts = &hidden["candidates"][0]["content"]["parts"];
    assert!(parts[0]["thoughtSignature"].is_string() && parts[0]["text"] == "echo: hello you", "{parts}");
    assert_eq!(hidden["usageMetadata"]["thoughtsTokenCount"], 7);
    let off = ok(WHOLE, &with(json!({ "thinkingBudget": 0 })));
    assert_eq!(off["usageMetadata"].get("thoughtsTokenCount"), None);

    let events = events(&stream_as("alt=sse", &with(json!({ "includeThoughts": true }))));
    let (thoughts, said): (Vec<_>, Vec<_>) = events
        .into_iter()
        .partition(|(_, data)| data["candidates"][0]["content"]["parts"][0]["thought"] == true);
    assert_eq!(joined(&thoughts, "/candidates/0/content/parts/0/text"), THOUGHT);
    assert_eq!(joined(&said, "/candidates/0/content/parts/0/text"), "echo: hello you");
    assert!(!joined(&said, "/candidates/0/content/parts/0/thoughtSignature").is_empty());
}

#[test]
fn the_first_of_parallel_calls_proves_the_thinking() {
    let body = json!({
        "contents": [{ "parts": [{ "text": "call the tools" }] }],
        "tools": tools(),
        "generationConfig": { "thinkingConfig": { "thinkingBudget": 1024 } },
    });
    let calls = parts(&body);
    assert!(calls[0]["thoughtSignature"].is_string());
    assert_eq!(calls[1].get("thoughtSignature"), None);
}

#[test]
fn structured_output_fits_its_schema_in_either_notation_and_needs_none() {
    let text = |mut config: Value| {
        config["responseMimeType"] = json!("application/json");
        parts(&asked(json!({ "generationConfig": config })))[0]["text"].as_str().unwrap().to_owned()
    };
    let own = json!({ "type": "OBJECT", "properties": { "n": { "type": "INTEGER" } } });
    assert_eq!(text(json!({ "responseSchema": own })), r#"{"n":1}"#);
    let schema = json!({ "type": "object", "properties": { "n": { "type": "integer" } } });
    assert_eq!(text(json!({ "responseJsonSchema": schema })), r#"{"n":1}"#);
    assert_eq!(text(json!({})), r#"{"echo":"text"}"#);
}

#[test]
fn pictures_are_counted_wherever_they_are_and_limits_hold() {
    let contents = json!([{ "parts": [
        { "text": "look here" },
        { "inlineData": { "mimeType": "image/png", "data": "aGk=" } },
        { "file_data": { "mime_type": "image/jpeg", "file_uri": "gs://bucket/a.jpg" } },
        { "inlineData": { "mimeType": "application/pdf", "data": "aGk=" } },
    ] }]);
    let answer = ok(WHOLE, &json!({ "contents": contents }));
    assert_eq!(answer["candidates"][0]["content"]["parts"][0]["text"], "echo: look here (2 images)");
    assert_eq!(answer["usageMetadata"]["promptTokenCount"], 2 + 2 * 85);

    let answer =
        ok(WHOLE, &asked(json!({ "generationConfig": { "maxOutputTokens": 1, "candidateCount": 2 } })));
    for candidate in answer["candidates"].as_array().unwrap() {
        assert_eq!(
            (candidate["finishReason"].as_str(), candidate["content"]["parts"][0]["text"].as_str()),
            (Some("MAX_TOKENS"), Some("echo: "))
        );
    }
    assert_eq!(answer["candidates"][1]["index"], 1);
    assert_eq!(answer["usageMetadata"]["candidatesTokenCount"], 2);
}

#[test]
fn counted_tokens_are_those_of_the_contents_or_of_a_whole_request() {
    let path = "/v1beta/models/echo:countTokens";
    assert_eq!(ok(path, &asked(json!({}))), json!({ "totalTokens": 2 }));
    let whole = asked(json!({ "systemInstruction": { "parts": [{ "text": "be brief" }] } }));
    assert_eq!(ok(path, &json!({ "generateContentRequest": whole })), json!({ "totalTokens": 4 }));
}

#[test]
fn models_are_listed_as_google_does() {
    let get =
        |path: &str| whole(&answer(&request(Method::GET, path, &Value::Null), &mut ResponseStore::default()));
    let (_, list) = get("/v1beta/models");
    assert_eq!(list["models"][0]["name"], "models/echo");
    let (_, model) = get("/v1beta/models/hang");
    assert_eq!(model["name"], "models/hang");
    assert!(model["inputTokenLimit"].as_u64() > Some(0));
    assert_eq!(get("/v1beta/models/nothing").1["error"]["status"], "NOT_FOUND");
}

#[test]
fn what_cannot_be_answered_is_refused_in_googles_shape() {
    let (status, error) = refused(WHOLE, &json!({}));
    assert_eq!((status, error["error"]["status"].as_str()), (400, Some("INVALID_ARGUMENT")));
    assert_eq!(refused("/v1beta/models/echo:guess", &json!({})).1["error"]["status"], "NOT_FOUND");
    let limited = post("/v1beta/models/fail-429:generateContent", &asked(json!({})));
    let (status, error) = whole(&limited);
    assert_eq!((status.as_u16(), error["error"]["status"].as_str()), (429, Some("RESOURCE_EXHAUSTED")));
    assert_eq!(error["error"]["details"][0]["retryDelay"], "1s");
    let Some(Step::Head { headers, .. }) = limited.steps.first() else { panic!("{limited:?}") };
    assert_eq!(headers.get("retry-after"), None);
}
