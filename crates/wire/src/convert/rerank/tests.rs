//! Laws of reranking that hold for every pair of formats.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::convert::embeddings::tests::any_json;

const WORDS: &[&str] = &[
    "query",
    "documents",
    "text",
    "image",
    "results",
    "data",
    "index",
    "relevance_score",
    "relevanceScore",
    "meta",
    "billed_units",
    "search_units",
    "usage",
    "total_tokens",
    "top_n",
    "return_documents",
];

fn pairs() -> impl Iterator<Item = (RerankClient, RerankProvider)> {
    RerankClient::ALL
        .into_iter()
        .flat_map(|client| RerankProvider::ALL.into_iter().map(move |provider| (client, provider)))
}

fn asked(
    request: &Json,
    pair: (RerankClient, RerankProvider),
    strictness: Strictness,
) -> Result<RerankTranslation, Objection> {
    let bytes = request.to_string();
    let value = Value::parse(bytes.as_bytes()).unwrap();
    translate(&value, pair, "m", strictness, ClientContext::default())
}

#[test]
fn the_smallest_request_is_lost_nowhere() {
    for pair in pairs() {
        let request = json!({"model": "m", "query": "q", "documents": ["a", "b"]});
        let translation = asked(&request, pair, Strictness::Strict).unwrap();
        assert!(Value::parse(&translation.body).is_ok());
    }
}

#[test]
fn documents_come_back_as_they_were_sent_and_only_where_they_are_wanted() {
    let ranking = br#"{"results":[{"index":1,"relevance_score":0.5}]}"#;
    let answer = |wanted: Option<bool>, client| {
        let documents = json!(["a", {"title": "\u{e9}", "n": 1.50}]);
        let mut request = json!({"model": "m", "query": "q", "documents": documents});
        if let Some(wanted) = wanted {
            request["return_documents"] = json!(wanted);
        }
        let translation = asked(&request, (client, RerankProvider::Cohere), Strictness::Lenient).unwrap();
        let (body, _) = translation.answer(ranking).unwrap();
        serde_json::from_slice::<Json>(&body).unwrap()["results"][0].get("document").cloned()
    };
    let sent = Some(json!({"title": "\u{e9}", "n": 1.5}));
    assert_eq!(answer(Some(true), RerankClient::Cohere), sent);
    assert_eq!(answer(None, RerankClient::Cohere), None);
    // Jina's clients get them unless they decline.
    assert_eq!(answer(None, RerankClient::Jina), sent);
    assert_eq!(answer(Some(false), RerankClient::Jina), None);
}

#[test]
fn nothing_is_lost_where_the_route_is_strict() {
    let request = json!({"model": "m", "query": "q", "documents": [{"a": 1}]});
    let pair = (RerankClient::Cohere, RerankProvider::Voyage);
    assert_eq!(asked(&request, pair, Strictness::Lenient).unwrap().losses.len(), 1);
    let refused = asked(&request, pair, Strictness::Strict).unwrap_err();
    assert!(refused.path == "documents" && refused.message.contains("strict"), "{refused}");
    let pair = (RerankClient::Cohere, RerankProvider::BedrockAgent);
    assert!(asked(&request, pair, Strictness::Strict).is_ok(), "Bedrock takes objects");
}

proptest! {
    #[test]
    fn any_request_is_translated_or_refused_and_never_a_panic(request in any_json(WORDS)) {
        let value = Value::parse(request.as_bytes()).unwrap();
        for pair in pairs() {
            if let Ok(translation) = translate(&value, pair, "m", Strictness::Lenient, ClientContext::default()) {
                let body = translation.body;
                prop_assert!(Value::parse(&body).is_ok(), "{}", String::from_utf8_lossy(&body));
            }
        }
    }

    #[test]
    fn any_answer_is_translated_or_malformed_and_never_a_panic(answer in any_json(WORDS)) {
        let request = json!({"query": "q", "documents": ["a", {"b": 1}], "return_documents": true});
        for pair in pairs() {
            let translation = asked(&request, pair, Strictness::Lenient).unwrap();
            if let Ok((body, _)) = translation.answer(answer.as_bytes()) {
                prop_assert!(Value::parse(&body).is_ok(), "{}", String::from_utf8_lossy(&body));
            }
        }
    }
}
