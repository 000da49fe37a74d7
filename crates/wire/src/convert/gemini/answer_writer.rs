//! An answer for a client.

use super::citations::{self, Support};
use super::part_writer::write_thought;
use super::prompt_writer::tier;
use super::{logprobs, media, stop, thoughts};
use crate::convert::Format;
use crate::convert::client::ClientContext;
use crate::convert::form::{Answer, Choice, Citation, Media, Part, ToolCall};
use crate::convert::messages::block_writer::object_or_empty;
use crate::formats::Usage;
use crate::json::{ArrayWriter, ObjectWriter, Text, object};

/// What sound of a model is, where it is not said: what Google's own is ("Speech generation").
pub(super) const SOUND: &str = "audio/L16;codec=pcm;rate=24000";

pub(super) fn write(answer: &Answer<'_>, client: &ClientContext) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    object(&mut out, |body| {
        body.array("candidates", |array| {
            for (index, choice) in (0..).zip(&answer.choices) {
                array.object(|candidate| write_candidate(candidate, index, choice));
            }
        });
        body.object("usageMetadata", |usage| {
            write_usage(usage, &answer.usage, answer.service_tier.as_ref());
        });
        write_head(body, answer.id.as_ref(), answer.model.as_ref(), client);
    });
    out
}

/// Writes what every answer, and every piece of a streamed one, ends with.
pub(super) fn write_head(
    body: &mut ObjectWriter<'_>,
    id: Option<&Text<'_>>,
    model: Option<&Text<'_>>,
    client: &ClientContext,
) {
    body.text("modelVersion", model.unwrap_or(&Text::from(client.model.as_str())));
    body.text("responseId", id.unwrap_or(&Text::from(client.token.as_str())));
}

fn write_candidate(candidate: &mut ObjectWriter<'_>, index: u64, choice: &Choice<'_>) {
    let parts: Vec<&Part<'_>> = choice.parts.iter().filter(|part| is_sayable(part)).collect();
    candidate.object("content", |content| {
        if !parts.is_empty() {
            content.array("parts", |array| parts.iter().for_each(|part| write_part(array, part)));
        }
        content.str("role", "model");
    });
    candidate.str("finishReason", stop::name(choice.stop.as_ref()));
    candidate.number("index", index);
    write_citations(candidate, &parts);
    if !choice.logprobs.is_empty() {
        logprobs::write(candidate, &choice.logprobs);
    }
}

fn is_sayable(part: &Part<'_>) -> bool {
    match part {
        Part::Foreign(foreign) => foreign.format == Format::Gemini,
        Part::ToolResult(_) => false,
        _ => true,
    }
}

fn write_part(array: &mut ArrayWriter<'_>, part: &Part<'_>) {
    if let Part::Foreign(foreign) = part {
        return array.raw(foreign.raw);
    }
    array.object(|object| match part {
        Part::Text { text, .. } | Part::Refusal(text) => object.text("text", text),
        Part::Thought(thought) => {
            write_thought(object, thought);
            object.text_if("thoughtSignature", thought.seal.as_ref().map(thoughts::signature).as_ref());
        }
        Part::ToolCall(call) => {
            object.object("functionCall", |function| write_call(function, call));
            object.text_if("thoughtSignature", call.seal.as_ref().map(thoughts::signature).as_ref());
        }
        Part::Image(image) => media::write(object, image, "image/png"),
        Part::Audio(sound) => media::write(object, sound, SOUND),
        Part::Video(film) => media::write(object, film, "video/mp4"),
        Part::Document(document) => media::write_document(object, document),
        Part::ToolResult(_) | Part::Foreign(_) => {}
    });
}

fn write_call(function: &mut ObjectWriter<'_>, call: &ToolCall<'_>) {
    function.text("id", &call.id);
    function.text("name", &call.name);
    if call.is_free_text {
        function.object("args", |args| args.text("input", &call.input));
    } else {
        function.raw("args", object_or_empty(&call.input.plain()));
    }
}

/// Writes the bytes of a picture or of sound.
pub(super) fn write_bytes(array: &mut ArrayWriter<'_>, media: &Media<'_>, usual: &str) {
    array.object(|part| media::write(part, media, usual));
}

fn write_citations(candidate: &mut ObjectWriter<'_>, parts: &[&Part<'_>]) {
    let texts: Vec<_> = (0..)
        .zip(parts)
        .filter_map(|(index, part)| match part {
            Part::Text { text, citations, .. } if !citations.is_empty() => {
                Some((index, text.plain(), citations))
            }
            _ => None,
        })
        .collect();
    let supports: Vec<Support<'_, '_>> = texts
        .iter()
        .flat_map(|(part, text, citations)| citations.iter().map(|citation| support(*part, text, citation)))
        .collect();
    citations::write(candidate, &supports);
}

fn support<'c, 'a>(part: u64, text: &'c str, citation: &'c Citation<'a>) -> Support<'c, 'a> {
    let bytes = citation.span.map_or((0, text.len() as u64), |span| citations::bytes(text, span));
    let whole = |byte: u64| usize::try_from(byte).unwrap_or(usize::MAX);
    Support { part, bytes, text: text.get(whole(bytes.0)..whole(bytes.1)), citation }
}

/// Writes the members of `usageMetadata`: Google counts thinking beside the candidates.
pub(super) fn write_usage(object: &mut ObjectWriter<'_>, usage: &Usage, service_tier: Option<&Text<'_>>) {
    let (input, output) = (usage.input_tokens.unwrap_or(0), usage.output_tokens.unwrap_or(0));
    let thoughts = usage.reasoning_tokens.unwrap_or(0);
    object.number("promptTokenCount", input);
    object.number("candidatesTokenCount", output.saturating_sub(thoughts));
    object.number("totalTokenCount", input.saturating_add(output));
    object.number_if("cachedContentTokenCount", usage.cached_input_tokens);
    object.number_if("thoughtsTokenCount", usage.reasoning_tokens);
    let modalities = [usage.input_audio_tokens, usage.input_image_tokens];
    write_details(object, "promptTokensDetails", input, modalities);
    let modalities = [usage.output_audio_tokens, usage.output_image_tokens];
    write_details(object, "candidatesTokensDetails", output.saturating_sub(thoughts), modalities);
    let cached = usage.cached_input_tokens.unwrap_or(0);
    let modalities = [usage.cached_audio_tokens, usage.cached_image_tokens];
    write_details(object, "cacheTokensDetails", cached, modalities);
    if let Some(tier) = service_tier.and_then(tier) {
        object.str("serviceTier", tier);
    }
}

/// Writes which of the tokens are of sound and of pictures, where there are any.
fn write_details(object: &mut ObjectWriter<'_>, key: &str, all: u64, [audio, image]: [Option<u64>; 2]) {
    let (audio, image) = (audio.unwrap_or(0), image.unwrap_or(0));
    if audio == 0 && image == 0 {
        return;
    }
    let text = all.saturating_sub(audio).saturating_sub(image);
    object.array(key, |details| {
        for (modality, tokens) in [("TEXT", text), ("AUDIO", audio), ("IMAGE", image)] {
            if tokens > 0 {
                details.object(|detail| {
                    detail.str("modality", modality);
                    detail.number("tokenCount", tokens);
                });
            }
        }
    });
}
