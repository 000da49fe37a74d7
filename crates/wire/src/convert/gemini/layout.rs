//! The conversation as Google takes it: sides that alternate, no content without parts, results in the order of their calls and
//! before anything else, and proofs of thinking at the parts that were said after it.
//!
//! Ids of calls are not sent: Vertex AI refuses them (`Unknown name "id"`), and without them Gemini matches results to calls by
//! name and order.

use std::collections::VecDeque;

use super::generation::Generation;
use super::prompt_reader::CACHED;
use super::thoughts::NO_SIGNATURE;
use crate::convert::Format;
use crate::convert::form::{Part, Prompt, Seal, Thought};
use crate::convert::prompt_shape::{Say, dialogue, instructions};
use crate::json::Text;

/// One side's say.
pub(super) struct Content<'p, 'a> {
    pub(super) is_model: bool,
    pub(super) parts: Vec<Said<'p, 'a>>,
}

/// A part, and the proof of the thinking before it.
pub(super) struct Said<'p, 'a> {
    /// None for an empty text that only carries the proof.
    pub(super) part: Option<&'p Part<'a>>,
    pub(super) signature: Option<&'p Text<'a>>,
    /// Whether it is a call without a proof that has to be there.
    pub(super) lacks_proof: bool,
}

impl Said<'_, '_> {
    /// The signature to write.
    pub(super) fn written_signature(&self) -> Option<Text<'_>> {
        match self.signature {
            Some(Text::Source(quoted)) => Some(Text::Source(quoted)),
            Some(Text::Made(text)) => Some(Text::from(text.as_ref())),
            None => self.lacks_proof.then_some(Text::from(NO_SIGNATURE)),
        }
    }
}

/// The contents of a prompt.
pub(super) fn contents<'p, 'a>(prompt: &'p Prompt<'a>, generation: Generation) -> Vec<Content<'p, 'a>> {
    let mut contents: Vec<Content<'p, 'a>> = Vec::new();
    let mut calls: Vec<&'p Text<'a>> = Vec::new();
    for say in dialogue(prompt) {
        let (is_model, said) = match say.is_assistant {
            true => (true, sealed(&say.parts)),
            false => (false, answered(&say, &calls)),
        };
        if is_model {
            calls = say.parts.iter().filter_map(|part| call_id(part)).collect();
        }
        match contents.last_mut() {
            _ if said.is_empty() => {}
            Some(last) if last.is_model == is_model => last.parts.extend(said),
            _ => contents.push(Content { is_model, parts: said }),
        }
    }
    if generation.is_third {
        mark_unproven(&mut contents);
    }
    contents
}

/// The parts of all instructions that say something.
pub(super) fn system<'p, 'a: 'p>(prompt: &'p Prompt<'a>) -> Vec<Said<'p, 'a>> {
    instructions(prompt).filter(|part| says_something(part) && !is_cached(part)).map(bare).collect()
}

/// The name of what was said before and is kept by Google.
pub(super) fn cached<'a>(prompt: &Prompt<'a>) -> Option<&'a str> {
    prompt.turns.iter().flat_map(|turn| &turn.parts).find_map(|part| match part {
        Part::Foreign(foreign) if is_cached(part) => Some(foreign.raw),
        _ => None,
    })
}

fn is_cached(part: &Part<'_>) -> bool {
    matches!(part, Part::Foreign(foreign) if foreign.format == Format::Gemini && foreign.kind.plain() == CACHED)
}

fn bare<'p, 'a>(part: &'p Part<'a>) -> Said<'p, 'a> {
    Said { part: Some(part), signature: None, lacks_proof: false }
}

/// An empty text is refused.
fn says_something(part: &Part<'_>) -> bool {
    match part {
        Part::Text { text, .. } | Part::Refusal(text) => !text.is_empty(),
        _ => true,
    }
}

fn call_id<'p, 'a>(part: &'p Part<'a>) -> Option<&'p Text<'a>> {
    match part {
        Part::ToolCall(call) => Some(&call.id),
        _ => None,
    }
}

