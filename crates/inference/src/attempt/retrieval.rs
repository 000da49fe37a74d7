//! A request for vectors or for an order of documents, for a target that does not speak the client's format.

use bytes::Bytes;
use domain::Endpoint;
use domain::route::Target;
use wire::convert::embeddings::{self, EmbeddingClient, EmbeddingProvider};
use wire::convert::rerank::{self, RerankClient, RerankProvider};
use wire::convert::{Loss, Objection};
use wire::json::Value;

use super::Call;
use super::encode::{Draft, prefixed};
use super::failed::FailedAttempt;
use super::interpreter::Interpreter;
use super::place::Place;
use super::translate::{client_context, client_request, not_served, refused, strictness, translated};
use crate::dialect::{EMBEDDINGS, RERANKING, embedding_client, rerank_client};

/// A request in a provider's format.
struct Translated<'t> {
    place: Place<'t>,
    bodies: Vec<Vec<u8>>,
    losses: Vec<Loss>,
    interpreter: Interpreter,
}

/// What is to be translated, and for whom.
struct Asked<'r, 't> {
    call: &'r Call,
    target: &'t Target,
    model: &'r str,
    request: &'r Value<'r>,
}

/// Translates the request into the format of the target that loses least of it.
///
/// # Errors
/// When the target speaks no format of its kind, or the request is wrong or cannot be carried.
pub(super) fn draft<'t>(call: &Call, target: &'t Target, model: &str) -> Result<Draft<'t>, FailedAttempt> {
    let request = client_request(call, target)?;
    let request = Value::parse(&request).map_err(|error| refused("", &error.to_string()))?;
    let asked = Asked { call, target, model, request: &request };
    let tried = match (embedding_client(call.endpoint), rerank_client(call.endpoint)) {
        (Some(client), _) => {
            asked.each(&EMBEDDINGS, |format, place| asked.embeddings((client, format), place))
        }
        (None, Some(client)) => asked.each(&RERANKING, |format, place| asked.order((client, format), place)),
        (None, None) => Vec::new(),
    };
    let Translated { place, bodies, losses, interpreter } = least_lost(tried)
        .ok_or_else(|| not_served(&target.provider, call))?
        .map_err(|objection| refused(&objection.path, &objection.message))?;
    let mut bodies = bodies.into_iter().map(Bytes::from);
    let body = bodies.next().ok_or_else(|| not_served(&target.provider, call))?;
    translated(place, (body, bodies), &losses, interpreter)
}

/// The translation that loses least, the first of several; where none can be made, what the first objects to.
fn least_lost(tried: Vec<Result<Translated<'_>, Objection>>) -> Option<Result<Translated<'_>, Objection>> {
    let cost = |tried: &Result<Translated<'_>, Objection>| match tried {
        Ok(translated) => translated.losses.len(),
        Err(_) => usize::MAX,
    };
    tried.into_iter().min_by_key(cost)
}

impl<'t> Asked<'_, 't> {
    /// A translation into each of the formats that the target speaks for the model.
    fn each<F: Copy>(
        &self,
        formats: &[(Endpoint, F)],
        translate: impl Fn(F, Place<'t>) -> Result<Translated<'t>, Objection>,
    ) -> Vec<Result<Translated<'t>, Objection>> {
        let place = |endpoint| Place::of(&self.target.provider, endpoint, self.model, false);
        let spoken = formats.iter().filter_map(|(endpoint, format)| Some((*format, place(*endpoint)?)));
        spoken.map(|(format, place)| translate(format, place)).collect()
    }

    fn embeddings(
        &self,
        pair: (EmbeddingClient, EmbeddingProvider),
        place: Place<'t>,
    ) -> Result<Translated<'t>, Objection> {
        let model = prefixed(place.offer, self.model);
        let strictness = strictness(self.target);
        let context = client_context(self.call, self.model);
        let mut translation = embeddings::translate(self.request, pair, &model, strictness, context)?;
        Ok(Translated {
            place,
            bodies: std::mem::take(&mut translation.bodies),
            losses: std::mem::take(&mut translation.losses),
            interpreter: Interpreter::Embeddings(Box::new(translation)),
        })
    }

    fn order(
        &self,
        pair: (RerankClient, RerankProvider),
        place: Place<'t>,
    ) -> Result<Translated<'t>, Objection> {
        let model = prefixed(place.offer, self.model);
        let strictness = strictness(self.target);
        let context = client_context(self.call, self.model);
        let mut translation = rerank::translate(self.request, pair, &model, strictness, context)?;
        Ok(Translated {
            place,
            bodies: vec![std::mem::take(&mut translation.body)],
            losses: std::mem::take(&mut translation.losses),
            interpreter: Interpreter::Reranking(Box::new(translation)),
        })
    }
}
