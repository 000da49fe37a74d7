//! Holding an answer back until it is sure: a stream until its first content, any other answer until it is whole. Up
//! to then a failure can still fall over to another target.

mod proof;

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use domain::byte_budget::{ByteBudget, Hold};
use domain::endpoint::Task;
use domain::{Endpoint, Failure, FailureClass, Limits};
use http::response::Parts;
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Body;
use providers::transport::IncomingBody;
use wire::convert::media::Unanswered;
use wire::formats::{EventKind, EventStream, ProviderError, Usage};
use wire::framing::{Batch, Frame, Splitter};
use wire::json::{ChunkedBytes, Document, Kind, ScanLimits, Scanner};

use super::deadline::Deadlines;
use super::encode::WayBack;
use super::exchange::{Answered, AttemptSettings, asks_for_patience, classify_error};
use super::failed::FailedAttempt;
use super::interpreter::{Interpreter, Whole};
use super::upgrade::Opened;
use crate::answer::{Held, Passage, RelayStart, SameFormat, Translated};
use crate::dialect::event_stream;
use crate::patience::{Pace, Silence};
use crate::provider_words::status_in;
use crate::redaction::Redaction;
use proof::prove;

/// The content types of event streams.
const EVENT_STREAMS: [&str; 2] = ["text/event-stream", "application/vnd.amazon.eventstream"];

/// An answer that can no longer fall over.
pub(super) enum Committed {
    /// All of it.
    Whole(Parts, WholeBody),
    /// A WebSocket.
    Upgraded(Parts, Opened),
    /// A number of tokens that nobody was asked for, in the client's format.
    Estimated(Bytes),
    /// All of it, in the client's format, with what it used.
    Translated(Parts, Bytes, Usage),
    /// A stream with its first content.
    Stream(Parts, Box<RelayStart>, Option<String>),
    /// Bytes that are passed on unread, the first ones read already.
    Opaque(Parts, Held, IncomingBody, Silence),
}

impl Committed {
    /// What the provider wrote above its answer; none where it was not asked.
    pub(super) fn headers(&self) -> Option<&HeaderMap> {
        match self {
            Self::Whole(head, _)
            | Self::Upgraded(head, _)
            | Self::Translated(head, ..)
            | Self::Stream(head, ..)
            | Self::Opaque(head, ..) => Some(&head.headers),
            Self::Estimated(_) => None,
        }
    }
}

/// A whole answer.
pub(super) struct WholeBody {
    pub(super) held: Held,
    /// Its top level, when it is JSON.
    pub(super) document: Option<Document>,
}

/// Holds the answer back as far as is right for its kind.
///
/// # Errors
/// When it fails before it is sure.
pub(super) async fn commit(
    answered: Answered,
    endpoint: Endpoint,
    way_back: WayBack,
    settings: &AttemptSettings<'_>,
    limits: &Limits,
    budget: &Arc<ByteBudget>,
) -> Result<Committed, FailedAttempt> {
    let content_type = essence(&answered.head);
    let is_json = content_type == "application/json";
    if content_type == "text/html" {
        return Err(FailedAttempt::broken("a web page came instead of an answer"));
    }
    if answered.head.headers.contains_key(header::CONTENT_ENCODING) {
        let Answered { head, body, deadlines } = answered;
        let opaque = Committed::Opaque(head, Held::default(), body, silence(&deadlines));
        return translated(opaque, &way_back);
    }
    // What speaks a text may begin to before it has the end; the types of audio are many.
    let is_event_stream = EVENT_STREAMS.contains(&content_type.as_str());
    if endpoint.task() == Task::Speech && !is_json && !is_event_stream {
        return hold_first(answered).await;
    }
    // Some servers stream as `text/plain`, or without a type.
    let is_stream = is_event_stream || (settings.streamed && !is_json);
    let is_array =
        is_json && settings.streamed && sent(endpoint, &way_back).is_some_and(EventStream::may_be_array);
    if let Some(passage) = passage(endpoint, &way_back).filter(|_| is_stream || is_array) {
        let frame_bytes_max = limits.sse_frame_bytes_max;
        let splitter = match passage.framing() {
            _ if is_array => Splitter::of_array(frame_bytes_max),
            framing => Splitter::new(framing, frame_bytes_max),
        };
        let least = answered.deadlines.throughput_min();
        let pace = least.zip(sent(endpoint, &way_back)).and_then(|(least, sent)| Pace::of(least, sent));
        return hold_stream(answered, (passage, pace), splitter, settings, limits).await;
    }
    let committed = hold_whole(answered, is_json, limits, budget.hold()).await?;
    if let Committed::Whole(_, WholeBody { document: Some(document), .. }) = &committed {
        refuse_error_in_disguise(document, endpoint, settings)?;
    }
    translated(committed, &way_back)
}

