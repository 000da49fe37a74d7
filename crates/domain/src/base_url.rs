//! Where a provider answers.

use http::uri::{Authority, Scheme};

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
