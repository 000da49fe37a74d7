//! OpenAI Responses (API reference, "Responses" and "Streaming events"), as version 3.57.0 of its library has it.
//!
//! Beside the translation, this is where a gateway finds what it needs to keep responses itself: the items of an exchange to
//! store, a request with stored items before its own, and responses that have no answer yet.

mod answer_reader;
mod answer_writer;
mod content_reader;
mod content_writer;
mod generation;
mod history;
mod item_reader;
mod item_writer;
mod namespace;
mod output_item;
mod prompt_reader;
mod prompt_writer;
mod response_object;
mod stop;
mod stream_reader;
mod stream_writer;
#[cfg(test)]
mod tests;
mod tool_reader;
mod unanswered;

use super::client::ClientContext;
use super::codec::{Codec, Malformed, Objection, StreamReader, StreamWriter};
use super::feature::{Entry, Feature};
use super::form::{Answer, Prompt};
use super::identifier::{IdentifierRules, NameRule};
use super::translation::Target;
use crate::json::Value;

pub use history::{
    Exchange, HistoryError, Item, history_items, items_of, references, with_history, without_foreign_seals,
};
pub use unanswered::{GivenUp, Waiting, echo, given_up, waiting};

/// The format.
pub(super) struct Responses;

/// What Responses can say.
const FEATURES: &[Entry] = &[
    Entry::whole(Feature::LateInstructions, "input[].role"),
    Entry::whole(Feature::ImageInline, "input[].content[].image_url"),
    Entry::whole(Feature::ImageUrl, "input[].content[].image_url"),
    Entry::whole(Feature::ImageUpload, "input[].content[].file_id"),
    Entry::whole(Feature::ImageDetail, "input[].content[].detail"),
    Entry::whole(Feature::Audio, "input[].content[].input_audio"),
    Entry::whole(Feature::DocumentInline, "input[].content[].file_data"),
    Entry::whole(Feature::DocumentUrl, "input[].content[].file_url"),
    Entry::whole(Feature::DocumentUpload, "input[].content[].file_id"),
    Entry::changed(Feature::DocumentText, "input[].content[]", "its text becomes a part of the message"),
    Entry::whole(Feature::DocumentName, "input[].content[].filename"),
    Entry::changed(
        Feature::CitationReplay,
        "input[].content[].annotations",
        "only addresses and places of citations are sent back",
    ),
    Entry::lost(
        Feature::ThoughtReplay,
        "input[].content",
        "only thinking that the provider has sealed itself is sent back",
    ),
    Entry::lost(
        Feature::SealReplay,
        "input[].encrypted_content",
        "another provider's thinking is not sent back",
    ),
    Entry::whole(Feature::RefusalReplay, "input[].content[].refusal"),
    Entry::lost(Feature::ForeignPart, "input[].type", "only the same format knows it"),
    Entry::changed(
        Feature::CacheMark,
        "input[].content[].prompt_cache_breakpoint",
        "models since GPT-5.6 take marks at texts, pictures and files that they are shown; else prompts are cached unasked",
    ),
    Entry::changed(
        Feature::CacheLifetime,
        "input[].content[].prompt_cache_breakpoint.ttl",
        "the provider decides, but for 30 minutes and 12 hours with models since GPT-5.6",
    ),
    Entry::whole(Feature::Tools, "tools"),
    Entry::whole(Feature::StrictTools, "tools[].strict"),
    Entry::whole(Feature::FreeTextTools, "tools[].type"),
    Entry::lost(Feature::HostedTools, "tools[].type", "only the same format knows it"),
    Entry::whole(Feature::ToolChoiceNone, "tool_choice"),
    Entry::whole(Feature::ToolChoiceRequired, "tool_choice"),
    Entry::whole(Feature::ToolChoiceNamed, "tool_choice"),
    Entry::whole(Feature::ToolChoiceAllowed, "tool_choice.tools"),
    Entry::lost(Feature::ToolChoiceForeign, "tool_choice.type", "only the same format knows it"),
    Entry::whole(Feature::ParallelToolCalls, "parallel_tool_calls"),
    Entry::whole(Feature::ToolResultMedia, "input[].output"),
    Entry::whole(Feature::JsonOutput, "text.format"),
    Entry::whole(Feature::SchemaOutput, "text.format"),
    Entry::changed(Feature::OutputLimit, "max_output_tokens", "it becomes 16, the least there is"),
    Entry::whole(Feature::Temperature, "temperature"),
    Entry::whole(Feature::HotTemperature, "temperature"),
    Entry::whole(Feature::TopP, "top_p"),
    Entry::whole(Feature::Logprobs, "include"),
    Entry::whole(Feature::Verbosity, "text.verbosity"),
    Entry::whole(Feature::ReasoningEffort, "reasoning.effort"),
    Entry::changed(Feature::ReasoningTokens, "reasoning.effort", "it becomes a rough effort"),
    Entry::whole(Feature::ReasoningShown, "reasoning.summary"),
    Entry::whole(Feature::ReasoningSummary, "reasoning.summary"),
    Entry::whole(Feature::User, "user"),
    Entry::whole(Feature::SafetyIdentifier, "safety_identifier"),
    Entry::whole(Feature::Metadata, "metadata"),
    Entry::whole(Feature::ServiceTier, "service_tier"),
    Entry::whole(Feature::Store, "store"),
    Entry::whole(Feature::PromptCacheKey, "prompt_cache_key"),
    Entry::whole(Feature::PromptCacheRetention, "prompt_cache_retention"),
];

/// OpenAI's names of functions; ids of calls are free, up to 64 characters.
const NAMES: NameRule = NameRule { characters_max: 64, also: "_-", begins_with_letter: false };

impl Codec for Responses {
    fn features(&self) -> &'static [Entry] {
        FEATURES
    }

    fn keeps(&self, feature: Feature, prompt: &Prompt<'_>, target: &Target<'_>) -> bool {
        prompt_writer::keeps(feature, prompt, target)
    }

    fn identifiers(&self) -> IdentifierRules {
        IdentifierRules { tools: NAMES, calls: Some(NAMES) }
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

    fn seals_calls(&self) -> bool {
        true
    }

    fn stream_reader(&self) -> Box<dyn StreamReader> {
        Box::<stream_reader::Reader>::default()
    }

    fn stream_writer(&self, client: &ClientContext) -> Box<dyn StreamWriter> {
        Box::new(stream_writer::Writer::new(client))
    }

    fn echoed(&self, request: &Value<'_>) -> Vec<(String, String)> {
        response_object::echo(request)
    }
}
