//! Amazon Bedrock Converse and ConverseStream (Amazon Bedrock API reference), as botocore 1.44 has them. Bedrock serves models
//! of many makers: what only some of them take is decided by the model's id.

mod answer_reader;
mod answer_writer;
mod block_reader;
mod block_writer;
mod cache_points;
mod citations;
mod document_names;
mod family;
mod keeps;
mod layout;
mod media;
mod prompt_reader;
mod prompt_writer;
mod request_metadata;
mod settings_reader;
mod stop;
mod stream_reader;
mod stream_writer;
#[cfg(test)]
mod tests;
mod thoughts;
mod tools_writer;

use super::client::ClientContext;
use super::codec::{Codec, Malformed, Objection, StreamReader, StreamWriter};
use super::feature::{Entry, Feature};
use super::form::{Answer, Prompt};
use super::identifier::{IdentifierRules, NameRule};
use super::translation::Target;
use crate::json::Value;

/// The format.
pub(super) struct Converse;

/// What Converse can say.
const FEATURES: &[Entry] = &[
    Entry::lost(Feature::Guardrail, "guardrailConfig", "only its own provider has it"),
    Entry::changed(Feature::LateInstructions, "messages[].role", "they move to the beginning"),
    Entry::whole(Feature::ImageInline, "messages[].content[].image"),
    Entry::lost(
        Feature::ImageUrl,
        "messages[].content[].image.source.s3Location",
        "only `s3://` addresses are read",
    ),
    Entry::lost(
        Feature::Audio,
        "messages[].content[].audio",
        "sound must be in the request, or at an `s3://` address",
    ),
    Entry::lost(
        Feature::Video,
        "messages[].content[].video",
        "films must be in the request, or at an `s3://` address",
    ),
    Entry::whole(Feature::DocumentInline, "messages[].content[].document"),
    Entry::lost(
        Feature::DocumentUrl,
        "messages[].content[].document.source.s3Location",
        "only `s3://` addresses are read",
    ),
    Entry::whole(Feature::DocumentText, "messages[].content[].document.source.text"),
    Entry::changed(
        Feature::DocumentName,
        "messages[].content[].document.name",
        "what Bedrock does not allow in a name becomes a hyphen, and equal names get numbers",
    ),
    Entry::whole(Feature::DocumentContext, "messages[].content[].document.context"),
    Entry::whole(Feature::DocumentCitations, "messages[].content[].document.citations"),
    Entry::lost(
        Feature::CitationReplay,
        "messages[].content[].citationsContent",
        "citations are not sent back",
    ),
    Entry::lost(
        Feature::ThoughtReplay,
        "messages[].content[].reasoningContent",
        "only thinking that a model has signed is sent back",
    ),
    Entry::lost(
        Feature::SealReplay,
        "messages[].content[].reasoningContent",
        "another provider's thinking is not sent back, but for Claude's to Claude",
    ),
    Entry::changed(Feature::RefusalReplay, "messages[].content[].text", "a refusal becomes a text"),
    Entry::lost(Feature::ForeignPart, "messages[].content[]", "only the same format knows it"),
    Entry::lost(
        Feature::CacheMark,
        "messages[].content[].cachePoint",
        "only Claude and Nova keep prompts up to a mark; none right after a document or a film, Nova no tools",
    ),
    Entry::changed(
        Feature::CacheLifetime,
        "messages[].content[].cachePoint.ttl",
        "it becomes five minutes or, for Claude, an hour, whichever is not shorter",
    ),
    Entry::whole(Feature::Tools, "toolConfig.tools"),
    Entry::lost(
        Feature::StrictTools,
        "toolConfig.tools[].toolSpec.strict",
        "only Claude 4.5 and 4.6 and gpt-oss take it",
    ),
    Entry::lost(Feature::HostedTools, "toolConfig.tools[].systemTool", "only the same format knows it"),
    Entry::changed(
        Feature::ToolChoiceNone,
        "toolConfig.toolChoice",
        "the tools are left out, unless earlier turns used some; Claude is told",
    ),
    Entry::whole(Feature::ToolChoiceRequired, "toolConfig.toolChoice.any"),
    Entry::whole(Feature::ToolChoiceNamed, "toolConfig.toolChoice.tool"),
    Entry::changed(Feature::ToolChoiceAllowed, "toolConfig.toolChoice", "the other tools are left out"),
    Entry::lost(Feature::ToolChoiceForeign, "toolConfig.toolChoice", "only the same format knows it"),
    Entry::lost(
        Feature::ParallelToolCalls,
        "additionalModelRequestFields.tool_choice",
        "only Claude can be told",
    ),
    Entry::lost(
        Feature::ToolResultMedia,
        "messages[].content[].toolResult.content",
        "pictures, documents and films are sent, but no sound",
    ),
    Entry::lost(
        Feature::ToolFailure,
        "messages[].content[].toolResult.status",
        "only Claude and Nova are told",
    ),
    Entry::lost(
        Feature::JsonOutput,
        "outputConfig.textFormat",
        "the prompt itself has to ask for JSON, as OpenAI demands",
    ),
    Entry::whole(Feature::SchemaOutput, "outputConfig.textFormat"),
    Entry::whole(Feature::OutputLimit, "inferenceConfig.maxTokens"),
    Entry::changed(
        Feature::Temperature,
        "inferenceConfig.temperature",
        "Claude models since Opus 4.7 take none, so it is left out for them",
    ),
    Entry::changed(Feature::HotTemperature, "inferenceConfig.temperature", "it becomes 1, the most there is"),
    Entry::changed(
        Feature::TopP,
        "inferenceConfig.topP",
        "Claude takes it only without a temperature, and not since Opus 4.7",
    ),
    Entry::lost(
        Feature::TopK,
        "additionalModelRequestFields",
        "only Nova and Claude models before Opus 4.7 take it",
    ),
    Entry::whole(Feature::Stop, "inferenceConfig.stopSequences"),
    Entry::whole(Feature::ManyStops, "inferenceConfig.stopSequences"),
    Entry::changed(
        Feature::ReasoningEffort,
        "outputConfig.effort",
        "it becomes tokens for Claude before 4.6, one of three for Nova 2 and gpt-oss, and is left out for others",
    ),
    Entry::changed(
        Feature::ReasoningTokens,
        "additionalModelRequestFields.thinking",
        "it becomes an effort for Claude since Opus 4.7, Nova 2 and gpt-oss, and is left out for others",
    ),
    Entry::lost(
        Feature::ReasoningShown,
        "additionalModelRequestFields.thinking.display",
        "only Claude can be told",
    ),
    Entry::changed(
        Feature::Metadata,
        "requestMetadata",
        "labels with characters that Bedrock does not allow are left out",
    ),
    Entry::changed(Feature::ServiceTier, "serviceTier.type", "a tier that Bedrock has not is the usual one"),
];

/// Service model, `ToolName` and `ToolUseId`.
const TOOL_NAMES: NameRule = NameRule { characters_max: 64, also: "_-", begins_with_letter: false };
const CALL_IDS: NameRule = NameRule { characters_max: 64, also: "_.:-", begins_with_letter: false };

impl Codec for Converse {
    fn features(&self) -> &'static [Entry] {
        FEATURES
    }

    fn keeps(&self, feature: Feature, prompt: &Prompt<'_>, target: &Target<'_>) -> bool {
        keeps::keeps(feature, prompt, family::Family::of(target.model))
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

    /// An answer tells at which stop sequence it stopped to those who ask for it.
    fn echoed(&self, request: &Value<'_>) -> Vec<(String, String)> {
        settings_reader::echoed(request)
    }
}
