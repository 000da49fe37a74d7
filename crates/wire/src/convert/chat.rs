//! OpenAI chat completions (API reference, "Chat Completions"), with what its compatible providers added to it and its
//! clients know: `reasoning_content` (DeepSeek), `reasoning_details` (OpenRouter), `cache_control` on parts (OpenRouter),
//! `extra_content` on calls (Google).

mod answer_reader;
mod answer_writer;
mod content_reader;
mod content_writer;
mod message_reader;
mod prompt_reader;
mod prompt_writer;
mod reasoning_details;
mod stop;
mod stream_reader;
mod stream_writer;

use super::client::ClientContext;
use super::codec::{Codec, Malformed, Objection, StreamReader, StreamWriter};
use super::feature::{Entry, Feature};
use super::form::{Answer, Prompt};
use super::identifier::{IdentifierRules, NameRule};
use super::translation::Target;
use crate::json::Value;

/// The format.
pub(super) struct Chat;

/// What chat completions can say.
const FEATURES: &[Entry] = &[
    Entry::whole(Feature::LateInstructions, "messages[].role"),
    Entry::whole(Feature::SpeakerName, "messages[].name"),
    Entry::whole(Feature::ImageInline, "messages[].content[].image_url"),
    Entry::whole(Feature::ImageUrl, "messages[].content[].image_url"),
    Entry::whole(Feature::ImageDetail, "messages[].content[].image_url.detail"),
    Entry::whole(Feature::Audio, "messages[].content[].input_audio"),
    Entry::whole(Feature::Video, "messages[].content[].video_url"),
    Entry::whole(Feature::DocumentInline, "messages[].content[].file.file_data"),
    Entry::whole(Feature::DocumentUpload, "messages[].content[].file.file_id"),
    Entry::changed(
        Feature::DocumentText,
        "messages[].content[].file",
        "its text becomes a part of the message",
    ),
    Entry::whole(Feature::DocumentName, "messages[].content[].file.filename"),
    Entry::lost(Feature::CitationReplay, "messages[].annotations", "citations are not sent back"),
    Entry::lost(Feature::ThoughtReplay, "messages[].reasoning_content", "thinking is not sent back"),
    Entry::lost(Feature::SealReplay, "messages[].reasoning_details", "thinking is not sent back"),
    Entry::whole(Feature::RefusalReplay, "messages[].refusal"),
    Entry::lost(Feature::ForeignPart, "messages[].content[].type", "only the same format knows it"),
    Entry::lost(
        Feature::CacheMark,
        "messages[].content[].prompt_cache_breakpoint",
        "prompts are cached unasked",
    ),
    Entry::lost(
        Feature::CacheLifetime,
        "messages[].content[].prompt_cache_breakpoint.ttl",
        "the provider decides",
    ),
    Entry::whole(Feature::Tools, "tools"),
    Entry::whole(Feature::StrictTools, "tools[].function.strict"),
    Entry::whole(Feature::FreeTextTools, "tools[].custom"),
    Entry::lost(Feature::HostedTools, "tools[].type", "only the same format knows it"),
    Entry::whole(Feature::ToolChoiceNone, "tool_choice"),
    Entry::whole(Feature::ToolChoiceRequired, "tool_choice"),
    Entry::whole(Feature::ToolChoiceNamed, "tool_choice"),
    Entry::changed(Feature::ToolChoiceAllowed, "tool_choice.allowed_tools", "the other tools are left out"),
    Entry::lost(Feature::ToolChoiceForeign, "tool_choice.type", "only the same format knows it"),
    Entry::whole(Feature::ParallelToolCalls, "parallel_tool_calls"),
    Entry::changed(
        Feature::ToolResultMedia,
        "messages[].content",
        "pictures and documents follow the results in a message of the user",
    ),
    Entry::whole(Feature::JsonOutput, "response_format"),
    Entry::whole(Feature::SchemaOutput, "response_format.json_schema"),
    Entry::whole(Feature::SpokenOutput, "audio"),
    Entry::whole(Feature::PictureOutput, "modalities"),
    Entry::whole(Feature::Choices, "n"),
    Entry::whole(Feature::OutputLimit, "max_completion_tokens"),
    Entry::whole(Feature::Temperature, "temperature"),
    Entry::whole(Feature::HotTemperature, "temperature"),
    Entry::whole(Feature::TopP, "top_p"),
    Entry::whole(Feature::TopK, "top_k"),
    Entry::whole(Feature::Seed, "seed"),
    Entry::whole(Feature::PresencePenalty, "presence_penalty"),
    Entry::whole(Feature::FrequencyPenalty, "frequency_penalty"),
    Entry::whole(Feature::LogitBias, "logit_bias"),
    Entry::whole(Feature::Stop, "stop"),
    Entry::changed(Feature::ManyStops, "stop", "only the first four are sent"),
    Entry::whole(Feature::Logprobs, "logprobs"),
    Entry::whole(Feature::Verbosity, "verbosity"),
    Entry::whole(Feature::ReasoningEffort, "reasoning_effort"),
    Entry::changed(Feature::ReasoningTokens, "reasoning.max_tokens", "it becomes a rough effort"),
    Entry::lost(Feature::ReasoningShown, "reasoning.exclude", "the provider decides"),
    Entry::whole(Feature::User, "user"),
    Entry::whole(Feature::SafetyIdentifier, "safety_identifier"),
    Entry::whole(Feature::Metadata, "metadata"),
    Entry::whole(Feature::ServiceTier, "service_tier"),
    Entry::whole(Feature::Store, "store"),
    Entry::whole(Feature::PromptCacheKey, "prompt_cache_key"),
    Entry::whole(Feature::PromptCacheRetention, "prompt_cache_retention"),
];

/// OpenAI's names of functions; ids are free, but some providers bound them.
const NAMES: NameRule = NameRule { characters_max: 64, also: "_-", begins_with_letter: false };

impl Codec for Chat {
    fn features(&self) -> &'static [Entry] {
        FEATURES
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
}
