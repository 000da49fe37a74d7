//! Counting the tokens of a request: by the target's provider where it has something to ask, else by an estimate, for which
//! nobody is called.

use std::sync::Arc;

use bytes::Bytes;
use domain::route::Target;
use domain::{Endpoint, ErrorCode, Provider};
use smallvec::SmallVec;
use wire::convert;
use wire::convert::counting::{self, CountFormat, NotEstimated};
use wire::json::Value;

use super::Call;
use super::encode::{Draft, prefixed, same_format};
use super::failed::FailedAttempt;
use super::interpreter::Interpreter;
use super::place::Place;
use super::translate::{self, chat_members, refused, strictness};
use crate::dialect::{count_endpoint, count_format};

/// The counting request for a target.
///
/// # Errors
/// When the target does not count, or the request is wrong or cannot be carried.
pub(super) fn draft<'t>(call: &Call, target: &'t Target, model: &str) -> Result<Draft<'t>, FailedAttempt> {
    // What Gemini's clients send may name another model inside, and is wrapped in one API and not in the other.
    if call.endpoint != Endpoint::GeminiCountTokens
        && let Some(draft) = same_format(call, target, model)?
    {
        return Ok(draft);
    }
    let provider = &*target.provider;
    let client = count_format(call.endpoint).ok_or_else(|| translate::not_served(provider, call))?;
    let offered: SmallVec<[_; 5]> = offered(provider, model).collect();
    let formats: SmallVec<[CountFormat; 5]> = offered.iter().map(|(format, _)| *format).collect();
    if formats.is_empty() {
        return Err(translate::not_served(provider, call));
    }
    let request = translate::client_request(call, target)?;
    let value = Value::parse(&request).map_err(|error| refused("", &error.to_string()))?;
    let named = offered.first().map_or(model.into(), |(_, place)| prefixed(place.offer, model));
    let to = convert::Target { model: &named, output_tokens_max: None, chat: chat_members(provider) };
    let mut counting = counting::translate(&value, client, &formats, &to, strictness(target))
        .map_err(|objection| refused(&objection.path, &objection.message))?;
    let (_, place) = offered
        .into_iter()
        .find(|(format, _)| *format == counting.provider())
        .ok_or_else(|| translate::not_served(provider, call))?;
    let (body, losses) = (std::mem::take(&mut counting.body), std::mem::take(&mut counting.losses));
    translate::translated(place, (body.into(), []), &losses, Interpreter::Counting(Box::new(counting)))
}

/// Whether the target answers such requests but cannot count them.
pub(super) fn is_estimated(call: &Call, target: &Target) -> bool {
    let model = call.model_at(target);
    count_format(call.endpoint).is_some()
        && offered(&target.provider, model).next().is_none()
        && !translate::spoken(&target.provider, model, false).is_empty()
}

/// The answer with about the number of tokens. Counting a long text takes tens of milliseconds, so it is done beside the
/// runtime, in as many threads at a time as there are cores.
///
/// # Errors
/// When the request is wrong.
pub(super) async fn estimate(call: &Call, target: &Target) -> Result<Bytes, FailedAttempt> {
    let internal = |message: String| FailedAttempt::objection(ErrorCode::Internal, message);
    let client = count_format(call.endpoint).ok_or_else(|| translate::not_served(&target.provider, call))?;
    let request = translate::client_request(call, target)?;
    let slots = Arc::clone(&call.origin.gateway.estimates);
    let slot = slots.acquire_owned().await.map_err(|closed| internal(closed.to_string()))?;
    let counting = move || {
        let tokens = tokens_of(&request, client);
        drop(slot);
        tokens
    };
    let counted =
        tokio::task::spawn_blocking(counting).await.map_err(|failed| internal(failed.to_string()))?;
    let tokens = counted.map_err(|error| match error {
        NotEstimated::Request(objection) => refused(&objection.path, &objection.message),
        NotEstimated::Tokenizer(damaged) => internal(damaged.to_string()),
    })?;
    Ok(Bytes::from(client.answer(tokens)))
}

fn tokens_of(request: &[u8], client: CountFormat) -> Result<u64, NotEstimated> {
    let value = Value::parse(request).map_err(|error| convert::Objection::of_body(&error))?;
    counting::estimate(&value, client)
}

/// The formats that a provider counts in for a model, with where.
fn offered<'p>(provider: &'p Provider, model: &str) -> impl Iterator<Item = (CountFormat, Place<'p>)> {
    let place = move |format| Some((format, Place::of(provider, count_endpoint(format), model, false)?));
    CountFormat::ALL.into_iter().filter_map(place)
}