/// What the events are that the provider sends.
fn sent(endpoint: Endpoint, way_back: &WayBack) -> Option<EventStream> {
    match way_back {
        WayBack::Same { .. } => event_stream(endpoint),
        WayBack::Translated(interpreter) => Some(interpreter.prompt()?.provider().event_stream()),
        WayBack::Upgraded => None,
    }
}

/// How the frames of a stream are passed on; none where answers are never streamed.
fn passage(endpoint: Endpoint, way_back: &WayBack) -> Option<Passage> {
    match way_back {
        WayBack::Same { strip_usage } => {
            Some(Passage::Same(SameFormat::new(event_stream(endpoint)?, *strip_usage)))
        }
        WayBack::Translated(interpreter) => {
            let translation = interpreter.prompt()?;
            let framing = sent(endpoint, way_back)?.framing();
            Some(Passage::Translated(Box::new(Translated::new(translation.stream(), framing))))
        }
        WayBack::Upgraded => None,
    }
}

/// A whole answer in the client's format.
///
/// # Errors
/// When it is not what the provider's format says, or could not be read.
fn translated(committed: Committed, way_back: &WayBack) -> Result<Committed, FailedAttempt> {
    let WayBack::Translated(interpreter) = way_back else { return Ok(committed) };
    interpreted(vec![part(committed)?], interpreter)
}

/// An answer that can be translated, alone or with others.
///
/// # Errors
/// When it is none.
fn part(committed: Committed) -> Result<(Parts, WholeBody), FailedAttempt> {
    match committed {
        Committed::Whole(head, body) if body.document.is_some() => Ok((head, body)),
        _ => Err(FailedAttempt::broken("the answer is too large, or of a kind that cannot be translated")),
    }
}

/// Reads one of several answers that become one.
///
/// # Errors
/// When it cannot be read, or is of a kind that cannot be translated.
pub(super) async fn hold_part(
    answered: Answered,
    limits: &Limits,
    budget: &Arc<ByteBudget>,
) -> Result<(Parts, WholeBody), FailedAttempt> {
    let is_plain = !answered.head.headers.contains_key(header::CONTENT_ENCODING);
    let is_json = is_plain && essence(&answered.head) == "application/json";
    part(hold_whole(answered, is_json, limits, budget.hold()).await?)
}

/// The client's answer, made of all of the provider's. Its head is that of the first.
///
/// # Errors
/// When they are not what the provider's format says, or refuse to be an answer.
pub(super) fn interpreted(
    answers: Vec<(Parts, WholeBody)>,
    interpreter: &Interpreter,
) -> Result<Committed, FailedAttempt> {
    let whole = |(head, body): &(Parts, WholeBody)| {
        let body = body.document.as_ref()?.body();
        Some(Whole::new(&head.headers, body.contiguous(0..body.len())))
    };
    let read: Vec<Whole> = answers.iter().filter_map(whole).collect();
    let answer = interpreter.answer(&read);
    let (mut head, _) =
        answers.into_iter().next().ok_or_else(|| FailedAttempt::broken("there is no answer"))?;
    match answer {
        Ok((answer, usage)) => {
            head.headers.insert(header::CONTENT_TYPE, interpreter.content_type());
            // What was begun (201, 202) is there now.
            head.status = StatusCode::OK;
            Ok(Committed::Translated(head, Bytes::from(answer), usage))
        }
        Err(Unanswered::Malformed(why)) => Err(FailedAttempt::broken(why.to_string())),
        Err(Unanswered::Refused(why)) => Err(FailedAttempt::refused(head, &why)),
    }
}

