//! Items of the output, whole: a message, thinking, a call, a picture. A stream writes them when they are done, an answer at
//! once.

use super::namespace::Namespaces;
use crate::convert::form::{Citation, Seal, TokenChance};
use crate::convert::{Format, seal};
use crate::json::{ArrayWriter, ObjectWriter, Text};

/// What every item begins with.
pub(super) struct Head<'h> {
    pub(super) kind: &'h str,
    pub(super) id: &'h str,
    /// `in_progress`, `completed` or `incomplete`.
    pub(super) status: &'h str,
}

impl Head<'_> {
    pub(super) fn write(&self, item: &mut ObjectWriter<'_>) {
        item.str("id", self.id);
        item.str("type", self.kind);
        item.str("status", self.status);
    }
}

/// Writes a message.
pub(super) fn write_message(
    item: &mut ObjectWriter<'_>,
    (id, status): (&str, &str),
    content: impl FnOnce(&mut ArrayWriter<'_>),
) {
    Head { kind: "message", id, status }.write(item);
    item.array("content", content);
    item.str("role", "assistant");
}

/// Writes a text of a message; `text` gives its escaped characters.
pub(super) fn write_text(
    part: &mut ObjectWriter<'_>,
    text: impl FnOnce(&mut Vec<u8>),
    annotations: impl FnOnce(&mut ArrayWriter<'_>),
    logprobs: impl FnOnce(&mut ArrayWriter<'_>),
) {
    part.str("type", "output_text");
    part.array("annotations", annotations);
    part.array("logprobs", logprobs);
    part.joined("text", text);
}

/// Writes a refusal of a message.
pub(super) fn write_refusal(part: &mut ObjectWriter<'_>, text: impl FnOnce(&mut Vec<u8>)) {
    part.str("type", "refusal");
    part.joined("refusal", text);
}

/// Writes thinking, with whoever's proof in a form that comes back.
pub(super) fn write_reasoning(
    item: &mut ObjectWriter<'_>,
    id: &str,
    summary: impl FnOnce(&mut ArrayWriter<'_>),
    content: Option<impl FnOnce(&mut ArrayWriter<'_>)>,
    sealed: Option<&Text<'_>>,
) {
    item.str("id", id);
    item.str("type", "reasoning");
    item.array("summary", summary);
    if let Some(content) = content {
        item.array("content", content);
    }
    item.text_if("encrypted_content", sealed);
}

/// Writes a paragraph of a summary.
pub(super) fn write_summary(part: &mut ObjectWriter<'_>, text: impl FnOnce(&mut Vec<u8>)) {
    part.str("type", "summary_text");
    part.joined("text", text);
}

/// Writes the words of thinking.
pub(super) fn write_thinking(part: &mut ObjectWriter<'_>, text: impl FnOnce(&mut Vec<u8>)) {
    part.str("type", "reasoning_text");
    part.joined("text", text);
}

/// A call that is written.
pub(super) struct Call<'c> {
    pub(super) item_id: &'c str,
    pub(super) status: &'c str,
    /// What its result refers to.
    pub(super) id: &'c Text<'c>,
    pub(super) name: &'c Text<'c>,
    pub(super) is_free_text: bool,
}

impl Call<'_> {
    /// Writes it; `input` gives the escaped characters of its input.
    pub(super) fn write(
        &self,
        item: &mut ObjectWriter<'_>,
        namespaces: &Namespaces,
        input: impl FnOnce(&mut Vec<u8>),
    ) {
        let (kind, key) =
            if self.is_free_text { ("custom_tool_call", "input") } else { ("function_call", "arguments") };
        Head { kind, id: self.item_id, status: self.status }.write(item);
        item.joined(key, input);
        item.text("call_id", self.id);
        namespaces.write(item, self.name);
    }
}

/// The prefix of a call's item.
pub(super) fn call_prefix(is_free_text: bool) -> &'static str {
    if is_free_text { "ctc" } else { "fc" }
}

/// Writes a picture that the model has drawn.
pub(super) fn write_picture(
    item: &mut ObjectWriter<'_>,
    id: &str,
    base64: &Text<'_>,
    media_type: Option<&Text<'_>>,
) {
    Head { kind: "image_generation_call", id, status: "completed" }.write(item);
    item.text("result", base64);
    let format = media_type.map(|media_type| media_type.plain().into_owned());
    let format = format.as_deref().and_then(|media_type| media_type.strip_prefix("image/"));
    if let Some(format @ ("png" | "webp" | "jpeg" | "gif")) = format {
        item.str("output_format", format);
    }
}

/// Whether a citation can be written: it is of this format, or says at least a page.
pub(super) fn says_where(citation: &Citation<'_>) -> bool {
    let is_own = citation.original.as_ref().is_some_and(|original| original.format == Format::Responses);
    is_own || citation.url.is_some()
}

/// Writes a citation: as it stood if it is OpenAI's own, else as a page. One that does not say which characters it is for is
/// for all `characters` of the text.
pub(super) fn write_citation(array: &mut ArrayWriter<'_>, citation: &Citation<'_>, characters: u64) {
    if let Some(original) = citation.original.as_ref().filter(|original| original.format == Format::Responses)
    {
        return array.raw(original.raw);
    }
    array.object(|annotation| {
        let (start, end) = citation.span.unwrap_or((0, characters));
        annotation.str("type", "url_citation");
        annotation.number("start_index", start);
        annotation.number("end_index", end);
        annotation.text("title", citation.title.as_ref().unwrap_or(&Text::from("")));
        annotation.text("url", citation.url.as_ref().unwrap_or(&Text::from("")));
    });
}

/// Writes how likely tokens were.
pub(super) fn write_chances(array: &mut ArrayWriter<'_>, chances: &[TokenChance<'_>]) {
    for chance in chances {
        array.object(|token| {
            write_chance(token, chance);
            token.array("top_logprobs", |array| {
                chance.top.iter().for_each(|chance| array.object(|token| write_chance(token, chance)));
            });
        });
    }
}

fn write_chance(token: &mut ObjectWriter<'_>, chance: &TokenChance<'_>) {
    token.text("token", &chance.token);
    token.raw("bytes", chance.bytes.unwrap_or("[]"));
    token.raw("logprob", chance.logprob);
}

/// A seal as the client holds it.
pub(super) fn sealed<'a>(seal: &'a Seal<'_>) -> Text<'a> {
    seal::to_client(seal, Format::Responses)
}
