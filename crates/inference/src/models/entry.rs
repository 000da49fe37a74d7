//! One model in the words of each vendor's list, with what the catalogue knows of it.

use domain::CatalogModel;
use domain::catalog::{Capability, ModelKind};
use domain::endpoint::ClientShape;
use serde_json::{Map, Value, json};

use super::Stands;
use crate::known_models::KnownModels;

/// Neither shape knows "unknown"; both SDKs need a number and a date.
const CREATED_UNKNOWN: u64 = 0;
const CREATED_AT_UNKNOWN: &str = "1970-01-01T00:00:00Z";

/// The entry of a name.
pub(super) fn of(name: &str, stands: Stands<'_>, models: &KnownModels, shape: ClientShape) -> Value {
    let known = || match stands {
        Stands::Model(provider, model) => models.find(provider, model),
        Stands::Route => None,
    };
    match shape {
        ClientShape::OpenAi | ClientShape::Voyage => {
            json!({"id": name, "object": "model", "created": CREATED_UNKNOWN, "owned_by": stands.owner()})
        }
        ClientShape::Anthropic => {
            json!({"type": "model", "id": name, "display_name": name, "created_at": CREATED_AT_UNKNOWN})
        }
        ClientShape::Amazon => json!({"modelId": name, "modelName": name, "providerName": stands.owner()}),
        ClientShape::Google => google(name, known().as_deref()),
        ClientShape::Cohere => cohere(name, known().as_deref()),
    }
}

/// `Model` (Gemini API reference, "Models"); limits that are not known are left out.
fn google(name: &str, known: Option<&CatalogModel>) -> Value {
    let title = known.and_then(|model| model.title.as_deref()).unwrap_or(name);
    let methods: &[&str] = match kind(known) {
        ModelKind::Chat | ModelKind::Completion => {
            &["generateContent", "streamGenerateContent", "countTokens"]
        }
        ModelKind::Embedding => &["embedContent"],
        _ => &[],
    };
    let mut entry = Map::new();
    entry.insert("name".to_owned(), json!(format!("models/{name}")));
    entry.insert("displayName".to_owned(), json!(title));
    entry.insert("supportedGenerationMethods".to_owned(), json!(methods));
    let mut add = |member: &str, value: Option<Value>| {
        entry.extend(value.map(|value| (member.to_owned(), value)));
    };
    add("inputTokenLimit", known.and_then(|model| model.context_tokens).map(Value::from));
    add("outputTokenLimit", known.and_then(|model| model.output_tokens).map(Value::from));
    let capabilities = known.and_then(|model| model.capabilities.as_ref());
    add("thinking", capabilities.map(|all| all.contains(&Capability::Reasoning).into()));
    Value::Object(entry)
}

/// `GetModelResponse` (Cohere API reference, "List models").
fn cohere(name: &str, known: Option<&CatalogModel>) -> Value {
    let endpoints: &[&str] = match kind(known) {
        ModelKind::Chat | ModelKind::Completion => &["chat"],
        ModelKind::Embedding => &["embed"],
        ModelKind::Rerank => &["rerank"],
        _ => &[],
    };
    let is_deprecated = known.is_some_and(|model| model.deprecation.is_some());
    let mut entry = json!({
        "name": name, "endpoints": endpoints, "finetuned": false, "is_deprecated": is_deprecated,
    });
    if let Some(tokens) = known.and_then(|model| model.context_tokens) {
        entry["context_length"] = json!(tokens);
    }
    entry
}

/// What a model is for: conversation, as far as nothing else is known.
fn kind(known: Option<&CatalogModel>) -> ModelKind {
    known.map_or(ModelKind::Chat, |model| model.kind)
}

#[cfg(test)]
mod tests {
    use super::{Capability, CatalogModel, ModelKind, cohere, google};
    use serde_json::json;

    fn model(kind: ModelKind) -> CatalogModel {
        CatalogModel {
            title: Some("Some Model".to_owned()),
            kind,
            context_tokens: Some(1_048_576),
            output_tokens: Some(65_536),
            capabilities: Some([Capability::Reasoning].into()),
            ..CatalogModel::named("p".into(), "m".into())
        }
    }

    #[test]
    fn googles_clients_see_what_the_catalogue_knows() {
        assert_eq!(
            google("p/m", Some(&model(ModelKind::Chat))),
            json!({
                "name": "models/p/m",
                "displayName": "Some Model",
                "supportedGenerationMethods": ["generateContent", "streamGenerateContent", "countTokens"],
                "inputTokenLimit": 1_048_576,
                "outputTokenLimit": 65_536,
                "thinking": true,
            })
        );
        let unknown = google("fast", None);
        assert_eq!((unknown["displayName"].as_str(), unknown.get("inputTokenLimit")), (Some("fast"), None));
        let vectors = google("v", Some(&model(ModelKind::Embedding)));
        assert_eq!(vectors["supportedGenerationMethods"], json!(["embedContent"]));
    }

    #[test]
    fn coheres_clients_see_what_each_model_is_for() {
        for (kind, endpoints) in [
            (ModelKind::Chat, json!(["chat"])),
            (ModelKind::Embedding, json!(["embed"])),
            (ModelKind::Rerank, json!(["rerank"])),
            (ModelKind::Speech, json!([])),
        ] {
            let entry = cohere("m", Some(&model(kind)));
            assert_eq!(
                (&entry["endpoints"], entry["context_length"].as_u64()),
                (&endpoints, Some(1_048_576))
            );
        }
    }
}
