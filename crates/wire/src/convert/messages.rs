//! Anthropic Messages (API reference, "Create a Message" and "Streaming Messages"), as version 2023-06-01 and 2026-10-21
//! have it.

mod answer_reader;
mod answer_writer;
mod block_reader;
pub(super) mod block_writer;
pub(super) mod generation;
pub(super) mod prompt_reader;
mod prompt_writer;
mod stop;
mod stream_reader;
mod stream_writer;
pub(super) mod thinking;

use super::client::ClientContext;
use super::codec::{Codec, Malformed, Objection, StreamReader, StreamWriter};
use super::feature::{Entry, Feature};
use super::form::{Answer, Prompt};
use super::identifier::{IdentifierRules, NameRule};
use super::translation::Target;
use crate::json::Value;

/// The format.
pub(super) struct Messages;

/// What Messages can say.
const FEATURES: &[Entry] = &[
    Entry::changed(Feature::LateInstructions, "messages[].role", "they move to the beginning"),
    Entry::whole(Feature::ImageInline, "messages[].content[].source"),
    Entry::whole(Feature::ImageUrl, "messages[].content[].source.url"),
    Entry::whole(Feature::ImageUpload, "messages[].content[].source.file_id"),
    Entry::whole(Feature::DocumentInline, "messages[].content[].source"),
    Entry::whole(Feature::DocumentUrl, "messages[].content[].source.url"),
    Entry::whole(Feature::DocumentUpload, "messages[].content[].source.file_id"),
    Entry::whole(Feature::DocumentText, "messages[].content[].source"),
    Entry::whole(Feature::DocumentName, "messages[].content[].title"),
    Entry::whole(Feature::DocumentContext, "messages[].content[].context"),
    Entry::whole(Feature::DocumentCitations, "messages[].content[].citations"),
    Entry::lost(Feature::CitationReplay, "messages[].content[].citations", "citations are not sent back"),
    Entry::lost(
        Feature::ThoughtReplay,
        "messages[].content[].thinking",
        "only thinking that a Claude model has signed is sent back",
    ),
    Entry::lost(
        Feature::SealReplay,
        "messages[].content[].signature",
        "another provider's thinking is not sent back",
    ),
    Entry::changed(Feature::RefusalReplay, "messages[].content", "a refusal becomes a text"),
    Entry::lost(Feature::ForeignPart, "messages[].content[].type", "only the same format knows it"),
    Entry::whole(Feature::CacheMark, "messages[].content[].cache_control"),
    Entry::changed(
        Feature::CacheLifetime,
        "messages[].content[].cache_control.ttl",
        "it becomes five minutes or an hour, whichever is not shorter",
    ),
    Entry::whole(Feature::Tools, "tools"),
    Entry::whole(Feature::StrictTools, "tools[].strict"),
    Entry::lost(Feature::HostedTools, "tools[].type", "only the same format knows it"),
    Entry::whole(Feature::ToolChoiceNone, "tool_choice"),
    Entry::whole(Feature::ToolChoiceRequired, "tool_choice"),
    Entry::whole(Feature::ToolChoiceNamed, "tool_choice"),
    Entry::changed(Feature::ToolChoiceAllowed, "tool_choice", "the other tools are left out"),
    Entry::whole(Feature::ParallelToolCalls, "tool_choice.disable_parallel_tool_use"),
    Entry::whole(Feature::ToolResultMedia, "messages[].content[].content"),
    Entry::whole(Feature::ToolFailure, "messages[].content[].is_error"),
    Entry::lost(
        Feature::JsonOutput,
        "output_config.format",
        "the prompt itself has to ask for JSON, as OpenAI demands",
    ),
    Entry::whole(Feature::SchemaOutput, "output_config.format"),
    Entry::whole(Feature::OutputLimit, "max_tokens"),
    Entry::changed(
        Feature::Temperature,
        "temperature",
        "models since Claude Opus 4.7 take none, so it is left out for them",
    ),
    Entry::changed(Feature::HotTemperature, "temperature", "it becomes 1, the most there is"),
    Entry::changed(
        Feature::TopP,
        "top_p",
        "models since Claude Opus 4.7 take none, so it is left out for them",
    ),
    Entry::changed(
        Feature::TopK,
        "top_k",
        "models since Claude Opus 4.7 take none, so it is left out for them",
    ),
    Entry::whole(Feature::Stop, "stop_sequences"),
    Entry::whole(Feature::ManyStops, "stop_sequences"),
    Entry::changed(
        Feature::ReasoningEffort,
        "output_config.effort",
        "it becomes tokens for models before Claude 4.6",
    ),
    Entry::changed(
        Feature::ReasoningTokens,
        "thinking.budget_tokens",
        "it becomes an effort for models since Claude Opus 4.7",
    ),
    Entry::whole(Feature::ReasoningShown, "thinking.display"),
    Entry::whole(Feature::User, "metadata.user_id"),
    Entry::whole(Feature::ServiceTier, "service_tier"),
];

/// `^[a-zA-Z0-9_-]{1,128}$` for tools, without a limit of length for calls ("Tool use", API reference).
const TOOL_NAMES: NameRule = NameRule { characters_max: 128, also: "_-", begins_with_letter: false };
const CALL_IDS: NameRule = NameRule { characters_max: 256, also: "_-", begins_with_letter: false };

impl Codec for Messages {
    fn features(&self) -> &'static [Entry] {
        FEATURES
    }

    fn keeps(&self, feature: Feature, prompt: &Prompt<'_>, target: &Target<'_>) -> bool {
        prompt_writer::keeps(feature, prompt, generation::of(target.model))
    }

    fn identifiers(&self) -> IdentifierRules {
        IdentifierRules { tools: TOOL_NAMES, calls: Some(CALL_IDS) }
    }

    fn read_prompt<'a>(&self, request: &Value<'a>) -> Result<Prompt<'a>, Objection> {
        prompt_reader::read(request)
    }

    fn write_prompt(&self, prompt: &Prompt<'_>, target: &Target<'_>) -> Vec<u8> {
        prompt_writer::write(prompt, target)
    }

    fn read_answer<'a>(&self, answer: &Value<'a>) -> Result<Answer<'a>, Malformed> {
        answer_reader::read(answer)
    }

    fn write_answer(&self, answer: &Answer<'_>, client: &ClientContext) -> Vec<u8> {
        answer_writer::write(answer, client)
    }

    fn stream_reader(&self) -> Box<dyn StreamReader> {
        Box::<stream_reader::Reader>::default()
    }

    fn stream_writer(&self, client: &ClientContext) -> Box<dyn StreamWriter> {
        Box::new(stream_writer::Writer::new(client))
    }
}
