//! What keys and workspaces may use, from the patterns that are written for them.

use domain::{Endpoint, Pattern, Scope};
use engine::route::near;

use super::Problems;
use crate::path::Path;

/// The patterns as they are written; everything where nothing is.
pub(super) struct Permitted<'a> {
    pub(super) models: Option<&'a [String]>,
    pub(super) providers: Option<&'a [String]>,
    pub(super) regions: Option<&'a [String]>,
    pub(super) endpoints: Option<&'a [String]>,
}

pub(super) fn scope(permitted: &Permitted<'_>, path: &Path, problems: &mut Problems) -> Scope {
    for (index, name) in permitted.endpoints.unwrap_or_default().iter().enumerate() {
        if Pattern::from(name.as_str()).is_exact() && !name.is_empty() && Endpoint::named(name).is_none() {
            let suggestion = near::suggestion(name, Endpoint::ALL.into_iter().map(Endpoint::name));
            let message = format!("there is no endpoint `{name}`{suggestion}");
            problems.push((path.key("endpoints").index(index), message));
        }
    }
    let mut patterns = |key: &str, texts: Option<&[String]>| patterns(texts, &path.key(key), problems);
    Scope {
        models: patterns("models", permitted.models),
        providers: patterns("providers", permitted.providers),
        regions: patterns("regions", permitted.regions),
        endpoints: patterns("endpoints", permitted.endpoints),
    }
}

/// Everything when nothing is written; nothing when an empty list is.
fn patterns(texts: Option<&[String]>, path: &Path, problems: &mut Problems) -> Vec<Pattern> {
    let Some(texts) = texts else { return vec![Pattern::any()] };
    for (index, _) in texts.iter().enumerate().filter(|(_, text)| text.is_empty()) {
        problems.push((path.index(index), "the pattern is empty; write `*` for everything".to_owned()));
    }
    texts.iter().map(|text| Pattern::from(text.as_str())).collect()
}
