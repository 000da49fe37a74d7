//! Going on with a stream that broke off after its first content: a further call, at the target whose turn it is, is given the text so far.

use std::sync::Arc;

use bytes::Bytes;
use domain::route::Target;
use domain::{Endpoint, ErrorCode, Failure, Provider, Route};
use engine::{Walk, estimated_tokens};
use smallvec::SmallVec;
use telemetry::events::{ResumeOutcome, StreamResumed};
use wire::convert::{self, ClientContext, Format, Marks};
use wire::json::{Document, ScanLimits, Value};

use super::Call;
use super::dispatch::Dispatch;
use super::encode::{Draft, WayBack};
use super::failed::FailedAttempt;
use super::give_up::Attempts;
use super::hold::Committed;
use super::translate::client_context;
use crate::answer::{Going, GoneOn, Successor};
use crate::dialect::{endpoint_of, format_of};
use crate::ending::{BrokenOff, Ending};
use crate::gateway::Gateway;
use crate::keeping::points_elsewhere;

/// Where a client allows that its answer is of several.
const ALLOWED: &str = "x-tollgate-resume";
/// What it takes to go on with the answer to a request.
pub(super) struct Resumption {
    call: Box<Call>,
    route: Arc<Route>,
    walk: Walk,
    format: Format,
}

impl Resumption {
    /// Keeps a request that is answered by a stream, where the route and the client want it to be gone on with and it could be.
    pub(super) fn keep(call: Box<Call>, route: Arc<Route>, walk: Walk) -> Option<Self> {
        let is_wanted = is_wanted(&call, &route, &walk);
        let format = format_of(call.endpoint).filter(|_| is_wanted && may_go_on(&call))?;
        Some(Self { call, route, walk, format })
    }

    async fn go_on_from(
        mut self,
        said: String,
        failure: Failure,
        mut ending: Box<Ending>,
    ) -> (Box<Ending>, Option<GoneOn>) {
        let broken = ending.broke_off();
        let mut told = Told::of(&self.call, &failure, said.len(), broken);
        self.call.said = Some(said.into_boxed_str());
        let Self { call, route, walk, format } = self;
        let mut attempts = Attempts::default();
        let (mut ending, walk, found) = match Dispatch::again(&call, &route, walk, ending, &mut attempts) {
            Ok(dispatch) => dispatch.after(&failure).await,
            Err(ending) => {
                told.outcome = ResumeOutcome::Failed;
                return (ending, None);
            }
        };
        ending.tries_further(attempts.into_made());
        let Some((target, Committed::Stream(_, start, _))) = found else {
            told.outcome = ResumeOutcome::Failed;
            return (ending, None);
        };
        told.outcome = ResumeOutcome::Resumed;
        drop(told);
        let model = call.model_at(&target);
        let spoken = start.passage.source().map_or(format, |source| source.format());
        let prefill = target.provider.prefill(endpoint_of(spoken, false), model);
        let repeats = prefill.is_some_and(|prefill| prefill.repeats);
        let by = format!("{}/{model}", target.provider.name);
        let successor = Box::new(Self { call, route, walk, format });
        (ending, Some(GoneOn { start, repeats, by, successor }))
    }
}

impl Successor for Resumption {
    fn format(&self) -> Format {
        self.format
    }

    fn client(&self) -> ClientContext {
        let stream_usage = self.call.facts.include_usage == Some(true);
        ClientContext { stream_usage, ..client_context(&self.call, self.call.client_model()) }
    }

    fn go_on(self: Box<Self>, said: String, failure: Failure, ending: Box<Ending>) -> Going {
        Box::pin(self.go_on_from(said, failure, ending))
    }
}

/// Whether the target wants it, and the client allows it: by a header, or by a route of its own that says so.
pub(super) fn is_wanted(call: &Call, route: &Route, walk: &Walk) -> bool {
    let is_allowed = route.name.is_none() || call.headers.get(ALLOWED).is_some_and(|value| value == "true");
    is_allowed && walk.target().is_some_and(|target| target.resume)
}

