//! Embeddings as Cohere and Google have them (`docs.cohere.com/reference/embed`, `ai.google.dev/api/embeddings`), of the same
//! vectors as OpenAI's; and orders of documents as Cohere and Jina have them (`docs.cohere.com/reference/rerank`,
//! `api.jina.ai/redoc`), best first by the words that a document shares with the question.

use serde_json::{Value, json};

use super::conversation::{limit, list};
use super::embeddings::{base64_of, dimensions, vector};
use super::failure::Refusal;
use super::fingerprint::{Fingerprint, count};
use super::frames::Answer;

/// The most texts of one request, as Cohere's.
const TEXTS_MAX: usize = 96;

/// The most requests in one batch, as Google's.
const BATCH_MAX: usize = 100;

/// Answers `POST /v2/embed`.
pub(super) fn cohere_embed(body: &Value, fingerprint: Fingerprint) -> Result<Answer, Refusal> {
    let inputs: Vec<Value> =
        ["texts", "images", "inputs"].iter().flat_map(|key| list(body, key)).cloned().collect();
    if inputs.is_empty() || inputs.len() > TEXTS_MAX {
        let message = format!("invalid request: from 1 to {TEXTS_MAX} inputs can be embedded at a time");
        return Err(Refusal::field("texts", message));
    }
    if body.get("input_type").and_then(Value::as_str).is_none() {
        return Err(Refusal::field("input_type", "invalid request: input_type is required"));
    }
    let dimensions = dimensions(body, "output_dimension")?;
    let asked = list(body, "embedding_types");
    let types = if asked.is_empty() { vec![json!("float")] } else { asked.to_vec() };
    let mut embeddings = serde_json::Map::new();
    for kind in types.iter().filter_map(Value::as_str) {
        let of = |input: &Value| written(&vector(&text_of(input), dimensions), kind);
        let vectors = inputs.iter().map(of).collect::<Result<Vec<_>, _>>()?;
        embeddings.insert(kind.to_owned(), Value::Array(vectors));
    }
    let tokens: usize = inputs.iter().map(|input| count(&text_of(input))).sum();
    Ok(Answer::Whole(json!({
        "id": fingerprint.id("", 0),
        "embeddings": embeddings,
        "texts": list(body, "texts"),
        "response_type": "embeddings_by_type",
        "meta": { "api_version": { "version": "2" }, "billed_units": { "input_tokens": tokens } },
    })))
}

/// Answers `:embedContent`.
pub(super) fn embed_content(body: &Value) -> Result<Answer, Refusal> {
    let (embedding, tokens) = google_embedding(body)?;
    Ok(Answer::Whole(json!({ "embedding": embedding, "usageMetadata": { "promptTokenCount": tokens } })))
}

/// Answers `:batchEmbedContents`, each of whose requests has to name the model of the path.
pub(super) fn batch_embed_contents(body: &Value, model: &str) -> Result<Answer, Refusal> {
    let requests = list(body, "requests");
    if requests.is_empty() || requests.len() > BATCH_MAX {
        return Err(Refusal::field(
            "requests",
            format!("at least 1 and at most {BATCH_MAX} requests can be in one batch"),
        ));
    }
    let named = format!("models/{model}");
    if requests.iter().any(|request| request.get("model").and_then(Value::as_str) != Some(&named)) {
        let message = format!("the model of each request must be that of the batch, {named}");
        return Err(Refusal::field("requests", message));
    }
    let all = requests.iter().map(google_embedding).collect::<Result<Vec<_>, _>>()?;
    let tokens: usize = all.iter().map(|(_, tokens)| tokens).sum();
    let embeddings: Vec<Value> = all.into_iter().map(|(embedding, _)| embedding).collect();
    Ok(Answer::Whole(json!({ "embeddings": embeddings, "usageMetadata": { "promptTokenCount": tokens } })))
}

fn google_embedding(request: &Value) -> Result<(Value, usize), Refusal> {
    let content = request.get("content").ok_or_else(|| Refusal::field("content", "content is required"))?;
    let text: Vec<String> = list(content, "parts").iter().map(text_of).collect();
    let text = text.join(" ");
    let dimensions = dimensions(request, "outputDimensionality")?;
    Ok((json!({ "values": vector(&text, dimensions) }), count(&text)))
}

/// Answers `POST /v2/rerank`.
pub(super) fn cohere_rerank(body: &Value, fingerprint: Fingerprint) -> Result<Answer, Refusal> {
    let results: Vec<Value> = ranked(body)?
        .into_iter()
        .map(|(index, score)| json!({ "index": index, "relevance_score": score }))
        .collect();
    Ok(Answer::Whole(json!({
        "id": fingerprint.id("", 0),
        "results": results,
        "meta": { "api_version": { "version": "2" }, "billed_units": { "search_units": 1 } },
    })))
}

/// Answers `POST /v1/rerank` as Jina does, who gives the documents back unless it is told not to.
pub(super) fn rerank(body: &Value) -> Result<Answer, Refusal> {
    let documents = list(body, "documents");
    let returns = body.get("return_documents").and_then(Value::as_bool).unwrap_or(true);
    let result = |(index, score): (usize, f64)| {
        let mut result = json!({ "index": index, "relevance_score": score });
        if let Some(document) = documents.get(index).filter(|_| returns) {
            result["document"] = json!({ "text": text_of(document) });
        }
        result
    };
    let results: Vec<Value> = ranked(body)?.into_iter().map(result).collect();
    let tokens: usize = documents.iter().chain(body.get("query")).map(|text| count(&text_of(text))).sum();
    Ok(Answer::Whole(json!({
        "model": body.get("model"),
        "object": "list",
        "usage": { "total_tokens": tokens },
        "results": results,
    })))
}

/// The documents' places with their scores, best first, as many as are wanted.
fn ranked(body: &Value) -> Result<Vec<(usize, f64)>, Refusal> {
    let documents = list(body, "documents");
    let query = body.get("query").and_then(Value::as_str);
    let query = query.ok_or_else(|| Refusal::field("query", "invalid request: query is required"))?;
    if documents.is_empty() {
        return Err(Refusal::field("documents", "invalid request: list of documents must not be empty"));
    }
    let scores = documents.iter().map(|document| score(query, &text_of(document)));
    let mut ranked: Vec<(usize, f64)> = scores.enumerate().collect();
    ranked.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    ranked.truncate(limit(body, &["top_n"]).unwrap_or(usize::MAX));
    Ok(ranked)
}

/// From 0 to 1: how many of the question's words the document has.
fn score(query: &str, document: &str) -> f64 {
    let words = |text: &str| -> Vec<String> {
        text.split(|letter: char| !letter.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect()
    };
    let (wanted, found) = (words(query), words(document));
    let shared = wanted.iter().filter(|word| found.contains(word)).count();
    // No text of a test has so many words that the quotient would not be exact enough.
    let fraction = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    fraction(shared) / fraction(wanted.len().max(1))
}

/// The text of an input: itself, its `text`, or its JSON.
fn text_of(input: &Value) -> String {
    let text = input.as_str().or_else(|| input.get("text")?.as_str());
    text.map_or_else(|| input.to_string(), str::to_owned)
}

/// A vector in one of Cohere's types.
fn written(vector: &[f32], kind: &str) -> Result<Value, Refusal> {
    match kind {
        "float" => Ok(json!(vector)),
        "base64" => Ok(json!(base64_of(vector))),
        "int8" => Ok(vector.iter().map(|number| json!((number * 127.0).round())).collect()),
        _ => Err(Refusal::field("embedding_types", format!("invalid request: {kind} is not made here"))),
    }
}
