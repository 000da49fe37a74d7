//! `GET /v1/models` and `/v1/models/{id}`: what this key may name, in the client's shape.

use std::collections::BTreeMap;

use domain::endpoint::ClientShape;
use domain::{ApiKey, Snapshot};
use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::answer::AnswerBody;
use crate::refusal::{Refusal, json_response};
use crate::resolve::{bound_name, look_up, unknown_model};

/// Neither shape knows "unknown"; both SDKs need a number and a date.
const CREATED_UNKNOWN: u64 = 0;
const CREATED_AT_UNKNOWN: &str = "1970-01-01T00:00:00Z";

/// The list.
pub(crate) fn list(snapshot: &Snapshot, key: &ApiKey, shape: ClientShape) -> Response<AnswerBody> {
    let models: Vec<Value> =
        names(snapshot, key).iter().map(|(name, owner)| entry(name, owner, shape)).collect();
    let body = match shape {
        ClientShape::OpenAi => json!({"object": "list", "data": models}),
        ClientShape::Google | ClientShape::Cohere => json!({"models": models}),
        ClientShape::Amazon => json!({"modelSummaries": models}),
        ClientShape::Anthropic => {
            let id = |model: Option<&Value>| {
                model.and_then(|model| model.get("id")).cloned().unwrap_or(Value::Null)
            };
            let (first, last) = (id(models.first()), id(models.last()));
            json!({"data": models, "has_more": false, "first_id": first, "last_id": last})
        }
    };
    json_response(StatusCode::OK, body.to_string().into_bytes())
}

/// One entry, for any name that a request could use.
///
/// # Errors
/// 404 with near names.
pub(crate) fn get(
    snapshot: &Snapshot,
    key: &ApiKey,
    name: &str,
    shape: ClientShape,
) -> Result<Response<AnswerBody>, Refusal> {
    bound_name(name)?;
    let listed = names(snapshot, key).remove(name);
    let owner = listed.or_else(|| {
        let (provider, model) = look_up(snapshot, domain::Endpoint::ChatCompletions, name)?;
        let allowed = key.allows_model(provider.name.as_str(), model);
        allowed.then(|| provider.name.to_string())
    });
    match owner {
        Some(owner) => Ok(json_response(StatusCode::OK, entry(name, &owner, shape).to_string().into_bytes())),
        None => Err(unknown_model(snapshot, name, key)),
    }
}

/// Names and who serves them: saved routes, and each known model by its full name and, where no other provider comes
/// first, by its bare one.
fn names(snapshot: &Snapshot, key: &ApiKey) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for provider in &snapshot.providers {
        for model in
            provider.models.iter().filter(|pattern| pattern.is_exact()).map(|pattern| pattern.as_str())
        {
            if key.allows_model(provider.name.as_str(), model) {
                names.insert(format!("{}/{model}", provider.name), provider.name.to_string());
                names.entry(model.to_owned()).or_insert_with(|| provider.name.to_string());
            }
        }
    }
    let routes = snapshot.routes.keys().filter(|route| key.allows_name(route.as_str()));
    names.extend(routes.map(|route| (route.to_string(), "tollgate".to_owned())));
    names
}

fn entry(name: &str, owner: &str, shape: ClientShape) -> Value {
    match shape {
        ClientShape::OpenAi => {
            json!({"id": name, "object": "model", "created": CREATED_UNKNOWN, "owned_by": owner})
        }
        ClientShape::Google => json!({
            "name": format!("models/{name}"), "displayName": name,
            "supportedGenerationMethods": ["generateContent", "streamGenerateContent", "countTokens"],
        }),
        ClientShape::Amazon => json!({"modelId": name, "modelName": name, "providerName": owner}),
        ClientShape::Cohere => json!({"name": name, "endpoints": ["chat"]}),
        ClientShape::Anthropic => {
            json!({"type": "model", "id": name, "display_name": name, "created_at": CREATED_AT_UNKNOWN})
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ClientShape, get, names};
    use crate::resolve::tests::{key, snapshot};
    use domain::ErrorCode;

    #[test]
    fn a_list_holds_routes_and_exact_models_that_the_key_may_use() {
        let listed = |models: &[&str], providers: &[&str]| -> Vec<String> {
            names(&snapshot(), &key(models, providers)).into_keys().collect()
        };
        assert_eq!(
            listed(&["*"], &["p", "q"]),
            ["alpha", "beta", "fast", "org/gamma", "p/alpha", "p/beta", "q/beta", "q/org/gamma"]
        );
        assert_eq!(listed(&["fast"], &["*"]), ["fast"]);
        assert_eq!(listed(&["beta"], &["q"]), ["beta", "q/beta"]);
        assert!(listed(&[], &["*"]).is_empty());
    }

    #[test]
    fn a_bare_name_belongs_to_the_first_provider_that_has_it() {
        let names = names(&snapshot(), &key(&["*"], &["p", "q"]));
        assert_eq!(
            (names["beta"].as_str(), names["q/beta"].as_str(), names["fast"].as_str()),
            ("p", "q", "tollgate")
        );
    }

    #[test]
    fn any_name_that_a_request_could_use_is_found_and_no_other() {
        let code = |name: &str, models: &[&str]| {
            get(&snapshot(), &key(models, &["*"]), name, ClientShape::OpenAi)
                .map(drop)
                .map_err(|refusal| refusal.code)
        };
        for name in ["fast", "beta", "q/unheard-of", "x-7"] {
            assert_eq!(code(name, &["*"]), Ok(()), "{name}");
        }
        assert_eq!(code("nobody", &["*"]), Err(ErrorCode::ModelNotFound));
        assert_eq!(code("alpha", &["fast"]), Err(ErrorCode::ModelNotFound));
        assert_eq!(code(&"y".repeat(600), &["*"]), Err(ErrorCode::ModelNotFound));
    }
}
