//! Events whose meaning follows from their name: Responses and Messages.

use super::{EventKind, Inspection, ProviderError};
use crate::framing::Frame;
use crate::json::Value;

/// Reads a frame in full; `read` knows the events of the format by name.
///
/// The providers write the name twice, in the data and beside it. Some compatible servers write only one of them, and
/// some end with the `[DONE]` of chat completions.
pub(super) fn inspect(frame: Frame<'_>, read: fn(&str, &Value<'_>) -> Inspection) -> Inspection {
    if frame.is_comment_only() {
        return Inspection::of(EventKind::Comment);
    }
    let data = frame.data();
    if data.trim_ascii() == b"[DONE]" {
        return Inspection::of(EventKind::End);
    }
    if data.is_empty() {
        return Inspection::of(EventKind::Other);
    }
    let Ok(event) = Value::parse(&data) else {
        return Inspection::of(EventKind::Malformed);
    };
    let in_data = event.get("type").and_then(|name| name.as_str());
    let in_event = frame.event().and_then(|name| std::str::from_utf8(name).ok());
    read(in_data.as_deref().or(in_event).unwrap_or_default(), &event)
}

/// What an event of an unknown name is: an error where it holds one, as gateways write it between.
pub(super) fn unknown(event: &Value<'_>) -> Inspection {
    let holds_error = event.get("error").is_some_and(|error| error.has_substance());
    Inspection::of(if holds_error { EventKind::Error(ProviderError::of(event)) } else { EventKind::Other })
}
