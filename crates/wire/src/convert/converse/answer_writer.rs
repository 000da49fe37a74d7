//! An answer for a client.

use super::media::{self, Kind};
use super::{citations, settings_reader, stop, thoughts};
use crate::convert::Format;
use crate::convert::client::ClientContext;
use crate::convert::form::{Answer, Media, Part, Stop, ToolCall};
use crate::convert::messages::block_writer::object_or_empty;
use crate::formats::Usage;
use crate::json::{ArrayWriter, ObjectWriter, Text, object};

/// The tiers that Bedrock's clients know (service model, `ServiceTierType`).
const TIERS: [&str; 4] = ["priority", "default", "flex", "reserved"];

pub(super) fn write(answer: &Answer<'_>, client: &ClientContext) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    let choice = answer.choices.first();
    let stop = choice.and_then(|choice| choice.stop.as_ref());
    object(&mut out, |body| {
        body.object("output", |output| {
            output.object("message", |message| {
                message.str("role", "assistant");
                message.array("content", |blocks| {
                    let parts = choice.map(|choice| choice.parts.as_slice()).unwrap_or_default();
                    parts.iter().for_each(|part| write_part(blocks, part));
                });
            });
        });
        body.str("stopReason", stop::name(stop));
        if let Some(sequence) = told_sequence(stop, client) {
            body.object("additionalModelResponseFields", |fields| fields.text("stop_sequence", sequence));
        }
        write_metadata(body, &answer.usage, answer.service_tier.as_ref());
    });
    out
}

/// The stop sequence, for a client that asks for it.
pub(super) fn told_sequence<'s, 'a>(
    stop: Option<&'s Stop<'a>>,
    client: &ClientContext,
) -> Option<&'s Text<'a>> {
    let asks = client.echoed.iter().any(|(name, _)| name == settings_reader::RESPONSE_PATHS);
    match stop {
        Some(Stop::Sequence(Some(sequence))) if asks => Some(sequence),
        _ => None,
    }
}

fn write_part(blocks: &mut ArrayWriter<'_>, part: &Part<'_>) {
    match part {
        Part::Text { text, citations, .. } => blocks.object(|block| match citations.as_slice() {
            [] => block.text("text", text),
            citations => citations::write(block, text, citations),
        }),
        Part::Refusal(text) => blocks.object(|block| block.text("text", text)),
        Part::ToolCall(call) => {
            blocks.object(|block| block.object("toolUse", |object| write_call(object, call)))
        }
        Part::Thought(thought) => blocks.object(|block| {
            block.object("reasoningContent", |content| thoughts::write(content, thought));
        }),
        Part::Image(media) => write_media(blocks, "image", Kind::Image, media),
        Part::Audio(media) => write_media(blocks, "audio", Kind::Audio, media),
        Part::Video(media) => write_media(blocks, "video", Kind::Video, media),
        Part::Foreign(foreign) if foreign.format == Format::Converse => blocks.raw(foreign.raw),
        Part::Document(_) | Part::ToolResult(_) | Part::Foreign(_) => {}
    }
}

/// A client of Bedrock fetches nothing from elsewhere than S3.
fn write_media(blocks: &mut ArrayWriter<'_>, key: &str, kind: Kind, media: &Media<'_>) {
    if media::is_sendable(&media.source) {
        blocks.object(|block| block.object(key, |object| media::write(object, kind, media)));
    }
}

/// Writes a call, of a request or of an answer.
pub(super) fn write_call(object: &mut ObjectWriter<'_>, call: &ToolCall<'_>) {
    object.text("toolUseId", &call.id);
    object.text("name", &call.name);
    if call.is_free_text {
        object.object("input", |input| input.text("input", &call.input));
    } else {
        object.raw("input", object_or_empty(&call.input.plain()));
    }
}

/// Writes what an answer, or the end of a stream, says beside the message.
pub(super) fn write_metadata(body: &mut ObjectWriter<'_>, usage: &Usage, tier: Option<&Text<'_>>) {
    body.object("usage", |object| write_usage(object, usage));
    // Clients expect it; how long the provider took is not told by others.
    body.raw("metrics", r#"{"latencyMs":0}"#);
    let tier = tier.map(Text::plain);
    let tier = tier.as_deref().map(|tier| if tier == "standard" { "default" } else { tier });
    if let Some(tier) = tier.filter(|tier| TIERS.contains(tier)) {
        body.object("serviceTier", |object| object.str("type", tier));
    }
}

/// Writes the members of `usage`: Bedrock counts cached tokens beside the input.
fn write_usage(object: &mut ObjectWriter<'_>, usage: &Usage) {
    let cached = usage.cached_input_tokens.unwrap_or(0);
    let written = usage.cache_write_tokens.unwrap_or(0);
    let all_input = usage.input_tokens.unwrap_or(0);
    let output = usage.output_tokens.unwrap_or(0);
    object.number("inputTokens", all_input.saturating_sub(cached).saturating_sub(written));
    object.number("outputTokens", output);
    object.number("totalTokens", all_input.saturating_add(output));
    object.number_if("cacheReadInputTokens", usage.cached_input_tokens);
    object.number_if("cacheWriteInputTokens", usage.cache_write_tokens);
    if let Some(hour) = usage.cache_write_1h_tokens {
        object.array("cacheDetails", |details| {
            let written = [("1h", hour), ("5m", written.saturating_sub(hour))];
            for (ttl, tokens) in written.into_iter().filter(|(_, tokens)| *tokens > 0) {
                details.object(|detail| {
                    detail.str("ttl", ttl);
                    detail.number("inputTokens", tokens);
                });
            }
        });
    }
}
