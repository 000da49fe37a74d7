//! Responses that work in the background (OpenAI guide, "Background mode"): the client has an id at once, and asks for the
//! answer later or follows its events.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::kept::{KeptEvent, KeptResponse, ResponseStatus};
use domain::{Endpoint, ErrorCode, Route};
use http::{Response, StatusCode};
use http_body_util::BodyExt;
use wire::convert::responses::{GivenUp, Waiting, waiting};
use wire::formats::ProviderError;
use wire::framing::{Frame, Framing, Splitter};
use wire::json::Value;

use super::given_up::{Fault, give_up};
use super::{failure, replay};
use crate::answer::{AnswerBody, json_response};
use crate::attempt::{Call, client_context, dispatch, speaks_clients_format};
use crate::ending::Origin;
use crate::keeping::{Kept, new_entry};
use crate::refusal::Refusal;
use crate::running::Worker;

/// How often a worker gives a sign of life.
const BEAT: Duration = Duration::from_secs(20);
/// The longest error answer that is read for its message.
const ERROR_BYTES_MAX: usize = 64 << 10;

/// Answers a request: at once, or when it is to work in the background and no provider of its route would do that itself,
/// with the response that waits.
///
/// # Errors
/// When Tollgate itself has to answer, because no target could; 400 when it is to work in the background and not to be kept.
pub(crate) async fn respond(call: Box<Call>, route: Arc<Route>) -> Result<Response<AnswerBody>, Refusal> {
    if is_for_the_background(&call) && !is_a_providers(&call, &route) {
        begin(call, route).await
    } else {
        dispatch(call, route).await
    }
}

fn is_for_the_background(call: &Call) -> bool {
    call.endpoint == Endpoint::Responses && flag(call, "background") == Some(true)
}

fn flag(call: &Call, member: &str) -> Option<bool> {
    call.document.member(member).ok().flatten()?.as_bool()
}

/// Whether every target speaks Responses itself and the request needs nothing that is kept here.
fn is_a_providers(call: &Call, route: &Route) -> bool {
    let mut all = call.kept.is_none();
    route.root.for_each_target(&mut |target| all &= speaks_clients_format(call, target));
    all
}

async fn begin(mut call: Box<Call>, route: Arc<Route>) -> Result<Response<AnswerBody>, Refusal> {
    if flag(&call, "store") == Some(false) {
        let message = "a response in the background has to be kept until it is asked for; leave `store` out";
        return Err(Refusal::new(ErrorCode::InvalidMember, message).with_param("store"));
    }
    let since = u64::try_from(call.origin.gateway.wall_clock().as_second()).unwrap_or(0);
    let kept = match call.kept.take() {
        Some(kept) => Kept { in_background_since: Some(since), ..kept },
        None => Kept { own: call.document.clone(), continued: None, in_background_since: Some(since) },
    };
    call.kept = Some(kept);
    let context = client_context(&call, call.client_model());
    let at_work = Bytes::from(waiting(&context, Waiting::InProgress));
    let origin = call.origin.clone();
    let gateway = Arc::clone(&origin.gateway);
    let entry = entry(&call, ResponseStatus::Unfinished, at_work);
    let (whose, id) = (entry.tenant.clone(), entry.id.clone());
    gateway.store.begin(entry.clone()).await.map_err(|error| failure::refusal(&gateway, error))?;
    let streamed = call.facts.stream;
    let worker = gateway.running.begin(whose.clone(), id.clone());
    let follower = streamed.then(|| replay::stream(&gateway, whose, id, None));
    tokio::spawn(work(call, route, worker, entry));
    match follower {
        Some(events) => Ok(replay::response(events)),
        None => Ok(json_response(StatusCode::OK, waiting(&context, Waiting::Queued))),
    }
}

fn entry(call: &Call, status: ResponseStatus, body: Bytes) -> KeptResponse {
    let entry = new_entry(&call.origin, status, body);
    let expires = entry.touched + call.pinned.snapshot.keep_rules.response_lifetime;
    let continued = call.kept.as_ref().and_then(|kept| kept.continued.clone());
    KeptResponse { continued, expires, ..entry }
}

/// Works until there is an answer, or nobody wants it any more.
async fn work(call: Box<Call>, route: Arc<Route>, worker: Worker, entry: KeptResponse) {
    let origin = call.origin.clone();
    let store = &origin.gateway.store;
    let mut answering = Box::pin(answer(call, route, &worker, &entry));
    let mut beat = tokio::time::interval(BEAT);
    let fault = loop {
        tokio::select! {
            fault = &mut answering => break fault,
            () = worker.unwanted() => return,
            _ = beat.tick() => {
                let now = origin.gateway.wall_clock().into();
                if store.touch(&entry.tenant, &entry.id, now).await == Ok(false) {
                    return;
                }
            }
        }
    };
    drop(answering);
    if let Err(error) =
        give_up(&origin.gateway, (&entry.tenant, &entry.id), &entry.body, GivenUp::Failed(&fault.error()))
            .await
    {
        // The store's words are for the operator; the response is found lost when it is asked for.
        drop(failure::refusal(&origin.gateway, error));
    }
}