/// What the user's side says: the results first, in the order of the calls.
fn answered<'p, 'a>(say: &Say<'p, 'a>, calls: &[&Text<'a>]) -> Vec<Said<'p, 'a>> {
    let place = |part: &Part<'_>| match part {
        Part::ToolResult(result) => {
            calls.iter().position(|id| id.plain() == result.call.plain()).unwrap_or(calls.len())
        }
        _ => usize::MAX,
    };
    let mut parts: Vec<&'p Part<'a>> =
        say.parts.iter().copied().filter(|part| says_something(part)).collect();
    parts.sort_by_key(|part| place(part));
    parts.into_iter().map(bare).collect()
}

/// What the model said, each proof at the part that it belongs to. Formats without a place for the proof of a call have it as
/// thinking of its own, right after the call or before the calls.
fn sealed<'p, 'a>(parts: &[&'p Part<'a>]) -> Vec<Said<'p, 'a>> {
    let mut said: Vec<Said<'p, 'a>> = Vec::new();
    let mut waiting: VecDeque<&'p Text<'a>> = VecDeque::new();
    for part in parts.iter().copied().filter(|part| says_something(part)) {
        match part {
            Part::Thought(thought) => match own(thought.seal.as_ref()) {
                Some(signature) if !has_words(thought) => match said.last_mut() {
                    Some(last) if waiting.is_empty() && is_unsealed_call(last) => {
                        last.signature = Some(signature);
                    }
                    _ => waiting.push_back(signature),
                },
                signature if thought.seal.is_none() || signature.is_some() => {
                    settle(&mut said, &mut waiting);
                    said.push(Said { signature, ..bare(part) });
                }
                // Another provider's thinking.
                _ => {}
            },
            Part::ToolCall(call) => {
                let signature = own(call.seal.as_ref()).or_else(|| waiting.pop_front());
                said.push(Said { signature, ..bare(part) });
            }
            part => {
                settle(&mut said, &mut waiting);
                said.push(bare(part));
            }
        }
    }
    settle(&mut said, &mut waiting);
    said
}

/// Gives proofs without a call to the part before them, or to an empty text of their own.
fn settle<'p, 'a>(said: &mut Vec<Said<'p, 'a>>, waiting: &mut VecDeque<&'p Text<'a>>) {
    for signature in waiting.drain(..) {
        match said.last_mut() {
            Some(last) if last.signature.is_none() && !matches!(last.part, Some(Part::Thought(_))) => {
                last.signature = Some(signature);
            }
            _ => said.push(Said { part: None, signature: Some(signature), lacks_proof: false }),
        }
    }
}

fn own<'p, 'a>(seal: Option<&'p Seal<'a>>) -> Option<&'p Text<'a>> {
    seal.filter(|seal| seal.format == Format::Gemini).map(|seal| &seal.data)
}

fn has_words(thought: &Thought<'_>) -> bool {
    thought.text.iter().chain(&thought.summary).any(|text| !text.is_empty())
}

fn is_unsealed_call(said: &Said<'_, '_>) -> bool {
    said.signature.is_none() && matches!(said.part, Some(Part::ToolCall(_)))
}

/// Gemini 3 refuses the first call of an answer without a proof, since the user last spoke.
fn mark_unproven(contents: &mut [Content<'_, '_>]) {
    let is_result = |said: &Said<'_, '_>| matches!(said.part, Some(Part::ToolResult(_)));
    let last_spoken =
        contents.iter().rposition(|content| !content.is_model && !content.parts.iter().all(is_result));
    for content in contents.iter_mut().skip(last_spoken.map_or(0, |place| place + 1)) {
        let mut calls = content.parts.iter_mut().filter(|said| matches!(said.part, Some(Part::ToolCall(_))));
        if let Some(first) = calls.next() {
            first.lacks_proof = first.signature.is_none();
        }
    }
}
