//! `GET /v1/models` and `/v1/models/{id}`: what this key may name, in the client's shape.

mod entry;
mod page;

use std::collections::BTreeMap;

use domain::endpoint::ClientShape;
use domain::{ApiKey, Provider, ProviderName, Snapshot};
use engine::route::look_up_among;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::answer::{AnswerBody, json_response};
use crate::pinned::Pinned;
use crate::refusal::Refusal;
use crate::resolve::{bound_name, may_use, unknown_model};
use page::Page;

/// Who a saved route belongs to.
const TOLLGATE: &str = "tollgate";

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands<'a> {
    /// A saved route.
    Route,
    /// A provider's model, by its name there.
    Model(&'a ProviderName, &'a str),
}

impl Stands<'_> {
    fn owner(&self) -> &str {
        match self {
            Self::Route => TOLLGATE,
            Self::Model(provider, _) => provider.as_str(),
        }
    }
}

/// The list, or the page of it that the query asks for.
///
/// # Errors
/// 400 when the query is wrong.
pub(crate) fn list(
    pinned: &Pinned,
    key: &ApiKey,
    shape: ClientShape,
    query: Option<&str>,
) -> Result<Response<AnswerBody>, Refusal> {
    let names = names(&pinned.snapshot, key);
    let Page { names, next } = page::of(&names, shape, query.unwrap_or_default())?;
    let entry = |(name, stands): &(&str, Stands<'_>)| entry::of(name, *stands, &pinned.models, shape);
    let models: Vec<Value> = names.iter().map(entry).collect();
    let mut body = match shape {
        ClientShape::OpenAi | ClientShape::Voyage => json!({"object": "list", "data": models}),
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
    if let Some((member, token)) = next {
        body[member] = json!(token);
    }
    Ok(json_response(StatusCode::OK, body.to_string().into_bytes()))
}

/// One entry, for any name that a request could use.
///
/// # Errors
/// 404 with near names.
pub(crate) fn get(
    pinned: &Pinned,
    key: &ApiKey,
    name: &str,
    shape: ClientShape,
) -> Result<Response<AnswerBody>, Refusal> {
    bound_name(name)?;
    let stands =
        stands(&pinned.snapshot, key, name).ok_or_else(|| unknown_model(&pinned.snapshot, name, key))?;
    let body = entry::of(name, stands, &pinned.models, shape);
    Ok(json_response(StatusCode::OK, body.to_string().into_bytes()))
}

/// What a name stands for, listed or not.
fn stands<'a>(snapshot: &'a Snapshot, key: &ApiKey, name: &'a str) -> Option<Stands<'a>> {
    let listed = names(snapshot, key).remove(name);
    listed.or_else(|| {
        let is_there = |provider: &Provider| !key.cannot_see(provider.name.as_str());
        let (provider, model) = look_up_among(snapshot, domain::Endpoint::ChatCompletions, name, &is_there)?;
        let allowed = key.allows_model(provider.name.as_str(), model);
        allowed.then_some(Stands::Model(&provider.name, model))
    })
}

/// Names and what they stand for: saved routes, and each known model by its full name and, where no other provider comes
/// first, by its bare one.
fn names<'a>(snapshot: &'a Snapshot, key: &ApiKey) -> BTreeMap<String, Stands<'a>> {
    let mut names = BTreeMap::new();
    for provider in snapshot.providers.iter().filter(|provider| !key.cannot_see(provider.name.as_str())) {
        for model in
            provider.models.iter().filter(|pattern| pattern.is_exact()).map(|pattern| pattern.as_str())
        {
            if key.allows_model(provider.name.as_str(), model) {
                let stands = Stands::Model(&provider.name, model);
                names.insert(format!("{}/{model}", provider.name), stands);
                names.entry(model.to_owned()).or_insert(stands);
            }
        }
    }
    let routes = snapshot.routes.iter().filter(|(name, route)| may_use(route, name.as_str(), key));
    names.extend(routes.map(|(name, _)| (name.to_string(), Stands::Route)));
    names
}

#[cfg(test)]
mod tests {
    use super::{Stands, names, stands};
    use crate::resolve::tests::{key, snapshot};

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
        let snapshot = snapshot();
        let names = names(&snapshot, &key(&["*"], &["p", "q"]));
        let owner = |name: &str| names[name].owner();
        assert_eq!((owner("beta"), owner("q/beta"), owner("fast")), ("p", "q", "tollgate"));
        assert_eq!(names["fast"], Stands::Route);
    }

    #[test]
    fn any_name_that_a_request_could_use_is_found_and_no_other() {
        let snapshot = snapshot();
        let is_found = |name: &str, models: &[&str]| stands(&snapshot, &key(models, &["*"]), name).is_some();
        for name in ["fast", "beta", "q/unheard-of", "x-7"] {
            assert!(is_found(name, &["*"]), "{name}");
        }
        assert!(!is_found("nobody", &["*"]) && !is_found("alpha", &["fast"]));
    }
}
