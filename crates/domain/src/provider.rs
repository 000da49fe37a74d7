//! A provider as the data plane sees it: everything about it that can be known before a request is.

use std::sync::Arc;

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderName, HeaderValue};
use secrecy::SecretString;

use crate::endpoint::Endpoint;
use crate::failure::FailureClass;
use crate::name::{CredentialId, ProviderName};
use crate::pattern::Pattern;

/// One provider, compiled from its data file and the operator's configuration.
#[derive(Debug)]
pub struct Provider {
    /// Its name in routes and in `provider/model`.
    pub name: ProviderName,
    /// Where it answers.
    pub base: BaseUrl,
    /// What it serves, by [`Endpoint`] number.
    pub endpoints: [Option<EndpointPath>; Endpoint::ALL.len()],
    /// Headers that are sent unless the client sent its own.
    pub default_headers: Vec<(HeaderName, HeaderValue)>,
    /// Client headers that are passed on.
    pub forward_headers: Vec<HeaderPattern>,
    /// How its errors differ from what their status says; the first match decides.
    pub error_rules: Vec<ErrorRule>,
    /// Where it reports its quotas.
    pub rate_limit_headers: RateLimitHeaders,
    /// The model ids it is known to serve under their bare names.
    pub models: Vec<Pattern>,
    /// Credentials to rotate over; one without a secret for providers that need none.
    pub credentials: Arc<[Credential]>,
    /// How a credential is presented, kept for the credentials that routes bring along.
    pub auth: AuthScheme,
    /// The protocol to its servers.
    pub http_version: HttpVersion,
    /// How it reports usage in a chat stream.
    pub stream_usage: StreamUsage,
}

impl Provider {
    /// The path that serves an endpoint, when it does.
    #[must_use]
    pub fn endpoint(&self, endpoint: Endpoint) -> Option<&EndpointPath> {
        self.endpoints.get(endpoint as usize)?.as_ref()
    }

    /// Whether a bare model name is known to be this provider's.
    #[must_use]
    pub fn knows_model(&self, model: &str) -> bool {
        self.models.iter().any(|pattern| pattern.matches(model))
    }
}

/// Scheme, authority and path prefix (without a trailing slash) of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    /// `http` or `https`.
    pub scheme: Scheme,
    /// Host and port.
    pub authority: Authority,
    /// `""` or `/v1`.
    pub prefix: String,
}

/// Why a text is no base URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a base URL: {why}")]
pub struct BaseUrlProblem {
    /// The text as written.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl BaseUrl {
    /// Reads `https://host[:port][/prefix]`; a query, fragment or user part is refused.
    ///
    /// # Errors
    /// When the text is anything else.
    pub fn parse(text: &str) -> Result<Self, BaseUrlProblem> {
        let problem = |why| BaseUrlProblem { text: text.to_owned(), why };
        let uri: http::Uri = text.parse().map_err(|_| problem("write it as https://host/path"))?;
        if text.contains('#') || uri.query().is_some() {
            return Err(problem("it must have no query and no fragment"));
        }
        let parts = uri.into_parts();
        let scheme = parts.scheme.ok_or_else(|| problem("it must start with http:// or https://"))?;
        if scheme != Scheme::HTTP && scheme != Scheme::HTTPS {
            return Err(problem("it must start with http:// or https://"));
        }
        let authority = parts.authority.ok_or_else(|| problem("it has no host"))?;
        if authority.as_str().contains('@') {
            return Err(problem("put the user and password under `credentials`"));
        }
        let path = parts.path_and_query.map(|path| path.path().trim_end_matches('/').to_owned());
        Ok(Self { scheme, authority, prefix: path.unwrap_or_default() })
    }
}

impl std::fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}://{}{}", self.scheme, self.authority, self.prefix)
    }
}

/// Where an endpoint answers: base path and endpoint path joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndpointPath {
    /// The same for every model.
    Fixed(PathAndQuery),
    /// With the model in it, percent-encoded, between the two texts.
    PerModel {
        /// Up to `{model}`.
        before: String,
        /// From after `{model}`, query included.
        after: String,
    },
}

/// How a credential is presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthScheme {
    /// `authorization: Bearer …`.
    Bearer,
    /// The bare secret in a header of this name.
    Header(HeaderName),
    /// The secret as a query parameter of this name.
    Query(String),
    /// No credential.
    None,
}

/// One credential, ready to be sent.
#[derive(Debug, Clone)]
pub struct Credential {
    /// For logs and health, never the secret.
    pub id: CredentialId,
    /// The secret itself, kept to redact it from texts; `None` where the provider needs none.
    pub secret: Option<SecretString>,
    /// The header that carries it; the value is marked sensitive.
    pub header: Option<(HeaderName, HeaderValue)>,
    /// The query parameter that carries it, as `name=value`, percent-encoded.
    pub query: Option<SecretString>,
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
}

/// One quota of [`RateLimitHeaders`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaHeaders {
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
