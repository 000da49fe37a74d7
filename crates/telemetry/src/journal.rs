//! What the journal is told: a line of JSON for each request.

use std::sync::Arc;
use std::time::Duration;

use domain::ports::journal::{Journal, JournalNews};
use domain::{ApiKey, EnvironmentName, TeamName};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::Telemetry;
use crate::cost::Unpriced;
use crate::events::{FeedbackGiven, RequestEnded, RequestRefused, microseconds, milliseconds};
use crate::meters::operation_name;

/// The journal of a process, and its clock.
#[derive(Debug)]
pub(crate) struct Records {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) wall_clock: fn() -> Timestamp,
}

/// What a request asked for and why it went where it went, for records and the log. Nobody else needs it, so it is made only where somebody
/// [wants](Telemetry::wants_particulars) it.
#[derive(Debug, Clone, Default)]
pub struct Particulars {
    /// The model or route as its client named it.
    pub model: Option<Box<str>>,
    /// Whether its answer was to be a stream.
    pub stream: bool,
    /// Where it must be served, as its client says.
    pub region: Option<Box<str>>,
    /// What is said of it, by its client and its key, as a JSON object.
    pub metadata: Option<Box<RawValue>>,
    /// How long its body was.
    pub body_bytes: u64,
    /// The decision, as JSON.
    pub decision: Option<Box<RawValue>>,
}

/// Whose a request is.
#[derive(Serialize)]
struct Whose<'a> {
    key: &'a str,
    workspace: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    team: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'a str>,
}

#[derive(Serialize)]
struct ServedBy<'a> {
    provider: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
}

#[derive(Serialize)]
struct Ended<'a> {
    kind: &'static str,
    /// When it came.
    at: Timestamp,
    request_id: &'a str,
    #[serde(flatten)]
    whose: Whose<'a>,
    endpoint: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
    body_bytes: u64,
    status: u16,
    outcome: &'static str,
    served_by: ServedBy<'a>,
    attempts: u32,
    duration_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_token_ms: Option<u64>,
    overhead_us: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cached_input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_usd: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unpriced: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Refused<'a> {
    kind: &'static str,
    at: Timestamp,
    request_id: &'a str,
    #[serde(flatten)]
    whose: Option<Whose<'a>>,
    status: u16,
    code: &'static str,
    message: &'a str,
}

#[derive(Serialize)]
struct Rated<'a> {
    kind: &'static str,
    at: Timestamp,
    feedback_id: &'a str,
    request_id: &'a str,
    #[serde(flatten)]
    whose: Whose<'a>,
    value: f64,
    weight: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
}

impl Records {
    /// Writes down the end of a request of which the particulars are known.
    pub(crate) fn ended(&self, event: &RequestEnded<'_>, particulars: &Particulars) {
        self.append(&Ended {
            kind: "request",
            at: self.before(event.duration),
            request_id: event.request_id,
            whose: whose(event.key),
            endpoint: operation_name(event.endpoint),
            model: particulars.model.as_deref(),
            stream: particulars.stream,
            region: particulars.region.as_deref(),
            metadata: particulars.metadata.as_deref(),
            body_bytes: particulars.body_bytes,
            status: event.status,
            outcome: event.outcome.name(),
            served_by: ServedBy { provider: event.provider.name().as_str(), model: event.model },
            attempts: event.attempts,
            duration_ms: milliseconds(event.duration),
            first_token_ms: event.first_token.map(milliseconds),
            overhead_us: microseconds(event.overhead),
            input_tokens: event.usage.input_tokens,
            cached_input_tokens: event.usage.cached_input_tokens,
            output_tokens: event.usage.output_tokens,
            cost_usd: event.cost.and_then(Result::ok).map(|cost| cost.to_string()),
            unpriced: event.cost.and_then(Result::err).map(Unpriced::name),
            decision: particulars.decision.as_deref(),
        });
    }

    /// Writes down a refusal.
    pub(crate) fn refused(&self, event: &RequestRefused<'_>) {
        self.append(&Refused {
            kind: "refusal",
            at: (self.wall_clock)(),
            request_id: event.request_id,
            whose: event.key.map(whose),
            status: event.code.status(),
            code: event.code.code(),
            message: event.message,
        });
    }

    /// Writes down what a client said of an answer.
    pub(crate) fn rated(&self, event: &FeedbackGiven<'_>) {
        self.append(&Rated {
            kind: "feedback",
            at: (self.wall_clock)(),
            feedback_id: event.feedback_id,
            request_id: event.request_id,
            whose: whose(event.key),
            value: event.value,
            weight: event.weight,
            metadata: event.metadata,
        });
    }

    fn before(&self, past: Duration) -> Timestamp {
        let now = (self.wall_clock)();
        now.checked_sub(past).unwrap_or(now)
    }

    fn append(&self, record: &impl Serialize) {
        // What is written here has no keys that are not texts, so it always has a form.
        if let Ok(line) = serde_json::to_vec(record) {
            self.journal.append(&line);
        }
    }
}

fn whose(key: &ApiKey) -> Whose<'_> {
    let subject = &key.subject;
    Whose {
        key: key.name.as_str(),
        workspace: subject.workspace.name.as_str(),
        team: subject.team.as_ref().map(TeamName::as_str),
        user: subject.user.as_ref().map(|user| user.name.as_str()),
        environment: subject.environment.as_ref().map(EnvironmentName::as_str),
    }
}

impl Telemetry {
    /// Writes requests down from now on; the first journal stays.
    pub fn keep_journal(&self, journal: Arc<dyn Journal>, wall_clock: fn() -> Timestamp) {
        let _ = self.records.set(Records { journal, wall_clock });
    }

    /// Tells how the journal does.
    pub fn hear_of_journal(&self, news: JournalNews<'_>) {
        match news {
            JournalNews::Lost(records) => {
                self.meters.records.lost.inc_by(records);
            }
            JournalNews::Failing(detail) => {
                self.meters.records.failing.set(1);
                tracing::error!(target: "tollgate::journal", detail, "the journal cannot be written");
            }
            JournalNews::Working => {
                self.meters.records.failing.set(0);
                tracing::warn!(target: "tollgate::journal", "the journal can be written again");
            }
        }
    }
}
