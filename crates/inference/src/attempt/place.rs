//! Where a target is asked.

use domain::provider::{EndpointPath, Offer};
use domain::{Endpoint, Provider};

/// What a provider offers for a model, and where.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    pub(super) offer: &'p Offer,
    pub(super) path: &'p EndpointPath,
    /// Where an answer is asked for that was not there at once.
    pub(super) result: Option<&'p EndpointPath>,
}

impl<'p> Place<'p> {
    /// Where a provider serves an endpoint for a model, if it does.
    pub(super) fn of(
        provider: &'p Provider,
        endpoint: Endpoint,
        model: &str,
        streamed: bool,
    ) -> Option<Self> {
        let offer = provider.offer(endpoint, model)?;
        Some(Self { offer, path: offer.path(endpoint, streamed)?, result: offer.result_path(endpoint) })
    }

    /// The same, where answers come as they are made, if there is a path of its own for that.
    pub(super) fn streamed(self, endpoint: Endpoint) -> Self {
        Self { path: self.offer.path(endpoint, true).unwrap_or(self.path), ..self }
    }
}
