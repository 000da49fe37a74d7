//! Why an answer ends.

use crate::convert::form::Stop;
use crate::json::Text;

/// Reads `finish_reason`. Some calls end as complete.
pub(super) fn read(reason: Option<Text<'_>>, has_calls: bool) -> Stop<'_> {
    let Some(reason) = reason else { return settled(has_calls) };
    match reason.plain().as_ref() {
        "COMPLETE" => settled(has_calls),
        "STOP_SEQUENCE" => Stop::Sequence(None),
        "MAX_TOKENS" => Stop::Length,
        "TOOL_CALL" => Stop::ToolCalls,
        _ => Stop::Other(reason),
    }
}

fn settled(has_calls: bool) -> Stop<'static> {
    if has_calls { Stop::ToolCalls } else { Stop::Complete }
}

/// The `finish_reason` for it. Cohere has none for what a filter withheld but that something went wrong.
pub(super) fn name(stop: Option<&Stop<'_>>) -> &'static str {
    match stop {
        None | Some(Stop::Complete | Stop::Refused | Stop::Paused | Stop::Other(_)) => "COMPLETE",
        Some(Stop::Sequence(_)) => "STOP_SEQUENCE",
        Some(Stop::Length | Stop::ContextFull) => "MAX_TOKENS",
        Some(Stop::ToolCalls) => "TOOL_CALL",
        Some(Stop::Filtered | Stop::MalformedCall) => "ERROR",
    }
}
