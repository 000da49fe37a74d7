//! Why an answer ends.

use crate::convert::form::Stop;
use crate::json::{ObjectWriter, Text};

/// Reads `stop_reason` and `stop_sequence`.
pub(super) fn read<'a>(reason: Text<'a>, sequence: Option<Text<'a>>) -> Stop<'a> {
    match reason.plain().as_ref() {
        "end_turn" => Stop::Complete,
        "max_tokens" => Stop::Length,
        "stop_sequence" => Stop::Sequence(sequence),
        "tool_use" => Stop::ToolCalls,
        "pause_turn" => Stop::Paused,
        "refusal" => Stop::Refused,
        "model_context_window_exceeded" => Stop::ContextFull,
        _ => Stop::Other(reason),
    }
}

/// Writes `stop_reason` and `stop_sequence`.
pub(super) fn write(object: &mut ObjectWriter<'_>, stop: Option<&Stop<'_>>) {
    let reason = match stop {
        None | Some(Stop::Complete | Stop::MalformedCall | Stop::Other(_) | Stop::Sequence(None)) => {
            "end_turn"
        }
        Some(Stop::Sequence(Some(_))) => "stop_sequence",
        Some(Stop::Length) => "max_tokens",
        Some(Stop::ContextFull) => "model_context_window_exceeded",
        Some(Stop::ToolCalls) => "tool_use",
        Some(Stop::Filtered | Stop::Refused) => "refusal",
        Some(Stop::Paused) => "pause_turn",
    };
    object.str("stop_reason", reason);
    match stop {
        Some(Stop::Sequence(Some(text))) => object.text("stop_sequence", text),
        _ => object.null("stop_sequence"),
    }
}
