//! Why an answer ends (Gemini API reference, `FinishReason` and `BlockReason`).

use crate::convert::form::Stop;
use crate::json::Text;

/// Reads `finishReason`. The model stops to have its tools used as it does when it is done.
pub(super) fn read(reason: Text<'_>, has_calls: bool) -> Stop<'_> {
    match reason.plain().as_ref() {
        "STOP" if has_calls => Stop::ToolCalls,
        "STOP" => Stop::Complete,
        "MAX_TOKENS" | "CONTINUATION" => Stop::Length,
        "SAFETY"
        | "RECITATION"
        | "LANGUAGE"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION"
        | "MODEL_ARMOR"
        | "ESCALATION"
        | "PUP_LIMITED_DISABLED" => Stop::Filtered,
        "MALFORMED_FUNCTION_CALL" | "UNEXPECTED_TOOL_CALL" => Stop::MalformedCall,
        _ => Stop::Other(reason),
    }
}

/// The `finishReason` for it.
pub(super) fn name(stop: Option<&Stop<'_>>) -> &'static str {
    match stop {
        None | Some(Stop::Complete | Stop::Sequence(_) | Stop::ToolCalls | Stop::Paused) => "STOP",
        Some(Stop::Length | Stop::ContextFull) => "MAX_TOKENS",
        Some(Stop::Filtered | Stop::Refused) => "SAFETY",
        Some(Stop::MalformedCall) => "MALFORMED_FUNCTION_CALL",
        Some(Stop::Other(_)) => "OTHER",
    }
}
