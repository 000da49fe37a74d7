//! The list of models in OpenAI's shape, in Anthropic's and in Google's.

use domain::endpoint::ClientShape;
use serde_json::{Value, json};

use super::behaviour::Behaviour;
use super::failure::Refusal;
use super::fingerprint::{CREATED_RFC3339, CREATED_SECONDS};
use super::frames::Answer;

/// What a model takes and gives, in tokens. The script counts, but holds nobody to it.
const INPUT_TOKENS_MAX: u64 = 1_048_576;
const OUTPUT_TOKENS_MAX: u64 = 65_536;

/// Answers `GET /v1/models`.
pub(super) fn list(shape: ClientShape) -> Answer {
    let models: Vec<Value> = Behaviour::all().map(|behaviour| model(behaviour.model_name(), shape)).collect();
    Answer::Whole(match shape {
        ClientShape::Google => json!({ "models": models }),
        ClientShape::OpenAi | ClientShape::Amazon | ClientShape::Cohere | ClientShape::Voyage => {
            json!({ "object": "list", "data": models })
        }
        ClientShape::Anthropic => {
            let id = |model: Option<&Value>| model.and_then(|model| model.get("id")).cloned();
            json!({
                "first_id": id(models.first()),
                "last_id": id(models.last()),
                "has_more": false,
                "data": models,
            })
        }
    })
}

/// Answers `GET /v1/models/{id}`.
pub(super) fn get(name: &str, shape: ClientShape) -> Result<Answer, Refusal> {
    let known = Behaviour::all().any(|behaviour| behaviour.model_name() == name);
    if known {
        Ok(Answer::Whole(model(name, shape)))
    } else {
        Err(Refusal {
            code: Some("model_not_found"),
            param: Some("model"),
            ..Refusal::missing(format!("The model '{name}' does not exist"))
        })
    }
}

fn model(name: &str, shape: ClientShape) -> Value {
    match shape {
        ClientShape::Google => json!({
            "name": format!("models/{name}"),
            "version": "001",
            "displayName": name,
            "inputTokenLimit": INPUT_TOKENS_MAX,
            "outputTokenLimit": OUTPUT_TOKENS_MAX,
            "supportedGenerationMethods": ["generateContent", "countTokens"],
        }),
        ClientShape::OpenAi | ClientShape::Amazon | ClientShape::Cohere | ClientShape::Voyage => {
            json!({ "id": name, "object": "model", "created": CREATED_SECONDS, "owned_by": super::NAME })
        }
        ClientShape::Anthropic => {
            json!({
                "type": "model",
                "id": name,
                "display_name": name,
                "created_at": CREATED_RFC3339,
                "lifecycle": "active",
            })
        }
    }
}
