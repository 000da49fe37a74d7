//! A provider's stream, piece by piece: each event is a whole answer that goes on where the last one stopped (Gemini API
//! reference, `streamGenerateContent`). There is no last event; a stream ends with the connection after a reason to finish.

mod candidate;

use self::candidate::Candidate;
use super::answer_reader::{blocked, service_tier};
use super::call_ids::AnswerIds;
use crate::convert::codec::StreamReader;
use crate::convert::form::{Delta, Opening, Part, Place, Step, Stop};
use crate::formats::gemini::usage_of;
use crate::formats::{EventKind, ProviderError};
use crate::framing::Frame;
use crate::json::Value;

/// Most candidates of one answer that are followed.
const CANDIDATES_MAX: usize = 128;

#[derive(Default)]
pub(super) struct Reader {
    begun: bool,
    ids: AnswerIds,
    candidates: Vec<Candidate>,
}

type Steps<'s> = &'s mut dyn FnMut(Step<'_>);

impl StreamReader for Reader {
    fn read(&mut self, frame: Frame<'_>, steps: Steps<'_>) -> EventKind {
        if frame.is_comment_only() {
            return EventKind::Comment;
        }
        let data = frame.data();
        if data.is_empty() {
            return EventKind::Other;
        }
        let Ok(chunk) = Value::parse(&data) else { return EventKind::Malformed };
        let is_error = |value: &Value<'_>| value.get("error").is_some_and(Value::has_substance);
        if is_error(&chunk) || chunk.elements().iter().any(is_error) {
            return EventKind::Error(ProviderError::of(&chunk));
        }
        self.chunk(&chunk, steps).unwrap_or(EventKind::Malformed)
    }

    fn finish(&mut self, steps: Steps<'_>) {
        for (number, candidate) in (0..).zip(&mut self.candidates) {
            candidate.close(number, steps);
        }
    }
}

impl Reader {
    /// A piece of the answer; none where it is not what the format says.
    fn chunk(&mut self, chunk: &Value<'_>, steps: Steps<'_>) -> Option<EventKind> {
        if !std::mem::replace(&mut self.begun, true) {
            let text = |key: &str| chunk.present(key).and_then(Value::text);
            self.ids = AnswerIds::of(text("responseId").as_ref());
            steps(Step::Begin { id: text("responseId"), model: text("modelVersion"), created: None });
        }
        if let Some(tier) = service_tier(chunk) {
            steps(Step::ServiceTier(tier));
        }
        let candidates = chunk.present("candidates").map(Value::elements).unwrap_or_default();
        let mut says = false;
        for candidate in candidates {
            says |= self.candidate(candidate, steps)?;
        }
        if candidates.is_empty() && self.candidates.is_empty() {
            says |= self.blocked(chunk, steps);
        }
        if let Some(usage) = usage_of(chunk) {
            steps(Step::Usage(usage));
        }
        Some(if says { EventKind::Content } else { EventKind::Preamble })
    }

    fn candidate(&mut self, candidate: &Value<'_>, steps: Steps<'_>) -> Option<bool> {
        let number = candidate.get("index").and_then(Value::as_u64).unwrap_or(0);
        let place = usize::try_from(number).ok().filter(|place| *place < CANDIDATES_MAX)?;
        if self.candidates.len() <= place {
            self.candidates.resize_with(place + 1, Candidate::default);
        }
        let state = self.candidates.get_mut(place)?;
        state.chunk(u32::try_from(place).ok()?, candidate, &mut self.ids, steps)
    }

    /// A prompt that was blocked has no candidates.
    fn blocked(&mut self, chunk: &Value<'_>, steps: Steps<'_>) -> bool {
        let Some(choice) = blocked(chunk) else { return false };
        let place = Place { choice: 0, part: 0 };
        if let Some(Part::Refusal(message)) = choice.parts.into_iter().next() {
            steps(Step::Open(place, Opening::Refusal));
            steps(Step::Delta(place, Delta::Text(message)));
            steps(Step::Close(place));
        }
        steps(Step::Finish { choice: 0, stop: Stop::Filtered });
        self.candidates.push(Candidate::ended());
        true
    }
}
