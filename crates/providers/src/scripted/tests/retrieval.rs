//! Laws of embeddings in the formats of Cohere and Google, and of reranking.

use serde_json::{Value, json};

use super::{ok, refused};

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

#[test]
fn a_text_has_the_same_vector_in_every_format() {
    let open_ai = ok("/v1/embeddings", &json!({"model": "echo", "input": "a b", "dimensions": 4}));
    let cohere = ok(
        "/v2/embed",
        &json!({"model": "echo", "texts": ["c", "a b"], "input_type": "search_query", "output_dimension": 4,
            "embedding_types": ["float", "int8", "base64"]}),
    );
    let content = json!({"parts": [{"text": "a b"}]});
    let google =
        ok("/v1beta/models/echo:embedContent", &json!({"content": content, "outputDimensionality": 4}));
    let request = json!({"model": "models/echo", "content": content, "outputDimensionality": 4});
    let batch = ok("/v1beta/models/echo:batchEmbedContents", &json!({"requests": [request, request]}));
    let vector = floats(&open_ai["data"][0]["embedding"]);
    assert_eq!(floats(&cohere["embeddings"]["float"][1]), vector);
    assert_eq!(floats(&google["embedding"]["values"]), vector);
    assert_eq!(floats(&batch["embeddings"][1]["values"]), vector);
    assert_eq!(cohere["embeddings"]["int8"][1][0], (vector[0] * 127.0).round());
    assert_eq!(cohere["embeddings"]["base64"][1].as_str().unwrap().len(), 24);
    assert_eq!(cohere["meta"]["billed_units"], json!({"input_tokens": 3}));
    assert_eq!(google["usageMetadata"], json!({"promptTokenCount": 2}));
    assert_eq!(batch["usageMetadata"], json!({"promptTokenCount": 4}));
}

#[test]
fn the_document_with_the_most_words_of_the_question_is_first() {
    let documents = json!(["nothing", "Paris is in France.", "the capital of France"]);
    let asked = json!({"model": "echo", "query": "capital of france?", "documents": documents, "top_n": 2});
    let cohere = ok("/v2/rerank", &asked);
    let places = |answer: &Value| -> Vec<u64> {
        answer["results"].as_array().unwrap().iter().map(|result| result["index"].as_u64().unwrap()).collect()
    };
    assert_eq!(places(&cohere), [2, 1]);
    assert_eq!(
        (&cohere["results"][0]["relevance_score"], cohere["results"][0].get("document")),
        (&json!(1.0), None)
    );
    assert_eq!(cohere["meta"]["billed_units"], json!({"search_units": 1}));
    let jina = ok("/v1/rerank", &asked);
    assert_eq!(places(&jina), [2, 1]);
    assert_eq!(jina["results"][1]["document"], json!({"text": "Paris is in France."}));
    assert!(jina["usage"]["total_tokens"].as_u64().unwrap() > 0);
}

#[test]
fn what_the_vendors_refuse_is_refused() {
    let content = json!({"parts": [{"text": "a"}]});
    let other = json!({"requests": [{"model": "models/other", "content": content}]});
    let texts = json!({"model": "echo", "input_type": "search_query", "texts": vec!["a"; 97]});
    for (path, body) in [
        ("/v2/embed", json!({"model": "echo", "texts": ["a"]})),
        ("/v2/embed", texts),
        ("/v1beta/models/echo:batchEmbedContents", other),
        ("/v1beta/models/echo:batchEmbedContents", json!({"requests": []})),
        ("/v1beta/models/echo:embedContent", json!({})),
        ("/v1beta/models/echo:embedContent", json!({"content": content, "outputDimensionality": 0})),
        ("/v2/rerank", json!({"model": "echo", "query": "q", "documents": []})),
        ("/v1/rerank", json!({"model": "echo", "documents": ["a"]})),
    ] {
        assert_eq!(refused(path, &body).0, 400, "{path} {body}");
    }
}
