//! Which operations a provider offers, where, and how a request has to be changed for them.

use http::uri::PathAndQuery;

use crate::credential::AuthScheme;
use crate::endpoint::Endpoint;
use crate::pattern::Pattern;

/// Operations with their paths, and what their requests need.
#[derive(Debug)]
pub struct Offer {
    /// By [`Endpoint`] number.
    pub paths: [Option<EndpointPath>; Endpoint::ALL.len()],
    /// Where streams are asked for, when that is elsewhere.
    pub streamed: Vec<(Endpoint, EndpointPath)>,
    /// Where an answer is asked for that was not there at once.
    pub results: Vec<(Endpoint, EndpointPath)>,
    /// How the body has to be changed.
    pub body: BodyEdits,
    /// Where a secret goes, when that is elsewhere than for the rest of the provider.
    pub auth: Option<AuthScheme>,
}

impl Default for Offer {
    /// Nothing.
    fn default() -> Self {
        let paths = std::array::from_fn(|_| None);
        Self { paths, streamed: Vec::new(), results: Vec::new(), body: BodyEdits::default(), auth: None }
    }
}

impl Offer {
    /// Whether an operation is offered.
    #[must_use]
    pub fn has(&self, endpoint: Endpoint) -> bool {
        self.path(endpoint, false).is_some()
    }

    /// The path that serves an operation, when there is one.
    #[must_use]
    pub fn path(&self, endpoint: Endpoint, streamed: bool) -> Option<&EndpointPath> {
        let for_streams = self.streamed.iter().find(|(served, _)| streamed && *served == endpoint);
        for_streams.map(|(_, path)| path).or(self.paths.get(endpoint as usize)?.as_ref())
    }

    /// Where an answer of an operation is asked for that was not there at once.
    #[must_use]
    pub fn result_path(&self, endpoint: Endpoint) -> Option<&EndpointPath> {
        self.results.iter().find(|(served, _)| *served == endpoint).map(|(_, path)| path)
    }
}

/// What is offered for some models of a provider in place of what it offers for all.
#[derive(Debug)]
pub struct Variant {
    /// The models.
    pub models: Vec<Pattern>,
    /// What is offered for them.
    pub offer: Offer,
}

impl Variant {
    /// Whether a model is one of these.
    #[must_use]
    pub fn has_model(&self, model: &str) -> bool {
        self.models.iter().any(|pattern| pattern.matches(model))
    }
}

/// How a JSON body has to be changed for a provider, before a route's own changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BodyEdits {
    /// What the provider wants before the name of every model: `google/`.
    pub model_prefix: Option<String>,
    /// Member and raw JSON, set whatever the client sent.
    pub set: Vec<(String, Vec<u8>)>,
    /// Members that are removed.
    pub remove: Vec<String>,
}

/// Where an endpoint answers: base path and endpoint path joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndpointPath {
    /// The same for every model.
    Fixed(PathAndQuery),
    /// With the model in it, the voice of speech or the id of a result, percent-encoded, between the two texts.
    PerModel {
        /// Up to `{model}`, `{model_path}`, `{voice}` or `{id}`.
        before: String,
        /// From after it, query included.
        after: String,
        /// What becomes of slashes.
        slashes: Slashes,
    },
}

/// What becomes of the slashes of a name in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slashes {
    /// They are encoded, so that the name is one segment.
    Encoded,
    /// They part the name into segments.
    Kept,
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, EndpointPath, Offer};

    fn path(text: &'static str) -> EndpointPath {
        EndpointPath::Fixed(http::uri::PathAndQuery::from_static(text))
    }

    #[test]
    fn a_stream_is_asked_for_where_streams_are_or_else_where_everything_is() {
        let mut offer = Offer::default();
        offer.paths[Endpoint::Messages as usize] = Some(path("/whole"));
        assert_eq!(offer.path(Endpoint::Messages, true), Some(&path("/whole")));
        offer.streamed.push((Endpoint::Messages, path("/stream")));
        assert_eq!(offer.path(Endpoint::Messages, true), Some(&path("/stream")));
        assert_eq!(offer.path(Endpoint::Messages, false), Some(&path("/whole")));
        assert!(!offer.has(Endpoint::Responses));
    }
}
