//! From a committed answer to the client's response.

use std::time::Duration;

use domain::{CredentialId, Endpoint};
use http::response::Parts;
use http::{HeaderMap, HeaderValue, Response, header};
use telemetry::meters::Outcome;
use wire::array;
use wire::formats::{EventStream, Usage, usage_of_answer};
use wire::framing::Framing;
use wire::json::Document;

use super::Call;
use super::hold::{Committed, WholeBody};
use super::upgrade;
use crate::answer::{
    AnswerBody, COST, Held, OpaqueRelay, Passage, Served, StreamRelay, prepare, sign, takes_trailers,
};
use crate::dialect::{event_stream, request_kind};
use crate::ending::Ending;
use crate::ingress::query::wants_events;
use crate::keeping::{Keeping, KeptRelay};
use crate::pinned::ProviderState;
use crate::response_owners::Owner;

/// The type of a stream that is an array.
const ARRAY: HeaderValue = HeaderValue::from_static("application/json; charset=UTF-8");

/// Sends a committed answer on its way. `resumes` where another may go on with a stream that breaks off.
pub(super) async fn deliver(
    call: &Call,
    committed: Committed,
    state: &ProviderState,
    credential: CredentialId,
    mut ending: Box<Ending>,
    resumes: bool,
) -> Response<AnswerBody> {
    match committed {
        Committed::Whole(mut head, WholeBody { held, document }) => {
            let used = document.as_ref().and_then(|document| usage_in(document, call.endpoint));
            ending.used(&used.unwrap_or_default());
            if let Some(document) = &document {
                remember(call, state, credential, || text_member(document, "id"));
            }
            finish_head(&mut head, state, &mut ending);
            whole(head, held, ending)
        }
        Committed::Upgraded(mut head, opened) => {
            finish_head(&mut head, state, &mut ending);
            upgrade::accepted(head, opened, ending)
        }
        Committed::Estimated(body) => {
            ending.estimates();
            let mut head = Response::new(()).into_parts().0;
            head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            finish_head(&mut head, state, &mut ending);
            whole(head, Held::from(body), ending)
        }
        Committed::Translated(mut head, body, usage) => {
            ending.used(&usage);
            if let Some(keeping) = keeping(call) {
                // Apart, since few answers are kept, and the others have no room for it.
                Box::pin(keeping.keep(body.clone())).await;
            }
            finish_head(&mut head, state, &mut ending);
            whole(head, Held::from(body), ending)
        }
        Committed::Stream(mut head, start, response_id) => {
            // Of a provider's own response, too, what is kept has to be all of it.
            let is_kept = resumes || matches!(start.passage, Passage::Translated(_));
            let keeping = is_kept.then(|| keeping(call)).flatten();
            remember(call, state, credential, || response_id);
            ending.first_token();
            finish_head(&mut head, state, &mut ending);
            let array = wants_array(call).then(array::Writer::default);
            if array.is_some() {
                head.headers.insert(header::CONTENT_TYPE, ARRAY);
            } else if let Some(stream) = event_stream(call.endpoint) {
                head.headers.insert(header::CONTENT_TYPE, content_type(stream, &head.headers));
            }
            head.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            let tells_cost = ending.is_charged() && takes_trailers(&call.headers);
            if tells_cost {
                head.headers.insert(header::TRAILER, HeaderValue::from(COST));
            }
            let relay = StreamRelay::new(*start, ending, array, tells_cost);
            let body = match keeping {
                Some(keeping) => AnswerBody::stream(KeptRelay::new(relay, keeping)),
                None => AnswerBody::stream(relay),
            };
            Response::from_parts(head, body)
        }
        Committed::Opaque(mut head, held, rest, silence) => {
            ending.used(&Usage::default());
            finish_head(&mut head, state, &mut ending);
            Response::from_parts(head, AnswerBody::opaque(OpaqueRelay::new(held, rest, silence, ending)))
        }
    }
}

/// Google's clients get an array unless they ask for events (Gemini API reference, "streamGenerateContent").
fn wants_array(call: &Call) -> bool {
    call.endpoint == Endpoint::StreamGenerateContent && !call.query.as_deref().is_some_and(wants_events)
}

/// What a translated answer is kept with.
fn keeping(call: &Call) -> Option<Keeping> {
    let rules = call.pinned.snapshot.keep_rules;
    let is_kept = call.endpoint == Endpoint::Responses;
    is_kept.then(|| Keeping::of(&call.origin, &call.document, call.kept.as_ref(), rules)).flatten()
}

/// The type of a stream: the provider's own words where they fit the format.
fn content_type(stream: EventStream, headers: &HeaderMap) -> HeaderValue {
    let usual = match stream.framing() {
        Framing::ServerSentEvents => "text/event-stream",
        Framing::AmazonEventStream => "application/vnd.amazon.eventstream",
    };
    let given =
        headers.get(header::CONTENT_TYPE).filter(|given| given.as_bytes().starts_with(usual.as_bytes()));
    given.cloned().unwrap_or(HeaderValue::from_static(usual))
}

/// Answers with a body that is all there; from here on nothing can fail but the client's connection.
pub(super) fn whole(head: Parts, held: Held, mut ending: Box<Ending>) -> Response<AnswerBody> {
    ending.end(Outcome::Done);
    Response::from_parts(head, AnswerBody::held(held))
}

/// Turns the provider's head into the client's.
pub(super) fn finish_head(head: &mut Parts, state: &ProviderState, ending: &mut Ending) {
    let overhead = ending.answered(head.status.as_u16());
    prepare(head, &served(state, ending, overhead));
}

/// Completes the head of an answer that Tollgate made after calling providers.
pub(super) fn sign_head(head: &mut Parts, state: &ProviderState, ending: &mut Ending) {
    let overhead = ending.answered(head.status.as_u16());
    sign(&mut head.headers, &served(state, ending, overhead));
}

fn served<'a>(state: &'a ProviderState, ending: &'a Ending, overhead: Duration) -> Served<'a> {
    Served {
        id: &ending.origin.id,
        provider: state,
        model: ending.model(),
        attempts: ending.attempts(),
        overhead,
        dropped: ending.dropped(),
        estimated: ending.is_estimated(),
        cost: ending.cost(),
    }
}

/// Notes who holds a stored response, so that later calls about it find their way.
fn remember(
    call: &Call,
    state: &ProviderState,
    credential: CredentialId,
    id: impl FnOnce() -> Option<String>,
) {
    if call.endpoint != Endpoint::Responses {
        return;
    }
    if let Some(id) = id() {
        let owner =
            Owner { provider: state.provider.name.clone(), credential, key: call.origin.key.name.clone() };
        call.origin.gateway.owners.remember(&id, owner);
    }
}

/// What a whole answer used, as far as it says.
fn usage_in(document: &Document, endpoint: Endpoint) -> Option<Usage> {
    usage_of_answer(request_kind(endpoint)?, document)
}

fn text_member(document: &Document, name: &str) -> Option<String> {
    document.member(name).ok().flatten()?.as_str().map(std::borrow::Cow::into_owned)
}
