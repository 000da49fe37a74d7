//! A request for a target that does not speak the client's format.

use std::collections::BTreeSet;

use bytes::Bytes;
use domain::endpoint::Task;
use domain::provider::{Offer, StreamUsage};
use domain::route::Target;
use domain::{Endpoint, ErrorCode, Provider};
use http::HeaderValue;
use smallvec::SmallVec;
use wire::convert::{self, ChatMembers, ClientContext, Format, Loss, Strictness};
use wire::json::{Document, Edit, ScanLimits, Value};

use super::encode::{Address, Draft, JSON, WayBack, apply, prefixed, set_and_remove};
use super::failed::FailedAttempt;
use super::interpreter::Interpreter;
use super::place::Place;
use super::{Call, media, resume, retrieval};
use crate::dialect::{endpoint_of, format_of};
use crate::keeping::points_elsewhere;
use crate::refusal::Refusal;

/// Most bytes of the header that names what was lost; the rest is counted.
const DROPPED_BYTES_MAX: usize = 1_024;

/// Translates the request into the format of the target that loses least of it.
///
/// # Errors
/// When the target speaks no format of its kind, or the request is wrong or cannot be carried.
pub(super) fn draft<'t>(call: &Call, target: &'t Target, model: &str) -> Result<Draft<'t>, FailedAttempt> {
    match call.endpoint.task() {
        Task::Generation => prompt_draft(call, target, model),
        Task::Embedding | Task::Rerank => retrieval::draft(call, target, model),
        Task::Images | Task::Speech | Task::Transcription => media::draft(call, target, model),
        // Counting has its own way before it comes here; the others are asked in the client's format alone.
        Task::Counting | Task::Other => Err(not_served(&target.provider, call)),
    }
}

fn prompt_draft<'t>(call: &Call, target: &'t Target, model: &str) -> Result<Draft<'t>, FailedAttempt> {
    let provider = &*target.provider;
    let client = format_of(call.endpoint).ok_or_else(|| not_served(provider, call))?;
    let mut spoken = spoken(provider, model, call.facts.stream);
    spoken.retain(|(format, _)| resume::goes_on_in(call, provider, model, Some(*format)));
    let formats: SmallVec<[Format; 6]> = spoken.iter().map(|(format, _)| *format).collect();
    if formats.is_empty() {
        return Err(not_served(provider, call));
    }
    if let Some(Refusal { code, message, param, .. }) = points_elsewhere_of(call, client) {
        let message = format!("{message}, and {} does not speak {}", provider.name, client.title());
        return Err(FailedAttempt::objection_to(code, message, param));
    }
    let request = client_request(call, target)?;
    let value = Value::parse(&request).map_err(|error| refused("", &error.to_string()))?;
    let named = spoken.first().map_or(model.into(), |(_, place)| prefixed(place.offer, model));
    let mut translation = convert::translate(
        &value,
        client,
        &formats,
        &convert::Target {
            model: &named,
            output_tokens_max: answer_tokens_max(call, provider, model),
            chat: chat_members(provider),
        },
        strictness(target),
        client_context(call, model),
    )
    .map_err(|objection| refused(&objection.path, &objection.message))?;
    let (_, place) = spoken
        .into_iter()
        .find(|(format, _)| *format == translation.provider())
        .ok_or_else(|| not_served(provider, call))?;
    let (body, losses) = (std::mem::take(&mut translation.body), std::mem::take(&mut translation.losses));
    translated(place, (body.into(), []), &losses, Interpreter::Prompt(Box::new(translation)))
}

/// A request in the provider's format: its first body, and those of further requests.
pub(super) fn translated<'t>(
    place: Place<'t>,
    (body, further): (Bytes, impl IntoIterator<Item = Bytes>),
    losses: &[Loss],
    interpreter: Interpreter,
) -> Result<Draft<'t>, FailedAttempt> {
    let edited = |body| edited(body, place.offer);
    Ok(Draft {
        body: edited(body)?,
        content_type: JSON,
        further: further.into_iter().map(edited).collect::<Result<_, _>>()?,
        place,
        with_query: false,
        address: Address::default(),
        way_back: WayBack::Translated(interpreter),
        dropped: dropped(losses),
    })
}

