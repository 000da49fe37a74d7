//! Why an answer ends: `status` and `incomplete_details` of a response.

use crate::convert::form::{Part, Stop};
use crate::json::Value;

/// What a response says of its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outcome<'a> {
    /// `completed`, `incomplete`, `failed`, `cancelled`, `queued` or `in_progress`.
    pub(super) status: &'a str,
    /// The reason of `incomplete_details`.
    pub(super) incomplete: Option<&'a str>,
    /// The code and the message of `error`.
    pub(super) error: Option<(&'a str, &'a str)>,
}

impl Outcome<'static> {
    /// The answer goes on.
    pub(super) const IN_PROGRESS: Self = Self { status: "in_progress", incomplete: None, error: None };
    /// The answer is cut at a limit of tokens.
    pub(super) const CUT: Self =
        Self { status: "incomplete", incomplete: Some("max_output_tokens"), error: None };

    /// What a response says for a reason to stop: all that is no limit and no filter is a complete answer. A refusal that
    /// the model words itself is one, too.
    pub(super) fn of(stop: Option<&Stop<'_>>, refuses: bool) -> Self {
        match stop {
            Some(Stop::Length | Stop::ContextFull) => Self::CUT,
            Some(Stop::Refused) if refuses => Self::COMPLETE,
            Some(Stop::Filtered | Stop::Refused) => {
                Self { status: "incomplete", incomplete: Some("content_filter"), error: None }
            }
            _ => Self::COMPLETE,
        }
    }

    const COMPLETE: Self = Self { status: "completed", incomplete: None, error: None };
}

/// Why a finished response ended, which for a complete one follows from what it holds.
pub(super) fn read<'a>(response: &Value<'a>, has_calls: bool, refuses: bool) -> Stop<'a> {
    let reason = response.at(&["incomplete_details", "reason"]).and_then(Value::text);
    let is_incomplete = response.get("status").and_then(Value::as_str).as_deref() == Some("incomplete");
    match reason {
        Some(reason) => match reason.plain().as_ref() {
            "max_output_tokens" => Stop::Length,
            "content_filter" => Stop::Filtered,
            _ => Stop::Other(reason),
        },
        None if is_incomplete => Stop::Length,
        None if has_calls => Stop::ToolCalls,
        None if refuses => Stop::Refused,
        None => Stop::Complete,
    }
}

/// Whether among parts is a call for the client, and whether the model declines.
pub(super) fn calls_and_refuses(parts: &[Part<'_>]) -> (bool, bool) {
    let calls = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
    (calls, parts.iter().any(|part| matches!(part, Part::Refusal(_))))
}