/// Calls the targets and lets their answer be kept. What it returns holds only if there is no answer after all.
async fn answer(call: Box<Call>, route: Arc<Route>, worker: &Worker, entry: &KeptResponse) -> Fault {
    let origin = call.origin.clone();
    let streamed = call.facts.stream;
    let response = match dispatch(call, route).await {
        Ok(response) => response,
        Err(refusal) => return Fault { status: refusal.code.status(), message: refusal.message },
    };
    let status = response.status();
    let body = response.into_body();
    if !status.is_success() {
        return fault_in(status.as_u16(), body).await;
    }
    let fault = if streamed { pump(&origin, body, worker, entry).await } else { drain(body).await };
    fault.unwrap_or_else(|| Fault { status: 500, message: "the answer could not be kept".to_owned() })
}

async fn fault_in(status: u16, mut body: AnswerBody) -> Fault {
    let mut bytes = Vec::new();
    while let Some(Ok(frame)) = body.frame().await {
        bytes.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
        bytes.truncate(ERROR_BYTES_MAX);
    }
    let message = ProviderError::parse(&bytes).message;
    Fault { status, message: message.unwrap_or_else(|| format!("the provider answered {status}")) }
}

/// Reads a whole answer to its end, by which it is kept.
async fn drain(mut body: AnswerBody) -> Option<Fault> {
    while let Some(frame) = body.frame().await {
        if let Err(error) = frame {
            return Some(Fault { status: 502, message: error.to_string() });
        }
    }
    None
}

/// Keeps the events of a streamed answer, each before anybody sees it.
async fn pump(origin: &Origin, mut body: AnswerBody, worker: &Worker, entry: &KeptResponse) -> Option<Fault> {
    let store = &origin.gateway.store;
    let mut fault = None;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { break };
        let Ok(piece) = frame.into_data() else { continue };
        let events = events_in(piece);
        fault = events.iter().rev().find_map(fault_told).or(fault);
        if let Err(error) = store.append_events(&entry.tenant, &entry.id, events).await {
            return Some(Fault { status: 503, message: failure::refusal(&origin.gateway, error).message });
        }
        worker.progressed();
    }
    fault
}

/// The events in a piece of a stream, which holds whole ones only.
fn events_in(piece: Bytes) -> Vec<KeptEvent> {
    let Ok(batch) = Splitter::new(Framing::ServerSentEvents, usize::MAX).push(piece) else {
        return Vec::new();
    };
    let mut at = 0;
    let mut events = Vec::with_capacity(batch.ends.len());
    for frame in batch.frames() {
        let bytes = batch.bytes.slice(at..at + frame.bytes().len());
        at += bytes.len();
        let number =
            Value::parse(&frame.data()).ok().and_then(|event| event.get("sequence_number")?.as_u64());
        if let Some(sequence) = number {
            events.push(KeptEvent { sequence, frame: bytes });
        }
    }
    events
}

/// Why a stream failed, when this is the event that says so.
fn fault_told(event: &KeptEvent) -> Option<Fault> {
    let frame = Frame::of(Framing::ServerSentEvents, &event.frame);
    if frame.event()? != b"response.failed" {
        return None;
    }
    let data = frame.data();
    let told = Value::parse(&data).ok()?;
    let error = told.at(&["response", "error"])?;
    let is_a_limit = error.get("code").and_then(Value::as_str).as_deref() == Some("rate_limit_exceeded");
    let message = error.get("message").and_then(Value::as_str)?.into_owned();
    Some(Fault { status: if is_a_limit { 429 } else { 502 }, message })
}

#[cfg(test)]
mod tests {
    use super::{Bytes, events_in, fault_told};

    const DELTA: &str = "event: response.output_text.delta\ndata: {\"sequence_number\":4}\n\n";

    #[test]
    fn each_event_is_kept_with_its_number() {
        let failed = "event: response.failed\ndata: {\"sequence_number\":5,\"response\":{\"error\":\
                      {\"code\":\"rate_limit_exceeded\",\"message\":\"slow down\"}}}\n\n";
        let events = events_in(Bytes::from(format!("{DELTA}{failed}: nothing\n\n")));
        assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), [4, 5]);
        assert_eq!(&*events[0].frame, DELTA.as_bytes());
        assert!(fault_told(&events[0]).is_none());
        let fault = fault_told(&events[1]).unwrap();
        assert_eq!((fault.status, fault.message.as_str()), (429, "slow down"));
    }
}
