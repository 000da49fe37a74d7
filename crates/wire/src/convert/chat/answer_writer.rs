//! An answer for a client.

use super::prompt_writer::write_call;
use super::reasoning_details;
use super::stop;
use crate::convert::client::ClientContext;
use crate::convert::form::{Answer, Choice, Citation, Media, Part, Source, Thought, TokenChance, ToolCall};
use crate::formats::Usage;
use crate::json::{ArrayWriter, ObjectWriter, Text, object};

pub(super) fn write(answer: &Answer<'_>, client: &ClientContext) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    object(&mut out, |body| {
        match &answer.id {
            Some(id) => body.text("id", id),
            None => body.str("id", &format!("chatcmpl-{}", client.token)),
        }
        body.str("object", "chat.completion");
        body.number("created", answer.created.unwrap_or(client.created));
        body.text("model", answer.model.as_ref().unwrap_or(&Text::from(client.model.as_str())));
        body.array("choices", |choices| {
            for (index, choice) in (0..).zip(&answer.choices) {
                choices.object(|object| write_choice(object, index, choice));
            }
        });
        body.object("usage", |usage| write_usage(usage, &answer.usage));
        body.text_if("service_tier", answer.service_tier.as_ref());
    });
    out
}

fn write_choice(object: &mut ObjectWriter<'_>, index: u64, choice: &Choice<'_>) {
    object.number("index", index);
    object.object("message", |message| write_message(message, choice));
    write_logprobs(object, &choice.logprobs);
    let refuses = choice.parts.iter().any(|part| matches!(part, Part::Refusal(_)));
    object.str("finish_reason", choice.stop.as_ref().map_or("stop", |stop| stop::name(stop, refuses)));
}

fn write_message(message: &mut ObjectWriter<'_>, choice: &Choice<'_>) {
    message.str("role", "assistant");
    let texts: Vec<&Text<'_>> = choice.parts.iter().filter_map(text_of).collect();
    if texts.is_empty() {
        message.null("content");
    } else {
        message.joined("content", |out| texts.iter().for_each(|text| text.write_inner(out)));
    }
    let refusal = choice.parts.iter().find_map(|part| match part {
        Part::Refusal(text) => Some(text),
        _ => None,
    });
    match refusal {
        Some(text) => message.text("refusal", text),
        None => message.null("refusal"),
    }
    write_thoughts(message, &choice.parts);
    write_annotations(message, &choice.parts);
    write_media(message, &choice.parts);
    let calls: Vec<&ToolCall<'_>> = choice.parts.iter().filter_map(call_of).collect();
    if !calls.is_empty() {
        message.array("tool_calls", |array| {
            calls.iter().for_each(|call| array.object(|it| write_sealed_call(it, call)));
        });
    }
}

fn text_of<'p, 'a>(part: &'p Part<'a>) -> Option<&'p Text<'a>> {
    match part {
        Part::Text { text, .. } => Some(text),
        _ => None,
    }
}

fn call_of<'p, 'a>(part: &'p Part<'a>) -> Option<&'p ToolCall<'a>> {
    match part {
        Part::ToolCall(call) => Some(call),
        _ => None,
    }
}

/// A call with the proof of the thinking before it, where Google's own compatible endpoint puts it.
fn write_sealed_call(object: &mut ObjectWriter<'_>, call: &ToolCall<'_>) {
    write_call(object, call);
    if let Some(seal) = &call.seal {
        object.object("extra_content", |extra| {
            extra.object("google", |google| google.text("thought_signature", &seal.data));
        });
    }
}

fn write_thoughts(message: &mut ObjectWriter<'_>, parts: &[Part<'_>]) {
    let thoughts: Vec<&Thought<'_>> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Thought(thought) => Some(thought),
            _ => None,
        })
        .collect();
    if thoughts.is_empty() {
        return;
    }
    let words: Vec<&Text<'_>> =
        thoughts.iter().flat_map(|thought| thought.text.iter().chain(&thought.summary)).collect();
    if !words.is_empty() {
        message.joined("reasoning_content", |out| {
            for (index, text) in words.iter().enumerate() {
                if index > 0 {
                    out.extend_from_slice(b"\\n\\n");
                }
                text.write_inner(out);
            }
        });
    }
    message.array("reasoning_details", |array| {
        for (index, thought) in (0..).zip(&thoughts) {
            reasoning_details::write(array, thought, index);
        }
    });
}

