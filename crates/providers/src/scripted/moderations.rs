//! OpenAI moderations (`platform.openai.com/docs/api-reference/moderations`): a text is flagged when it asks for it.

use serde_json::{Map, Value, json};

use super::conversation::Content;
use super::failure::Refusal;
use super::fingerprint::Fingerprint;
use super::frames::Answer;

/// Words that get a text flagged as harassment.
const FLAG_WORDS: &str = "flag this";

/// Every category, and whether it applies to images too.
const CATEGORIES: [(&str, bool); 13] = [
    ("harassment", false),
    ("harassment/threatening", false),
    ("hate", false),
    ("hate/threatening", false),
    ("illicit", false),
    ("illicit/violent", false),
    ("self-harm", true),
    ("self-harm/instructions", true),
    ("self-harm/intent", true),
    ("sexual", true),
    ("sexual/minors", false),
    ("violence", true),
    ("violence/graphic", true),
];

/// Answers a request.
pub(super) fn answer(body: &Value, fingerprint: Fingerprint) -> Result<Answer, Refusal> {
    let results: Vec<Value> = match body.get("input") {
        Some(Value::Array(list)) if list.iter().all(Value::is_string) => list.iter().map(result).collect(),
        Some(input @ (Value::String(_) | Value::Array(_))) => vec![result(input)],
        _ => return Err(Refusal::field("input", "`input` must be a text or a list")),
    };
    Ok(Answer::Whole(json!({
        "id": fingerprint.id("modr-", 0),
        "model": body.get("model").cloned().unwrap_or(json!("omni-moderation-latest")),
        "results": results,
    })))
}

fn result(input: &Value) -> Value {
    let content = Content::read(input);
    let flagged = content.text.to_lowercase().contains(FLAG_WORDS);
    let by_category = |value: &dyn Fn(bool, bool) -> Value| -> Map<String, Value> {
        let entry = |(name, images): (&str, bool)| {
            (name.to_owned(), value(flagged && name == "harassment", images && content.images > 0))
        };
        CATEGORIES.into_iter().map(entry).collect()
    };
    json!({
        "flagged": flagged,
        "categories": by_category(&|hit, _| json!(hit)),
        "category_scores": by_category(&|hit, _| json!(if hit { 0.99 } else { 0.01 })),
        "category_applied_input_types": by_category(&|_, images| {
            if images { json!(["text", "image"]) } else { json!(["text"]) }
        }),
    })
}
