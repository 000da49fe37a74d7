//! Why an answer ends (API reference, `Converse`, `stopReason`).

use crate::convert::form::Stop;
use crate::json::Text;

/// Reads `stopReason`, and the stop sequence where the model told it. Some models end a turn and call a tool nevertheless.
pub(super) fn read<'a>(reason: Text<'a>, sequence: Option<Text<'a>>, has_calls: bool) -> Stop<'a> {
    match reason.plain().as_ref() {
        "end_turn" if has_calls => Stop::ToolCalls,
        "end_turn" => Stop::Complete,
        "tool_use" => Stop::ToolCalls,
        "max_tokens" => Stop::Length,
        "stop_sequence" => Stop::Sequence(sequence),
        "guardrail_intervened" | "content_filtered" => Stop::Filtered,
        "malformed_tool_use" => Stop::MalformedCall,
        "model_context_window_exceeded" => Stop::ContextFull,
        _ => Stop::Other(reason),
    }
}

/// The `stopReason` for it.
pub(super) fn name(stop: Option<&Stop<'_>>) -> &'static str {
    match stop {
        None | Some(Stop::Complete | Stop::Paused | Stop::Other(_)) => "end_turn",
        Some(Stop::Sequence(_)) => "stop_sequence",
        Some(Stop::Length) => "max_tokens",
        Some(Stop::ContextFull) => "model_context_window_exceeded",
        Some(Stop::ToolCalls) => "tool_use",
        Some(Stop::Filtered | Stop::Refused) => "content_filtered",
        Some(Stop::MalformedCall) => "malformed_tool_use",
    }
}
