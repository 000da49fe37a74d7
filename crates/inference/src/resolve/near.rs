//! The answer to a name that means nothing: with the names that come close, among those the key may use.

use domain::{ApiKey, ErrorCode, Snapshot};

use super::shows_some;
use crate::refusal::Refusal;

/// How alike a name must be to be suggested, from 0 (nothing in common) to 1 (the same).
const ALIKE_MIN: f64 = 0.8;
const SUGGESTIONS_MAX: usize = 3;

/// 404 for `name`.
pub(crate) fn unknown(snapshot: &Snapshot, name: &str, key: &ApiKey) -> Refusal {
    let shown: String = name.chars().take(200).collect();
    let candidates = candidates(snapshot, key);
    let near = suggestions(&candidates, name);
    let hint = if near.is_empty() {
        "name a saved route, `provider/model`, or a model that GET /v1/models lists".to_owned()
    } else {
        format!(
            "did you mean {}?",
            near.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
        )
    };
    Refusal::new(ErrorCode::ModelNotFound, format!("no route, provider or model is called `{shown}`; {hint}"))
        .with_param("model")
}

fn candidates(snapshot: &Snapshot, key: &ApiKey) -> Vec<String> {
    let routes = snapshot
        .routes
        .iter()
        .filter(|(name, route)| key.allows_name(name.as_str()) && shows_some(route, key));
    let routes = routes.map(|(name, _)| name.to_string());
    let visible = snapshot.providers.iter().filter(|provider| !key.cannot_see(provider.name.as_str()));
    let models = visible.flat_map(|provider| {
        let known = provider.models.iter().filter(|pattern| pattern.is_exact());
        let allowed = known.filter(|model| key.allows_model(provider.name.as_str(), model.as_str()));
        allowed.flat_map(|model| [model.as_str().to_owned(), format!("{}/{}", provider.name, model.as_str())])
    });
    routes.chain(models).collect()
}

fn suggestions<'a>(candidates: &'a [String], name: &str) -> Vec<&'a str> {
    let mut scored: Vec<(f64, &str)> = candidates
        .iter()
        .map(|candidate| (strsim::jaro_winkler(candidate, name), candidate.as_str()))
        .collect();
    scored.retain(|(alike, _)| *alike >= ALIKE_MIN);
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.dedup_by(|a, b| a.1 == b.1);
    scored.into_iter().take(SUGGESTIONS_MAX).map(|(_, name)| name).collect()
}