/// The formats that a target speaks for a model, the preferred one first, with where each is spoken.
pub(super) fn spoken<'p>(
    provider: &'p Provider,
    model: &str,
    streamed: bool,
) -> SmallVec<[(Format, Place<'p>); 6]> {
    /// Chat first: most providers know it best. Of formats that lose as much of a request, the first is taken.
    const ORDER: [Format; 6] =
        [Format::Chat, Format::Messages, Format::Responses, Format::Gemini, Format::Converse, Format::Cohere];
    let place = |format| Some((format, Place::of(provider, endpoint_of(format, streamed), model, streamed)?));
    ORDER.into_iter().filter_map(place).collect()
}

/// The client's request with the route's parameters, which are in the client's own words.
pub(super) fn client_request(call: &Call, target: &Target) -> Result<Bytes, FailedAttempt> {
    let mut edit = Edit::new(&call.document);
    apply(&mut edit, &target.parameters).map_err(|error| refused("", &error.to_string()))?;
    if call.endpoint == Endpoint::Responses {
        // Keeping the answer is Tollgate's affair now.
        for member in ["store", "background"] {
            edit.remove(member).map_err(|error| refused(member, &error.to_string()))?;
        }
    }
    Ok(edit.apply().into_bytes())
}

/// What of a request of the Responses API only a provider of the same format could know.
fn points_elsewhere_of(call: &Call, client: Format) -> Option<Refusal> {
    if client == Format::Responses { points_elsewhere(&call.document) } else { None }
}

/// A provider's request with what its offer sets and removes.
fn edited(bytes: Bytes, offer: &Offer) -> Result<SmallVec<[Bytes; 4]>, FailedAttempt> {
    if offer.body.set.is_empty() && offer.body.remove.is_empty() {
        return Ok(SmallVec::from_iter([bytes]));
    }
    let wrong = |error: &dyn std::fmt::Display| refused("", &error.to_string());
    let document = Document::parse(bytes, ScanLimits::default()).map_err(|error| wrong(&error))?;
    let mut edit = Edit::new(&document);
    set_and_remove(&mut edit, &offer.body).map_err(|error| wrong(&error))?;
    Ok(edit.apply().into_iter().collect())
}

pub(super) fn strictness(target: &Target) -> Strictness {
    if target.strict { Strictness::Strict } else { Strictness::Lenient }
}

/// The client's side of the answer to a request.
pub(crate) fn client_context(call: &Call, model: &str) -> ClientContext {
    let since = call.kept.as_ref().and_then(|kept| kept.in_background_since);
    let now = || u64::try_from(call.origin.gateway.wall_clock().as_second()).unwrap_or(0);
    ClientContext {
        token: call.origin.id.digits().to_owned(),
        created: since.unwrap_or_else(now),
        model: model.to_owned(),
        stream: call.facts.stream,
        echoed: echoed(call),
        ..ClientContext::default()
    }
}

/// A response repeats what the client said, also of what is no provider's affair.
fn echoed(call: &Call) -> Vec<(String, String)> {
    if call.endpoint != Endpoint::Responses {
        return Vec::new();
    }
    convert::responses::echo(call.own_document())
}

/// The most tokens that a model can answer, where the catalogue knows.
fn answer_tokens_max(call: &Call, provider: &Provider, model: &str) -> Option<u64> {
    call.pinned.models.find(&provider.name, model)?.output_tokens
}

pub(super) fn chat_members(provider: &Provider) -> ChatMembers {
    ChatMembers {
        of_openai: provider.chat.of_openai,
        takes_stream_options: provider.stream_usage == StreamUsage::OnRequest,
        takes_reasoning_details: provider.chat.reasoning_details,
    }
}

pub(super) fn refused(path: &str, message: &str) -> FailedAttempt {
    let param = (!path.is_empty()).then(|| path.to_owned());
    FailedAttempt::objection_to(ErrorCode::NotTranslatable, message, param)
}

pub(super) fn not_served(provider: &Provider, call: &Call) -> FailedAttempt {
    let message = format!("{} does not serve {}", provider.name, call.endpoint);
    FailedAttempt::objection(ErrorCode::NotTranslatable, message)
}

/// The names of what was lost, for the client: `seed,messages[].name`.
pub(super) fn dropped(losses: &[Loss]) -> Option<HeaderValue> {
    let members: BTreeSet<&str> = losses.iter().map(|loss| loss.member.as_ref()).collect();
    let count = members.len();
    let mut text = String::new();
    for (index, member) in members.into_iter().enumerate() {
        if text.len() + member.len() > DROPPED_BYTES_MAX {
            text.push_str(&format!(",and {} more", count - index));
            break;
        }
        if !text.is_empty() {
            text.push(',');
        }
        text.extend(member.chars().map(|letter| if letter.is_ascii_graphic() { letter } else { '?' }));
    }
    HeaderValue::from_str(&text).ok().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{Loss, dropped};

    fn loss(member: &str) -> Loss {
        Loss { member: member.to_owned().into(), what: "it is left out".into() }
    }

    #[test]
    fn what_was_lost_is_named_once_each_and_within_bounds() {
        assert_eq!(dropped(&[]), None);
        let named = dropped(&[loss("seed"), loss("top_k"), loss("seed"), loss("ünü \n")]).unwrap();
        assert_eq!(named, "seed,top_k,?n???");
        let many: Vec<Loss> = (0..500).map(|number| loss(&format!("member-{number}"))).collect();
        let named = dropped(&many).unwrap();
        assert!(named.len() < 1_100 && named.to_str().unwrap().ends_with(" more"), "{named:?}");
    }
}
