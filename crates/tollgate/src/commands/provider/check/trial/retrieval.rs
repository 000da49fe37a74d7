//! The smallest requests for vectors and for an order of documents, in every provider's format.

use domain::{Endpoint, Provider};
use serde_json::{Value, json};

const TEXT: &str = "hello";

/// The request for a vector; `None` for endpoints that make none.
pub(super) fn embedding(endpoint: Endpoint, model: &str) -> Option<Value> {
    let content = json!({"parts": [{"text": TEXT}]});
    match endpoint {
        Endpoint::Embeddings
        | Endpoint::MistralEmbeddings
        | Endpoint::VoyageEmbeddings
        | Endpoint::JinaEmbeddings => Some(json!({"model": model, "input": [TEXT]})),
        Endpoint::VoyageMultimodalEmbeddings => {
            Some(json!({"model": model, "inputs": [{"content": [{"type": "text", "text": TEXT}]}]}))
        }
        Endpoint::CohereEmbed => Some(
            json!({"model": model, "texts": [TEXT], "input_type": "search_query", "embedding_types": ["float"]}),
        ),
        Endpoint::CohereEmbedOnBedrock => Some(json!({"texts": [TEXT], "input_type": "search_query"})),
        Endpoint::EmbedContent => Some(json!({"content": content})),
        Endpoint::BatchEmbedContents => {
            Some(json!({"requests": [{"model": format!("models/{model}"), "content": content}]}))
        }
        Endpoint::VertexEmbeddings => Some(json!({"instances": [{"content": TEXT}]})),
        Endpoint::TitanEmbeddings | Endpoint::TitanMultimodalEmbeddings => Some(json!({"inputText": TEXT})),
        Endpoint::NovaEmbeddings => Some(json!({
            "schemaVersion": "nova-multimodal-embed-v1",
            "taskType": "SINGLE_EMBEDDING",
            "singleEmbeddingParams": {
                "embeddingPurpose": "GENERIC_RETRIEVAL",
                "text": {"truncationMode": "NONE", "value": TEXT},
            },
        })),
        _ => None,
    }
}

/// The request for an order; `None` for endpoints that make none.
pub(super) fn order(endpoint: Endpoint, model: &str, provider: &Provider) -> Option<Value> {
    let documents = ["hello", "goodbye"];
    match endpoint {
        Endpoint::CohereRerank | Endpoint::Rerank | Endpoint::VoyageRerank => {
            Some(json!({"model": model, "query": TEXT, "documents": documents}))
        }
        Endpoint::CohereRerankOnBedrock => {
            Some(json!({"api_version": 2, "query": TEXT, "documents": documents}))
        }
        Endpoint::BedrockRerank => {
            let source = |text| {
                let inline = json!({"type": "TEXT", "textDocument": {"text": text}});
                json!({"type": "INLINE", "inlineDocumentSource": inline})
            };
            let configuration = json!({"modelConfiguration": {"modelArn": in_full(model, provider)}});
            Some(json!({
                "queries": [{"type": "TEXT", "textQuery": {"text": TEXT}}],
                "sources": documents.map(source),
                "rerankingConfiguration": {
                    "type": "BEDROCK_RERANKING_MODEL",
                    "bedrockRerankingConfiguration": configuration,
                },
            }))
        }
        _ => None,
    }
}

/// The model with what the provider wants before it.
fn in_full(model: &str, provider: &Provider) -> String {
    let offer = provider.offer(Endpoint::BedrockRerank, model);
    let prefix = offer.and_then(|offer| offer.body.model_prefix.as_deref()).unwrap_or_default();
    format!("{prefix}{model}")
}
