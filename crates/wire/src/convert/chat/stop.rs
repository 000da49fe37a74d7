//! Why an answer ends.

use crate::convert::form::Stop;
use crate::json::Text;

/// Reads `finish_reason`.
pub(super) fn read(reason: Text<'_>) -> Stop<'_> {
    match reason.plain().as_ref() {
        "stop" | "eos" | "end_turn" => Stop::Complete,
        "length" | "max_tokens" => Stop::Length,
        "tool_calls" | "function_call" | "tool_use" => Stop::ToolCalls,
        "content_filter" => Stop::Filtered,
        "model_length" => Stop::ContextFull,
        _ => Stop::Other(reason),
    }
}

/// The `finish_reason` for it: OpenAI knows five (API reference, "The chat completion object"), the rest becomes the nearest.
/// Where the refusal itself is told, the choice ends as any other.
pub(super) fn name(stop: &Stop<'_>, refuses: bool) -> &'static str {
    match stop {
        Stop::Refused if refuses => "stop",
        Stop::Complete | Stop::Sequence(_) | Stop::Paused | Stop::MalformedCall | Stop::Other(_) => "stop",
        Stop::Length | Stop::ContextFull => "length",
        Stop::ToolCalls => "tool_calls",
        Stop::Filtered | Stop::Refused => "content_filter",
    }
}

/// What a choice that holds calls or a refusal ends with. Some providers say `stop` after a call, or nothing at all; OpenAI
/// says `stop` after a refusal.
pub(super) fn settled(stop: Option<Stop<'_>>, has_calls: bool, refuses: bool) -> Stop<'_> {
    match stop {
        None | Some(Stop::Complete) if has_calls => Stop::ToolCalls,
        None | Some(Stop::Complete) if refuses => Stop::Refused,
        None => Stop::Complete,
        Some(stop) => stop,
    }
}