fn write_annotations(message: &mut ObjectWriter<'_>, parts: &[Part<'_>]) {
    let citations: Vec<&Citation<'_>> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Text { citations, .. } => Some(citations),
            _ => None,
        })
        .flatten()
        .filter(|citation| citation.url.is_some())
        .collect();
    if !citations.is_empty() {
        message.array("annotations", |array| {
            citations.iter().for_each(|citation| write_citation(array, citation))
        });
    }
}

/// A citation of a page; OpenAI's chat knows no other.
pub(super) fn write_citation(array: &mut ArrayWriter<'_>, citation: &Citation<'_>) {
    array.object(|annotation| {
        annotation.str("type", "url_citation");
        annotation.object("url_citation", |url| {
            let (start, end) = citation.span.unwrap_or((0, 0));
            url.number("start_index", start);
            url.number("end_index", end);
            url.text("title", citation.title.as_ref().unwrap_or(&Text::from("")));
            url.text("url", citation.url.as_ref().unwrap_or(&Text::from("")));
        });
    });
}

fn write_media(message: &mut ObjectWriter<'_>, parts: &[Part<'_>]) {
    let images: Vec<&Media<'_>> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Image(media) => Some(media),
            _ => None,
        })
        .collect();
    if !images.is_empty() {
        message.array("images", |array| {
            for (index, media) in (0..).zip(&images) {
                array.object(|image| write_image(image, index, &media.source, media.media_type.as_ref()));
            }
        });
    }
    for part in parts {
        if let Part::Audio(Media { source: Source::Inline(data), .. }) = part {
            message.object("audio", |audio| audio.text("data", data));
        }
    }
}

/// A picture of an answer (OpenRouter, "Image generation").
pub(super) fn write_image(
    image: &mut ObjectWriter<'_>,
    index: u64,
    source: &Source<'_>,
    media_type: Option<&Text<'_>>,
) {
    image.str("type", "image_url");
    image.number("index", index);
    image.object("image_url", |url| match source {
        Source::Inline(base64) => url.joined("url", |out| {
            out.extend_from_slice(b"data:");
            media_type.unwrap_or(&Text::from("image/png")).write_inner(out);
            out.extend_from_slice(b";base64,");
            base64.write_inner(out);
        }),
        source => url.text("url", source.text()),
    });
}

/// Writes `logprobs` of a choice, whole or of a chunk.
pub(super) fn write_logprobs(object: &mut ObjectWriter<'_>, logprobs: &[TokenChance<'_>]) {
    if logprobs.is_empty() {
        return object.null("logprobs");
    }
    object.object("logprobs", |object| {
        object.array("content", |array| {
            for chance in logprobs {
                array.object(|token| {
                    write_token(token, chance);
                    token.array("top_logprobs", |array| {
                        chance.top.iter().for_each(|chance| array.object(|token| write_token(token, chance)));
                    });
                });
            }
        });
        object.null("refusal");
    });
}

fn write_token(object: &mut ObjectWriter<'_>, chance: &TokenChance<'_>) {
    object.text("token", &chance.token);
    object.raw("logprob", chance.logprob);
    object.raw("bytes", chance.bytes.unwrap_or("null"));
}

/// Writes the members of `usage`. What a provider did not report is 0, as clients need numbers.
pub(super) fn write_usage(object: &mut ObjectWriter<'_>, usage: &Usage) {
    let (input, output) = (usage.input_tokens.unwrap_or(0), usage.output_tokens.unwrap_or(0));
    object.number("prompt_tokens", input);
    object.number("completion_tokens", output);
    object.number("total_tokens", input.saturating_add(output));
    object.object("prompt_tokens_details", |details| {
        details.number("cached_tokens", usage.cached_input_tokens.unwrap_or(0));
        details.number_if("cache_write_tokens", usage.cache_write_tokens);
        details.number("audio_tokens", usage.input_audio_tokens.unwrap_or(0));
    });
    object.object("completion_tokens_details", |details| {
        details.number("reasoning_tokens", usage.reasoning_tokens.unwrap_or(0));
        details.number("audio_tokens", usage.output_audio_tokens.unwrap_or(0));
        details.number("accepted_prediction_tokens", 0);
        details.number("rejected_prediction_tokens", 0);
    });
}
