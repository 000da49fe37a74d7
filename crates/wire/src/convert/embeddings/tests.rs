//! Laws of embeddings that hold for every pair of formats.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;

const WORDS: &[&str] = &[
    "input",
    "texts",
    "images",
    "inputs",
    "content",
    "parts",
    "requests",
    "text",
    "type",
    "inlineData",
    "mimeType",
    "data",
    "embedding",
    "embeddings",
    "values",
    "float",
    "index",
    "usage",
    "image_url",
    "url",
    "input_type",
    "embedding_types",
    "dimensions",
];

fn pairs() -> impl Iterator<Item = (EmbeddingClient, EmbeddingProvider)> {
    EmbeddingClient::ALL
        .into_iter()
        .flat_map(|client| EmbeddingProvider::ALL.into_iter().map(move |provider| (client, provider)))
}

fn asked(
    request: &Json,
    pair: (EmbeddingClient, EmbeddingProvider),
) -> Result<EmbeddingTranslation, Objection> {
    let bytes = request.to_string();
    let value = Value::parse(bytes.as_bytes()).unwrap();
    translate(&value, pair, "m", Strictness::Lenient, ClientContext::default())
}

fn texts(count: usize) -> Json {
    json!({"model": "m", "input": (0..count).map(|number| number.to_string()).collect::<Vec<_>>()})
}

#[test]
fn more_inputs_than_fit_become_several_requests_in_their_order() {
    let translation = asked(&texts(200), (EmbeddingClient::OpenAi, EmbeddingProvider::Cohere)).unwrap();
    let bodies: Vec<Json> =
        translation.bodies.iter().map(|body| serde_json::from_slice(body).unwrap()).collect();
    let counts: Vec<_> = bodies.iter().map(|body| body["texts"].as_array().unwrap().len()).collect();
    assert_eq!(counts, [96, 96, 8]);
    assert_eq!((&bodies[1]["texts"][0], &bodies[2]["texts"][7]), (&json!("96"), &json!("199")));
}

#[test]
fn the_vectors_of_several_requests_are_one_answer() {
    let translation = asked(&texts(3), (EmbeddingClient::OpenAi, EmbeddingProvider::Titan)).unwrap();
    assert_eq!(translation.bodies.len(), 3);
    let answers: [&[u8]; 3] = [
        br#"{"embedding":[0],"inputTextTokenCount":2}"#,
        br#"{"embedding":[1],"inputTextTokenCount":3}"#,
        br#"{"embedding":[2]}"#,
    ];
    // The head counts where the body does not.
    let answers = answers.map(|body| EmbeddingAnswer { body, input_tokens: Some(4) });
    let (answer, usage) = translation.answer(&answers).unwrap();
    let answer: Json = serde_json::from_slice(&answer).unwrap();
    let vectors: Vec<_> =
        answer["data"].as_array().unwrap().iter().map(|entry| entry["embedding"][0].clone()).collect();
    assert_eq!(vectors, [0, 1, 2]);
    assert_eq!((usage.input_tokens, &answer["usage"]["total_tokens"]), (Some(9), &json!(9)));
    let uncounted = answers.map(|answer| EmbeddingAnswer { input_tokens: None, ..answer });
    let (_, usage) = translation.answer(&uncounted).unwrap();
    assert_eq!(usage.input_tokens, None, "what one answer does not count is not known of all");
    let error = translation.answer(&answers[..2]).unwrap_err();
    assert_eq!(error.to_string(), "3 inputs got 2 embeddings (float)");
}

#[test]
fn pictures_that_are_charged_by_the_piece_are_counted_here() {
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}});
    let request = json!({"inputs": [{"content": [{"type": "text", "text": "a"}, image]}]});
    let used = |provider| {
        let translation = asked(&request, (EmbeddingClient::Cohere, provider)).unwrap();
        let body = br#"{"embedding":[0],"inputTextTokenCount":2}"#;
        translation.answer(&[EmbeddingAnswer { body, input_tokens: None }]).unwrap().1
    };
    assert_eq!(
        used(EmbeddingProvider::TitanMultimodal),
        Usage { images: Some(1), ..Usage::default() },
        "the tokens of the text alone would be less than is charged"
    );
}

#[test]
fn a_request_does_not_become_any_number_of_requests() {
    let pair = (EmbeddingClient::OpenAi, EmbeddingProvider::Nova);
    assert_eq!(asked(&texts(CALLS_MAX), pair).unwrap().bodies.len(), CALLS_MAX);
    let refused = asked(&texts(CALLS_MAX + 1), pair).unwrap_err();
    assert!(refused.path == "input" && refused.message.contains("at most 128"), "{refused}");
}

#[test]
fn nothing_is_lost_where_the_route_is_strict() {
    let request = br#"{"model":"m","input":"a","user":"u"}"#;
    let value = Value::parse(request).unwrap();
    let strict = |provider| {
        let pair = (EmbeddingClient::OpenAi, provider);
        translate(&value, pair, "m", Strictness::Strict, ClientContext::default())
    };
    assert!(strict(EmbeddingProvider::OpenAi).unwrap().losses.is_empty());
    let refused = strict(EmbeddingProvider::Gemini).unwrap_err();
    assert!(refused.path == "user" && refused.message.contains("strict"), "{refused}");
}

/// Any JSON of these words.
pub(in crate::convert) fn any_json(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    let word = prop::sample::select(words);
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        word.clone().prop_map(|word| format!("\"{word}\"")),
        Just("\"data:image/png;base64,AA==\"".to_owned()),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|list| format!("[{}]", list.join(","))),
            prop::collection::vec((word.clone(), inner), 0..5).prop_map(|members| {
                let members: Vec<_> =
                    members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_request_is_translated_or_refused_and_never_a_panic(request in any_json(WORDS)) {
        let value = Value::parse(request.as_bytes()).unwrap();
        for pair in pairs() {
            let result = translate(&value, pair, "m", Strictness::Lenient, ClientContext::default());
            for body in result.iter().flat_map(|translation| &translation.bodies) {
                prop_assert!(Value::parse(body).is_ok(), "{}", String::from_utf8_lossy(body));
            }
        }
    }

    #[test]
    fn any_answer_is_translated_or_malformed_and_never_a_panic(answer in any_json(WORDS)) {
        for (client, provider) in pairs() {
            let request = match client {
                EmbeddingClient::OpenAi => json!({"input": "a", "encoding_format": "base64"}),
                EmbeddingClient::Cohere => json!({"texts": ["a"], "embedding_types": ["float", "base64"]}),
                EmbeddingClient::Gemini => json!({"content": {"parts": [{"text": "a"}]}}),
            };
            let translation = asked(&request, (client, provider)).unwrap();
            if let Ok((body, _)) = translation.answer(&[EmbeddingAnswer { body: answer.as_bytes(), input_tokens: None }]) {
                prop_assert!(Value::parse(&body).is_ok(), "{}", String::from_utf8_lossy(&body));
            }
        }
    }
}