/// Whether nothing but words come of a request, for which nobody but its provider is needed.
fn may_go_on(call: &Call) -> bool {
    if !call.facts.stream || call.form.is_some() || is_bound(call) {
        return false;
    }
    let body = call.document.body();
    let request = body.contiguous(0..body.len());
    let (Ok(value), Some(format)) = (Value::parse(&request), format_of(call.endpoint)) else { return false };
    convert::read_prompt(&value, format).is_ok_and(|prompt| convert::may_go_on(&prompt))
}

/// Whether a request of the Responses API is one provider's: it keeps what the request goes on from, or works on without its client.
fn is_bound(call: &Call) -> bool {
    let flag = |member| call.document.member(member).ok().flatten().and_then(|value| value.as_bool());
    let in_background = || call.kept.is_none() && flag("background") == Some(true);
    call.endpoint == Endpoint::Responses && (points_elsewhere(&call.document).is_some() || in_background())
}

/// Whether a target can be asked for the rest of an answer in a format.
pub(super) fn goes_on_in(call: &Call, provider: &Provider, model: &str, format: Option<Format>) -> bool {
    let prefill = || provider.prefill(endpoint_of(format?, false), model);
    call.said.is_none() || prefill().is_some()
}

/// The request of a target that goes on with what was said.
///
/// # Errors
/// When the target's model does not.
pub(super) fn going_on<'t>(
    call: &Call,
    target: &'t Target,
    draft: Draft<'t>,
    said: &str,
) -> Result<Draft<'t>, FailedAttempt> {
    let (provider, model) = (&target.provider, call.model_at(target));
    let format = match &draft.way_back {
        WayBack::Same { .. } => format_of(call.endpoint),
        WayBack::Translated(interpreter) => interpreter.prompt().map(convert::Translation::provider),
        WayBack::Upgraded => None,
    };
    let refused = || {
        let message = format!("{}/{model} does not go on with an answer", provider.name);
        FailedAttempt::objection(ErrorCode::NotTranslatable, message)
    };
    let format = format.ok_or_else(refused)?;
    let prefill = provider.prefill(endpoint_of(format, false), model).ok_or_else(refused)?;
    let document = Document::parse(joined(&draft.body), ScanLimits::default()).map_err(|_| refused())?;
    let tokens_said = estimated_tokens(u64::try_from(said.len()).unwrap_or(u64::MAX));
    let marks = Marks { turn: &prefill.turn, request: &prefill.request };
    let body =
        convert::going_on(format, &document, said, tokens_said, marks).ok().flatten().ok_or_else(refused)?;
    Ok(Draft { body: body.into_iter().collect(), ..draft })
}

fn joined(pieces: &SmallVec<[Bytes; 4]>) -> Bytes {
    match &pieces[..] {
        [only] => only.clone(),
        pieces => pieces.concat().into(),
    }
}

/// The account of what broke off. Dropped before its end is known, its client has left.
struct Told {
    request_id: String,
    gateway: Arc<Gateway>,
    detail: String,
    said_bytes: usize,
    broken: BrokenOff,
    outcome: ResumeOutcome,
}

impl Told {
    fn of(call: &Call, failure: &Failure, said_bytes: usize, broken: BrokenOff) -> Self {
        Self {
            request_id: call.origin.id.as_str().to_owned(),
            gateway: Arc::clone(&call.origin.gateway),
            detail: failure.detail.clone(),
            said_bytes,
            broken,
            outcome: ResumeOutcome::Cancelled,
        }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        let BrokenOff { provider: Some(provider), model, usage, cost } = &self.broken else { return };
        let event = StreamResumed {
            request_id: &self.request_id,
            provider: &provider.meters,
            model: model.as_deref(),
            detail: &self.detail,
            said_bytes: self.said_bytes,
            usage: *usage,
            cost: *cost,
            outcome: self.outcome,
        };
        event.emit(&self.gateway.telemetry);
    }
}
