//! An answer of a provider.

use super::call_ids::AnswerIds;
use super::part_reader::{self, RawPart};
use super::prompt_reader::tier_of_google;
use super::{citations, logprobs, stop};
use crate::convert::codec::{Malformed, Objection};
use crate::convert::form::{Answer, Choice, Part, Stop, ToolCall};
use crate::convert::read::Path;
use crate::formats::gemini::usage_of;
use crate::json::{Text, Value};

pub(super) fn read<'a>(answer: &Value<'a>) -> Result<Answer<'a>, Malformed> {
    let candidates = answer.present("candidates").map(Value::elements).unwrap_or_default();
    let id = answer.present("responseId").and_then(Value::text);
    let mut ids = AnswerIds::of(id.as_ref());
    let mut choices = Vec::with_capacity(candidates.len().max(1));
    for (index, value) in candidates.iter().enumerate() {
        let path = Path::ROOT.member("candidates");
        let read = choice(value, &mut ids, &path.element(index));
        choices.push(read.map_err(|objection| Malformed(objection.message))?);
    }
    if choices.is_empty() {
        choices.push(blocked(answer).ok_or_else(|| Malformed("the answer has no `candidates`".to_owned()))?);
    }
    Ok(Answer {
        id,
        model: answer.present("modelVersion").and_then(Value::text),
        created: None,
        choices,
        usage: usage_of(answer).unwrap_or_default(),
        service_tier: service_tier(answer),
    })
}

/// The tier that the answer was served in.
pub(super) fn service_tier(answer: &Value<'_>) -> Option<Text<'static>> {
    answer.at(&["usageMetadata", "serviceTier"]).and_then(Value::text).as_ref().and_then(tier_of_google)
}

/// The answer to a prompt that was blocked: the filter's, in its own words where it has some.
pub(super) fn blocked<'a>(answer: &Value<'a>) -> Option<Choice<'a>> {
    let feedback = answer.present("promptFeedback")?;
    feedback.present("blockReason")?;
    let message = feedback.present("blockReasonMessage").and_then(Value::text);
    let parts = message.filter(|message| !message.is_empty()).map(Part::Refusal).into_iter().collect();
    Some(Choice { parts, stop: Some(Stop::Filtered), logprobs: Vec::new() })
}

fn choice<'a>(candidate: &Value<'a>, ids: &mut AnswerIds, path: &Path<'_>) -> Result<Choice<'a>, Objection> {
    let listed = candidate.at(&["content", "parts"]).map(Value::elements).unwrap_or_default();
    let path = path.member("content");
    let path = path.member("parts");
    let mut parts = Vec::with_capacity(listed.len());
    // Where the parts of the candidate begin among those of the form.
    let mut places = Vec::with_capacity(listed.len());
    for (index, value) in listed.iter().enumerate() {
        places.push(parts.len());
        part(value, ids, &path.element(index), &mut parts)?;
    }
    cite(&mut parts, &places, candidate);
    let has_calls = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
    let reason = candidate.present("finishReason").and_then(Value::text);
    let stop = reason.map(|reason| stop::read(reason, has_calls));
    Ok(Choice { parts, stop, logprobs: logprobs::read(candidate) })
}

fn part<'a>(
    part: &Value<'a>,
    ids: &mut AnswerIds,
    path: &Path<'_>,
    parts: &mut Vec<Part<'a>>,
) -> Result<(), Objection> {
    let raw = RawPart::of(part);
    let Some(call) = raw.call() else {
        parts.extend(part_reader::read(part, raw, path)?);
        return Ok(());
    };
    let call = part_reader::call(call, &path.member("functionCall"))?;
    let (id, name, input) = (ids.next(call.id), call.name, call.input);
    parts.push(Part::ToolCall(ToolCall {
        id,
        name,
        input,
        is_free_text: false,
        seal: raw.seal,
        cache: None,
    }));
    Ok(())
}

/// Gives the sources to the texts that they are for.
fn cite<'a>(parts: &mut [Part<'a>], places: &[usize], candidate: &Value<'a>) {
    for found in citations::read(candidate) {
        let place = found.part.and_then(|index| places.get(usize::try_from(index).ok()?).copied());
        let is_text = |part: &Part<'_>| matches!(part, Part::Text { .. });
        let place = place.filter(|place| parts.get(*place).is_some_and(is_text));
        let Some(place) = place.or_else(|| parts.iter().position(is_text)) else { return };
        if let Some(Part::Text { text, citations, .. }) = parts.get_mut(place) {
            let span = found.bytes.map(|bytes| citations::characters(&text.plain(), bytes));
            let mut citation = found.citation;
            citation.span = span;
            citations.push(citation);
        }
    }
}