fn essence(head: &Parts) -> String {
    let text =
        head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

async fn hold_whole(
    answered: Answered,
    is_json: bool,
    limits: &Limits,
    mut hold: Hold,
) -> Result<Committed, FailedAttempt> {
    let Answered { head, mut body, deadlines } = answered;
    let mut scanner = Scanner::new(ScanLimits { depth_max: u16::MAX, members_max: 100_000 });
    let mut chunks = ChunkedBytes::new();
    while !body.is_end_stream() {
        let Some(frame) = deadlines.bound(true, pin!(body.frame())).await? else { break };
        let frame = frame.map_err(|error| FailedAttempt::broken(error.to_string()))?;
        let data = frame.into_data().unwrap_or_default();
        if is_json {
            scanner
                .feed(&data)
                .map_err(|error| FailedAttempt::broken(format!("the answer is not JSON: {error}")))?;
        }
        let fits = chunks.len() + data.len() <= limits.held_answer_bytes_max;
        let granted = fits && hold.grow(data.len(), limits.in_flight_bytes_max).is_ok();
        chunks.push(data);
        if !granted {
            return Ok(Committed::Opaque(head, Held::new(&chunks, hold), body, silence(&deadlines)));
        }
    }
    if chunks.is_empty() {
        return Err(FailedAttempt::broken("the answer is empty"));
    }
    if !is_json {
        return Ok(Committed::Whole(head, WholeBody { held: Held::new(&chunks, hold), document: None }));
    }
    let outline = scanner
        .finish()
        .map_err(|error| FailedAttempt::broken(format!("the answer is not JSON: {error}")))?;
    let document = Document::from_parts(chunks, outline);
    let held = Held::new(document.body(), hold);
    Ok(Committed::Whole(head, WholeBody { held, document: Some(document) }))
}

/// Bytes that mean something from the first one on: sure as soon as there is one.
async fn hold_first(answered: Answered) -> Result<Committed, FailedAttempt> {
    let Answered { head, mut body, deadlines } = answered;
    loop {
        let Some(frame) = deadlines.bound(false, pin!(body.frame())).await? else {
            return Err(FailedAttempt::broken("the answer is empty"));
        };
        let frame = frame.map_err(|error| FailedAttempt::broken(error.to_string()))?;
        if let Some(first) = frame.into_data().ok().filter(|data| !data.is_empty()) {
            return Ok(Committed::Opaque(head, Held::from(first), body, silence(&deadlines)));
        }
    }
}

/// Some providers answer 200 with nothing but an error object (OpenRouter does, its errors page says so).
fn refuse_error_in_disguise(
    document: &Document,
    endpoint: Endpoint,
    settings: &AttemptSettings<'_>,
) -> Result<(), FailedAttempt> {
    let expected = match endpoint {
        Endpoint::ChatCompletions | Endpoint::Completions => "choices",
        Endpoint::Embeddings | Endpoint::ImageGenerations | Endpoint::ImageEdits => "data",
        _ => return Ok(()),
    };
    let has = |member| document.member(member).ok().flatten();
    match has("error") {
        Some(error) if error.kind() == Kind::Object && has(expected).is_none() => {
            let body = document.body().range(0..document.body().len());
            Err(stream_failure(&ProviderError::parse(&body), settings).into())
        }
        _ => Ok(()),
    }
}

async fn hold_stream(
    answered: Answered,
    (mut passage, pace): (Passage, Option<Pace>),
    mut splitter: Splitter,
    settings: &AttemptSettings<'_>,
    limits: &Limits,
) -> Result<Committed, FailedAttempt> {
    let Answered { head, mut body, deadlines } = answered;
    let mut held = Vec::with_capacity(1);
    let mut held_bytes = 0;
    let mut response_id = None;
    loop {
        let Some(frame) = deadlines.bound(false, pin!(body.frame())).await? else {
            return Err(FailedAttempt::broken("the stream ended before its first content"));
        };
        let frame = frame.map_err(|error| FailedAttempt::broken(error.to_string()))?;
        let (batch, breach) = match splitter.push(frame.into_data().unwrap_or_default()) {
            Ok(batch) => (batch, None),
            Err(error) => (*error.before.clone(), Some(error)),
        };
        let sure = first_content(&batch, &mut passage, settings, &mut response_id)?;
        if let Some(error) = breach.filter(|_| !sure) {
            return Err(FailedAttempt::broken(error.to_string()));
        }
        held_bytes += batch.bytes.len();
        held.push(batch);
        if sure || held_bytes > limits.held_answer_bytes_max {
            let silence = silence(&deadlines);
            let redaction = Redaction::of(settings.credential);
            let pace = pace.map(Box::new);
            let mut start = RelayStart { passage, splitter, held, rest: body, silence, pace, redaction };
            if start.pace.is_some() {
                prove(&mut start, &deadlines, settings, limits).await?;
            }
            return Ok(Committed::Stream(head, Box::new(start), response_id));
        }
    }
}

/// Whether a batch holds something for the reader. All of it is taken, as a translation cannot stop in the middle.
///
/// # Errors
/// When it holds an error instead.
fn first_content(
    batch: &Batch,
    passage: &mut Passage,
    settings: &AttemptSettings<'_>,
    response_id: &mut Option<String>,
) -> Result<bool, FailedAttempt> {
    let mut sure = false;
    for frame in batch.frames() {
        match passage.hold(frame) {
            EventKind::Content | EventKind::Usage | EventKind::End => {
                sure = true;
                if matches!(passage, Passage::Same(_)) {
                    return Ok(true);
                }
            }
            EventKind::Error(error) => return Err(stream_failure(&error, settings).into()),
            EventKind::Malformed => {
                return Err(FailedAttempt::broken("the stream's first event is not JSON"));
            }
            EventKind::Preamble if response_id.is_none() => *response_id = response_id_in(frame),
            EventKind::Preamble | EventKind::Comment | EventKind::Other => {}
        }
    }
    Ok(sure)
}

/// The failure that an error inside a 200 answer stands for.
fn stream_failure(error: &ProviderError, settings: &AttemptSettings<'_>) -> Failure {
    let status = status_in(error).unwrap_or(502);
    let class = match classify_error(status, error, &settings.target.provider) {
        FailureClass::Broken => FailureClass::Provider,
        class => class,
    };
    let text = Redaction::of(settings.credential).message(error.message.as_deref().unwrap_or("no message"));
    let retry_after = error.wait().filter(|_| asks_for_patience(status));
    Failure { class, status: Some(status), retry_after, detail: format!("error in the answer: {text}") }
}

/// The id of the response that a Responses stream announces in its first event.
fn response_id_in(frame: Frame<'_>) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Announcement {
        response: Announced,
    }
    #[derive(serde::Deserialize)]
    struct Announced {
        id: String,
    }
    serde_json::from_slice::<Announcement>(&frame.data()).ok().map(|event| event.response.id)
}

/// What an answer that is on its way may still take.
fn silence(deadlines: &Deadlines) -> Silence {
    Silence::new(deadlines.idle(), deadlines.total_until())
}
