//! Parts as content blocks of a request.

use super::answer_writer::write_call;
use super::document_names::Names;
use super::family::Family;
use super::layout::{self, Block, Message};
use super::media::{self, Kind};
use super::{cache_points, thoughts};
use crate::convert::form::{Cache, Part, ToolResult};
use crate::json::{ArrayWriter, ObjectWriter};

/// Writes the blocks of a message. A document without a text beside it gets its own name as one.
pub(super) fn write_message(
    message: &mut ObjectWriter<'_>,
    said: &Message<'_, '_>,
    family: Family,
    names: &mut Names,
) {
    message.str("role", if said.is_assistant { "assistant" } else { "user" });
    message.array("content", |blocks| {
        let mut name = None;
        for block in &said.blocks {
            name = write_block(blocks, block, family, names).or(name);
        }
        if let Some(name) = name.filter(|_| said.lacks_text()) {
            blocks.object(|block| block.str("text", &name));
        }
    });
}

/// Writes the blocks of the instructions.
pub(super) fn write_system(blocks: &mut ArrayWriter<'_>, said: &[Block<'_, '_>], family: Family) {
    for block in said {
        match block {
            Block::Part(Part::Text { text, .. } | Part::Refusal(text)) => {
                blocks.object(|block| block.text("text", text));
            }
            Block::Part(Part::Foreign(foreign)) => blocks.raw(foreign.raw),
            Block::Part(_) => {}
            Block::CachePoint(cache) => write_cache_point(blocks, *cache, family),
        }
    }
}

/// Writes a mark of a cached prompt. Only Claude models keep a prompt for an hour.
pub(super) fn write_cache_point(blocks: &mut ArrayWriter<'_>, cache: Cache, family: Family) {
    blocks.object(|block| {
        block.object("cachePoint", |point| {
            point.str("type", "default");
            if let Some(seconds) = cache.seconds.filter(|_| family.claude().is_some()) {
                point.str("ttl", cache_points::lifetime(seconds));
            }
        });
    });
}

/// Writes a block; the name of a document is given back.
fn write_block(
    blocks: &mut ArrayWriter<'_>,
    block: &Block<'_, '_>,
    family: Family,
    names: &mut Names,
) -> Option<String> {
    let part = match block {
        Block::Part(part) => part,
        Block::CachePoint(cache) => {
            write_cache_point(blocks, *cache, family);
            return None;
        }
    };
    match part {
        Part::ToolCall(call) => {
            blocks.object(|block| block.object("toolUse", |object| write_call(object, call)))
        }
        Part::ToolResult(result) => blocks.object(|block| {
            block.object("toolResult", |object| write_result(object, result, family, names));
        }),
        Part::Thought(thought) => blocks.object(|block| {
            block.object("reasoningContent", |content| thoughts::write_own(content, thought));
        }),
        part => return write_content(blocks, part, names),
    }
    None
}

/// Writes what a message and a tool's result may both hold.
fn write_content(blocks: &mut ArrayWriter<'_>, part: &Part<'_>, names: &mut Names) -> Option<String> {
    let (key, kind, media) = match part {
        Part::Text { text, .. } | Part::Refusal(text) => {
            blocks.object(|block| block.text("text", text));
            return None;
        }
        Part::Document(document) => {
            let name = names.next();
            blocks.object(|block| {
                block.object("document", |object| media::write_document(object, document, &name));
            });
            return Some(name);
        }
        Part::Image(media) => ("image", Kind::Image, media),
        Part::Audio(media) => ("audio", Kind::Audio, media),
        Part::Video(media) => ("video", Kind::Video, media),
        Part::Foreign(foreign) => {
            blocks.raw(foreign.raw);
            return None;
        }
        Part::ToolCall(_) | Part::ToolResult(_) | Part::Thought(_) => return None,
    };
    blocks.object(|block| block.object(key, |object| media::write(object, kind, media)));
    None
}

fn write_result(object: &mut ObjectWriter<'_>, result: &ToolResult<'_>, family: Family, names: &mut Names) {
    object.text("toolUseId", &result.call);
    object.array("content", |blocks| {
        for part in result.parts.iter().filter(|part| layout::is_said(part, family)) {
            write_content(blocks, part, names);
        }
    });
    if result.failed == Some(true) && family.takes_status() {
        object.str("status", "error");
    }
}
