//! An answer of a provider.

use super::message_reader;
use super::stop;
use crate::convert::codec::Malformed;
use crate::convert::data_url;
use crate::convert::form::{Answer, Choice, Citation, Media, Part, Source, Stop, TokenChance};
use crate::convert::read::Path;
use crate::formats::Usage;
use crate::json::{Text, Value};

pub(super) fn read<'a>(answer: &Value<'a>) -> Result<Answer<'a>, Malformed> {
    let choices = answer.present("choices").map(Value::elements).unwrap_or_default();
    if choices.is_empty() {
        return Err(Malformed("the answer has no `choices`".to_owned()));
    }
    let usage = answer.get("usage").and_then(Usage::of_openai).unwrap_or_default();
    Ok(Answer {
        id: answer.present("id").and_then(Value::text),
        model: answer.present("model").and_then(Value::text),
        created: answer.present("created").and_then(Value::as_u64),
        choices: choices.iter().map(choice).collect::<Result<_, _>>()?,
        usage: usage.with_tier(answer.get("service_tier")),
        service_tier: answer.present("service_tier").and_then(Value::text),
    })
}

fn choice<'a>(choice: &Value<'a>) -> Result<Choice<'a>, Malformed> {
    let message = choice.get("message").ok_or_else(|| Malformed("a choice has no `message`".to_owned()))?;
    let mut parts = message_reader::thoughts(message);
    parts.extend(content(message));
    parts.extend(images(message));
    let refusal = message.present("refusal").and_then(Value::text).filter(|text| !text.is_empty());
    parts.extend(refusal.map(Part::Refusal));
    parts.extend(calls(message)?);
    let stop = choice.present("finish_reason").and_then(Value::text).map(stop::read);
    Ok(Choice { stop: Some(settled(stop, &parts)), parts, logprobs: logprobs(choice) })
}

fn settled<'a>(stop: Option<Stop<'a>>, parts: &[Part<'a>]) -> Stop<'a> {
    let calls = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
    let refuses = parts.iter().any(|part| matches!(part, Part::Refusal(_)));
    stop::settled(stop, calls, refuses)
}

fn content<'a>(message: &Value<'a>) -> Vec<Part<'a>> {
    let Some(content) = message.present("content") else { return spoken(message) };
    if let Some(text) = content.text() {
        if text.is_empty() {
            return spoken(message);
        }
        return vec![Part::Text { text, citations: citations(message), cache: None }];
    }
    // Mistral's reasoning models answer in parts.
    content.elements().iter().filter_map(part).collect()
}

fn part<'a>(part: &Value<'a>) -> Option<Part<'a>> {
    if let Some(thinking) = part.present("thinking") {
        let text = thinking.text().or_else(|| thinking.elements().first()?.get("text")?.text())?;
        let thought = crate::convert::form::Thought { text: Some(text), ..Default::default() };
        return Some(Part::Thought(thought));
    }
    part.get("text")?.text().map(Part::text)
}

/// The words of a spoken answer, and its sound.
fn spoken<'a>(message: &Value<'a>) -> Vec<Part<'a>> {
    let Some(audio) = message.present("audio") else { return Vec::new() };
    let mut parts: Vec<Part<'a>> =
        audio.present("transcript").and_then(Value::text).map(Part::text).into_iter().collect();
    if let Some(data) = audio.present("data").and_then(Value::text) {
        parts.push(Part::Audio(Media {
            source: Source::Inline(data),
            media_type: None,
            detail: None,
            cache: None,
        }));
    }
    parts
}

/// Pictures of an answer (OpenRouter, "Image generation").
fn images<'a>(message: &Value<'a>) -> Vec<Part<'a>> {
    let images = message.present("images").map(Value::elements).unwrap_or_default();
    let media = |image: &Value<'a>| {
        let url: Text<'a> = image.at(&["image_url", "url"])?.text()?;
        let (source, media_type) = match data_url::split(&url) {
            Some((media_type, base64)) => (Source::Inline(base64), Some(media_type)),
            None => (Source::Url(url), None),
        };
        Some(Part::Image(Media { source, media_type, detail: None, cache: None }))
    };
    images.iter().filter_map(media).collect()
}

/// `annotations` of a message or of a delta.
pub(super) fn citations<'a>(message: &Value<'a>) -> Vec<Citation<'a>> {
    let annotations = message.present("annotations").map(Value::elements).unwrap_or_default();
    let citation = |annotation: &Value<'a>| {
        let url = annotation.get("url_citation")?;
        let number = |key: &str| url.get(key).and_then(Value::as_u64);
        Some(Citation {
            url: url.present("url").and_then(Value::text),
            title: url.present("title").and_then(Value::text),
            span: number("start_index").zip(number("end_index")),
            ..Citation::default()
        })
    };
    annotations.iter().filter_map(citation).collect()
}

fn calls<'a>(message: &Value<'a>) -> Result<Vec<Part<'a>>, Malformed> {
    let path = &Path::ROOT;
    let listed = message.present("tool_calls").map(Value::elements).unwrap_or_default();
    let mut calls = Vec::new();
    for call in listed {
        calls.push(message_reader::tool_call(call, path).map_err(|error| Malformed(error.message))?);
    }
    if let Some(call) = message.present("function_call") {
        calls.push(message_reader::function_call(call, path).map_err(|error| Malformed(error.message))?);
    }
    Ok(calls.into_iter().map(Part::ToolCall).collect())
}

/// `logprobs.content` of a choice, whole or of a chunk.
pub(super) fn logprobs<'a>(choice: &Value<'a>) -> Vec<TokenChance<'a>> {
    let tokens = choice.at(&["logprobs", "content"]).map(Value::elements).unwrap_or_default();
    tokens.iter().filter_map(token).collect()
}

fn token<'a>(token: &Value<'a>) -> Option<TokenChance<'a>> {
    let top = token.present("top_logprobs").map(Value::elements).unwrap_or_default();
    Some(TokenChance {
        token: token.get("token")?.text()?,
        logprob: token.get("logprob")?.as_number()?,
        bytes: token.present("bytes").map(Value::raw),
        top: top.iter().filter_map(self::token).collect(),
    })
}
