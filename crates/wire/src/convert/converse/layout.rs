//! The conversation as Bedrock takes it: sides that alternate, no message without content, no blank text, a text beside
//! every document, and marks of cached prompts where they may stand (API reference, `Message`; what it refuses otherwise).

use super::family::Family;
use super::thoughts;
use crate::convert::form::{Cache, Part, Prompt, ToolResult};
use crate::convert::prompt_shape::{dialogue, instructions};

/// One side's say.
pub(super) struct Message<'p, 'a> {
    pub(super) is_assistant: bool,
    pub(super) blocks: Vec<Block<'p, 'a>>,
}

/// A block of a message.
pub(super) enum Block<'p, 'a> {
    Part(&'p Part<'a>),
    CachePoint(Cache),
}

/// The messages of a prompt.
pub(super) fn messages<'p, 'a>(prompt: &'p Prompt<'a>, family: Family) -> Vec<Message<'p, 'a>> {
    let mut messages: Vec<Message<'p, 'a>> = Vec::new();
    for say in dialogue(prompt) {
        let mut blocks = blocks(say.parts.into_iter(), family);
        match messages.last_mut() {
            _ if blocks.is_empty() => {}
            Some(last) if last.is_assistant == say.is_assistant => last.blocks.append(&mut blocks),
            _ => messages.push(Message { is_assistant: say.is_assistant, blocks }),
        }
    }
    messages
}

/// The instructions of a prompt.
pub(super) fn system<'p, 'a>(prompt: &'p Prompt<'a>, family: Family) -> Vec<Block<'p, 'a>> {
    blocks(instructions(prompt), family)
}

impl Message<'_, '_> {
    /// Whether it holds a document and no text, which Bedrock refuses.
    pub(super) fn lacks_text(&self) -> bool {
        let any = |is: fn(&Part<'_>) -> bool| {
            self.blocks.iter().any(|block| matches!(block, Block::Part(part) if is(part)))
        };
        any(|part| matches!(part, Part::Document(_)))
            && !any(|part| matches!(part, Part::Text { .. } | Part::Refusal(_)))
    }
}

fn blocks<'p, 'a: 'p>(parts: impl Iterator<Item = &'p Part<'a>>, family: Family) -> Vec<Block<'p, 'a>> {
    let mut blocks = Vec::new();
    for part in parts.filter(|part| is_said(part, family)) {
        blocks.push(Block::Part(part));
        if let Some(cache) = mark(part).filter(|_| family.takes_cache_points()) {
            mark_end(&mut blocks, cache);
        }
    }
    blocks
}

/// Whether a part says something to the model: a blank text is refused, in what a tool gave as well.
pub(super) fn is_said(part: &Part<'_>, family: Family) -> bool {
    match part {
        Part::Text { text, .. } | Part::Refusal(text) => !text.plain().trim().is_empty(),
        Part::Thought(thought) => thought.seal.as_ref().is_some_and(|seal| thoughts::is_taken(seal, family)),
        _ => true,
    }
}

/// Where a prompt may be kept up to: at a part, or within what a tool gave, which ends with it.
fn mark(part: &Part<'_>) -> Option<Cache> {
    match part {
        Part::ToolResult(ToolResult { cache: None, parts, .. }) => parts.iter().rev().find_map(Part::cache),
        part => part.cache(),
    }
}

/// A mark right after a document or a film is refused, so it stands before them; one with nothing before it is left out.
fn mark_end(blocks: &mut Vec<Block<'_, '_>>, cache: Cache) {
    let is_file = |block: &Block<'_, '_>| matches!(block, Block::Part(Part::Document(_) | Part::Video(_)));
    let end = blocks.iter().rposition(|block| !is_file(block)).map_or(0, |last| last + 1);
    let after_mark = end.checked_sub(1).and_then(|last| blocks.get(last));
    if after_mark.is_some_and(|block| !matches!(block, Block::CachePoint(_))) {
        blocks.insert(end, Block::CachePoint(cache));
    }
}
