//! A provider's stream, chunk by chunk.

mod choice;

use self::choice::ChoiceState;
use super::stop;
use crate::convert::codec::StreamReader;
use crate::convert::form::Step;
use crate::formats::{EventKind, ProviderError, Usage};
use crate::framing::Frame;
use crate::json::Value;

/// The data that ends the stream (OpenAI API reference, "Streaming").
const DONE: &[u8] = b"[DONE]";
/// Most choices of one answer that are followed; OpenAI allows 128.
const CHOICES_MAX: usize = 128;

#[derive(Default)]
pub(super) struct Reader {
    begun: bool,
    choices: Vec<ChoiceState>,
}

impl StreamReader for Reader {
    fn read(&mut self, frame: Frame<'_>, steps: &mut dyn FnMut(Step<'_>)) -> EventKind {
        if frame.is_comment_only() {
            return EventKind::Comment;
        }
        let data = frame.data();
        if data.trim_ascii() == DONE {
            return EventKind::End;
        }
        if data.is_empty() {
            return EventKind::Other;
        }
        match Value::parse(&data) {
            Ok(chunk) => match error_of(&chunk) {
                Some(error) => EventKind::Error(error),
                None => self.chunk(&chunk, steps),
            },
            Err(_) => EventKind::Malformed,
        }
    }

    fn finish(&mut self, steps: &mut dyn FnMut(Step<'_>)) {
        for (number, choice) in (0..).zip(&mut self.choices) {
            choice.end(number, None, steps);
        }
    }
}

impl Reader {
    fn chunk(&mut self, chunk: &Value<'_>, steps: &mut dyn FnMut(Step<'_>)) -> EventKind {
        if !std::mem::replace(&mut self.begun, true) {
            let text = |key: &str| chunk.present(key).and_then(Value::text);
            let created = chunk.present("created").and_then(Value::as_u64);
            steps(Step::Begin { id: text("id"), model: text("model"), created });
        }
        if let Some(tier) = chunk.present("service_tier").and_then(Value::text) {
            steps(Step::ServiceTier(tier));
        }
        let choices = chunk.present("choices").map(Value::elements).unwrap_or_default();
        let mut says = false;
        for choice in choices {
            says |= self.choice(choice, steps);
        }
        let usage = usage_of(chunk);
        if let Some(usage) = usage {
            steps(Step::Usage(usage));
        }
        match (says, usage) {
            (true, _) => EventKind::Content,
            (false, Some(_)) if choices.is_empty() => EventKind::Usage,
            (false, _) => EventKind::Preamble,
        }
    }

    fn choice(&mut self, choice: &Value<'_>, steps: &mut dyn FnMut(Step<'_>)) -> bool {
        let number = choice.get("index").and_then(Value::as_u64).unwrap_or(0);
        let Some(place) = usize::try_from(number).ok().filter(|place| *place < CHOICES_MAX) else {
            return false;
        };
        if self.choices.len() <= place {
            self.choices.resize_with(place + 1, ChoiceState::default);
        }
        let (Some(state), Ok(number)) = (self.choices.get_mut(place), u32::try_from(place)) else {
            return false;
        };
        let mut says = state.delta(number, choice, steps);
        if let Some(reason) = choice.present("finish_reason").and_then(Value::text) {
            state.end(number, Some(stop::read(reason)), steps);
            says = true;
        }
        says
    }
}

/// Groq reports usage beside the choices under a name of its own.
fn usage_of(chunk: &Value<'_>) -> Option<Usage> {
    let usage = chunk.present("usage").or_else(|| chunk.at(&["x_groq", "usage"]));
    Some(usage.and_then(Usage::of_openai)?.with_tier(chunk.get("service_tier")))
}

/// An error in place of a chunk, in any of the shapes in use.
fn error_of(chunk: &Value<'_>) -> Option<ProviderError> {
    let is_error = chunk.get("object").and_then(Value::as_str).as_deref() == Some("error");
    let holds = |value: &Value<'_>| value.get("error").is_some_and(Value::has_substance);
    let choices = chunk.get("choices").map(Value::elements).unwrap_or_default();
    if is_error || holds(chunk) || chunk.elements().iter().any(holds) {
        return Some(ProviderError::of(chunk));
    }
    choices.iter().find(|choice| holds(choice)).map(ProviderError::of)
}
