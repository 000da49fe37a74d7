//! A provider as the data plane sees it: everything about it that can be known before a request is.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};

use crate::endpoint::Endpoint;
use crate::failure::FailureClass;
use crate::name::{ProviderName, RegionName};
use crate::pattern::Pattern;
use crate::quota::{Counted, Quota, QuotaRule};

pub use crate::base_url::{BaseUrl, BaseUrlProblem};
pub use crate::credential::{AuthScheme, Credential, Proof};
pub use crate::offer::{BodyEdits, EndpointPath, Offer, Slashes, Variant};
pub use crate::prefill::Prefill;

/// One provider, compiled from its data file and the operator's configuration.
#[derive(Debug)]
pub struct Provider {
    /// Its name in routes and in `provider/model`.
    pub name: ProviderName,
    /// Where it answers.
    pub base: BaseUrl,
    /// What it serves.
    pub offer: Offer,
    /// Models that are served elsewhere or otherwise; the first that has the model and the operation decides.
    pub variants: Vec<Variant>,
    /// Headers that are sent unless the client sent its own.
    pub default_headers: Vec<(HeaderName, HeaderValue)>,
    /// Client headers that are passed on.
    pub forward_headers: Vec<HeaderPattern>,
    /// How its errors differ from what their status says; the first match decides.
    pub error_rules: Vec<ErrorRule>,
    /// Where it reports its quotas.
    pub rate_limit_headers: RateLimitHeaders,
    /// What each of its accounts may use; the first that has the model decides.
    pub quotas: Vec<QuotaRule>,
    /// The model ids it is known to serve under their bare names.
    pub models: Vec<Pattern>,
    /// Credentials to rotate over; one without a secret for providers that need none.
    pub credentials: Arc<[Credential]>,
    /// How a credential is presented, kept for the credentials that routes bring along.
    pub auth: AuthScheme,
    /// The protocol to its servers.
    pub http_version: HttpVersion,
    /// Where it serves, as far as anybody said so.
    pub region: Option<RegionName>,
    /// How it reports usage in a chat stream.
    pub stream_usage: StreamUsage,
    /// How its chat completions differ from what most providers take.
    pub chat: ChatHabits,
    /// Which of its models go on with a text that they are given, and how they are asked to.
    pub prefills: Vec<Prefill>,
    /// How it keeps the beginnings of prompts.
    pub prompt_cache: PromptCache,
}

impl Provider {
    /// How an operation is served for a model, when it is.
    #[must_use]
    pub fn offer(&self, endpoint: Endpoint, model: &str) -> Option<&Offer> {
        let variants = self.variants.iter().filter(|variant| variant.has_model(model));
        variants.map(|variant| &variant.offer).chain([&self.offer]).find(|offer| offer.has(endpoint))
    }

    /// Whether an operation is served for any model.
    #[must_use]
    pub fn serves(&self, endpoint: Endpoint) -> bool {
        self.offer.has(endpoint) || self.variants.iter().any(|variant| variant.offer.has(endpoint))
    }

    /// What each account may use of a model, as far as anybody said so.
    #[must_use]
    pub fn quota(&self, model: &str) -> Option<&Arc<Quota>> {
        let has_model = |rule: &&QuotaRule| rule.models.iter().any(|pattern| pattern.matches(model));
        self.quotas.iter().find(has_model).map(|rule| &rule.quota)
    }

    /// How a model is asked for an operation to go on with a text; none where it does not.
    #[must_use]
    pub fn prefill(&self, endpoint: Endpoint, model: &str) -> Option<&Prefill> {
        let has_model = |prefill: &Prefill| prefill.models.iter().any(|pattern| pattern.matches(model));
        self.prefills.iter().find(|prefill| prefill.endpoint == endpoint && has_model(prefill))
    }

    /// Whether a bare model name is known to be this provider's.
    #[must_use]
    pub fn knows_model(&self, model: &str) -> bool {
        self.models.iter().any(|pattern| pattern.matches(model))
    }
}

/// A header name, or a prefix ending in `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderPattern {
    /// This header.
    Exact(HeaderName),
    /// Every header that starts so (lower case).
    Prefix(String),
}

impl HeaderPattern {
    /// Whether a header is meant.
    #[must_use]
    pub fn matches(&self, name: &HeaderName) -> bool {
        match self {
            Self::Exact(exact) => exact == name,
            Self::Prefix(prefix) => name.as_str().starts_with(prefix.as_str()),
        }
    }
}

/// One way in which a provider's errors mean something else than their status says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorRule {
    /// Only answers with this status; any when absent.
    pub status: Option<u16>,
    /// Only when the error's `type` or `code` is this text; any when absent.
    pub code: Option<String>,
    /// Only when the error's message contains this text; any when absent.
    pub message_contains: Option<String>,
    /// What it means.
    pub class: FailureClass,
}

/// The headers in which a provider reports a quota and when it is full again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RateLimitHeaders {
    /// Pairs of (remaining, reset): when `remaining` is 0, `reset` tells how long to wait.
    pub quotas: Vec<QuotaHeaders>,
    /// Those with how much of the whole is in use, in percent; the highest figure counts.
    pub utilizations: Vec<HeaderName>,
}

/// One quota of [`RateLimitHeaders`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaHeaders {
    /// What it counts; absent where that is nothing that requests can be shaped by.
    pub counted: Option<Counted>,
    /// The header with how much there is when it is full.
    pub limit: Option<HeaderName>,
    /// The header with what remains.
    pub remaining: HeaderName,
    /// The header with the time at which the quota is full again: a duration (`6m0s`, `20ms`), seconds, or an
    /// RFC 3339 time.
    pub reset: HeaderName,
}

/// The protocol used to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum HttpVersion {
    /// HTTP/1.1 with a keep-alive pool: one slow stream never holds up another.
    #[default]
    Http1,
    /// HTTP/2 over several connections.
    Http2,
}

/// How a provider's chat completions differ from what most providers take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChatHabits {
    /// Takes OpenAI's newer words: `max_completion_tokens`, the role `developer`; and no `top_k`.
    pub of_openai: bool,
    /// Asks for thinking by `reasoning` and gives it back as `reasoning_details`, as OpenRouter defined them.
    pub reasoning_details: bool,
}

/// How a provider keeps the beginnings of prompts, so that the next request that begins alike is cheaper and faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromptCache {
    /// Shorter beginnings are not kept.
    pub tokens_min: u32,
    /// How long a beginning is kept that is not asked for.
    pub lifetime: Duration,
}

impl Default for PromptCache {
    /// What OpenAI and Anthropic have in common (OpenAI, "Prompt caching"; Anthropic, "Prompt caching", "Cache limitations").
    fn default() -> Self {
        Self { tokens_min: 1024, lifetime: Duration::from_secs(300) }
    }
}

/// How a provider reports token usage in an OpenAI chat stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StreamUsage {
    /// Only when asked by `stream_options.include_usage`.
    #[default]
    OnRequest,
    /// Without being asked; `stream_options` is left alone.
    Always,
    /// Never; `stream_options` is left alone.
    Never,
}
