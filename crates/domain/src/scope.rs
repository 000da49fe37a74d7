//! What may be used: patterns over the names of models, providers, regions and endpoints. Keys have a scope, and workspaces.

use crate::endpoint::Endpoint;
use crate::name::RegionName;
use crate::pattern::Pattern;

/// What may be used. An empty list permits nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Models and routes: patterns over route names, `provider/model` and bare model names.
    pub models: Vec<Pattern>,
    /// Providers, however they are named.
    pub providers: Vec<Pattern>,
    /// Where requests may be served. Only a pattern that matches everything matches a place that nobody named.
    pub regions: Vec<Pattern>,
    /// Endpoints, by name.
    pub endpoints: Vec<Pattern>,
}

impl Default for Scope {
    /// Everything.
    fn default() -> Self {
        let any = || vec![Pattern::any()];
        Self { models: any(), providers: any(), regions: any(), endpoints: any() }
    }
}

impl Scope {
    /// Whether a provider may be reached.
    #[must_use]
    pub fn allows_provider(&self, provider: &str) -> bool {
        any_matches(&self.providers, provider)
    }

    /// Whether requests may be served in a region, or in one that nobody named.
    #[must_use]
    pub fn allows_region(&self, region: Option<&RegionName>) -> bool {
        any_matches(&self.regions, region.map_or("", RegionName::as_str))
    }

    /// Whether an endpoint may be called.
    #[must_use]
    pub fn allows_endpoint(&self, endpoint: Endpoint) -> bool {
        any_matches(&self.endpoints, endpoint.name())
    }

    /// Whether this model or route may be named.
    #[must_use]
    pub fn allows_name(&self, name: &str) -> bool {
        any_matches(&self.models, name)
    }

    /// Whether a provider's model may be used. A pattern with a slash speaks of `provider/model`, one without of the
    /// bare name: `openai/*` is all of OpenAI's, and not `openai/gpt-oss-120b` at another provider.
    #[must_use]
    pub fn allows_model(&self, provider: &str, model: &str) -> bool {
        let permits = |pattern: &Pattern| match pattern.as_str().contains('/') {
            true => pattern.matches(&format!("{provider}/{model}")),
            false => pattern.matches(model),
        };
        self.allows_provider(provider) && self.models.iter().any(permits)
    }
}

fn any_matches(patterns: &[Pattern], name: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(name))
}

#[cfg(test)]
mod tests {
    use super::{Pattern, Scope};

    #[test]
    fn a_model_is_allowed_by_full_or_bare_name_but_never_past_the_provider_list() {
        let scope = |models: &[&str], providers: &[&str]| Scope {
            models: models.iter().copied().map(Pattern::from).collect(),
            providers: providers.iter().copied().map(Pattern::from).collect(),
            ..Scope::default()
        };
        assert!(scope(&["openai/*"], &["*"]).allows_model("openai", "gpt-4o"));
        assert!(scope(&["gpt-*"], &["*"]).allows_model("azure", "gpt-4o"));
        assert!(!scope(&["openai/*"], &["*"]).allows_model("groq", "llama"));
        assert!(!scope(&["openai/*"], &["*"]).allows_model("groq", "openai/gpt-oss-120b"));
        assert!(scope(&["groq/openai/*"], &["*"]).allows_model("groq", "openai/gpt-oss-120b"));
        assert!(scope(&["*/openai/*"], &["*"]).allows_model("groq", "openai/gpt-oss-120b"));
        assert!(!scope(&["*"], &["groq"]).allows_model("openai", "gpt-4o"));
    }
}
