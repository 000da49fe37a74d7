//! A request for images, speech or a transcript, for a target that has words of its own for it.

use bytes::Bytes;
use domain::Endpoint;
use domain::provider::BodyEdits;
use domain::route::Target;
use http::HeaderValue;
use smallvec::SmallVec;
use wire::convert::media::{self, MediaBody, MediaFormat, MediaRequest, MediaTranslation};
use wire::form::FormEdit;
use wire::json::Value;

use super::Call;
use super::encode::{Address, Draft, WayBack, prefixed};
use super::failed::FailedAttempt;
use super::interpreter::Interpreter;
use super::place::Place;
use super::translate::{client_request, dropped, not_served, refused, strictness, translated};
use crate::dialect::media_formats;

/// The type of a file that does not say its own.
const ANY_BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// Translates the request into the format of the target.
///
/// # Errors
/// When the target speaks no format of its kind, or the request is wrong or cannot be carried.
pub(super) fn draft<'t>(call: &Call, target: &'t Target, model: &str) -> Result<Draft<'t>, FailedAttempt> {
    let provider = &*target.provider;
    let (endpoint, format, place) = spoken(call, target, model).ok_or_else(|| not_served(provider, call))?;
    let request = client_request(call, target)?;
    let members = Value::parse(&request).map_err(|error| refused("", &error.to_string()))?;
    let request = MediaRequest {
        members: &members,
        form: call.form.as_ref().map(|sent| &sent.form),
        model: &prefixed(place.offer, model),
        created: u64::try_from(call.origin.gateway.wall_clock().as_second()).unwrap_or(0),
    };
    let translation = media::translate(request, format, strictness(target))
        .map_err(|objection| refused(&objection.path, &objection.message))?;
    let place = if translation.is_streamed { place.streamed(endpoint) } else { place };
    written(call, place, translation)
}

/// Where a target is asked, in which format.
fn spoken<'t>(call: &Call, target: &'t Target, model: &str) -> Option<(Endpoint, MediaFormat, Place<'t>)> {
    let place = |endpoint| Place::of(&target.provider, endpoint, model, false);
    let formats = media_formats(call.endpoint).iter();
    formats.copied().find_map(|(endpoint, format)| Some((endpoint, format, place(endpoint)?)))
}

/// The request in the provider's format.
fn written<'t>(
    call: &Call,
    place: Place<'t>,
    translation: MediaTranslation<'_>,
) -> Result<Draft<'t>, FailedAttempt> {
    let MediaTranslation { body, voice, query, losses, reader, .. } = translation;
    let address = Address { in_path: voice, query };
    let interpreter = Interpreter::Media(reader);
    let (body, content_type) = match body {
        MediaBody::Json(bodies) => {
            let mut bodies = bodies.into_iter();
            let first = bodies.next().unwrap_or_default();
            return Ok(Draft { address, ..translated(place, (first, bodies), &losses, interpreter)? });
        }
        MediaBody::Form(edit) => {
            let sent = call.form.as_ref().map(|sent| sent.content_type.clone());
            (as_wanted(edit, &place.offer.body)?, sent.unwrap_or(ANY_BYTES))
        }
        // A file has no members that the provider could want changed.
        MediaBody::File { content, media_type } => {
            (content, HeaderValue::try_from(media_type).unwrap_or(ANY_BYTES))
        }
    };
    Ok(Draft {
        body,
        content_type,
        further: Vec::new(),
        place,
        with_query: false,
        address,
        way_back: WayBack::Translated(interpreter),
        dropped: dropped(&losses),
    })
}

/// A form with what the provider wants in every form, and without what it does not want.
fn as_wanted(mut edit: FormEdit<'_>, wanted: &BodyEdits) -> Result<SmallVec<[Bytes; 4]>, FailedAttempt> {
    for (field, raw) in &wanted.set {
        edit.set(field, raw).map_err(|error| refused(field, &error.to_string()))?;
    }
    wanted.remove.iter().for_each(|field| edit.remove(field));
    Ok(edit.apply().into_iter().collect())
}
