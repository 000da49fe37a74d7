//! Gemini `generateContent` and `streamGenerateContent` (Gemini API reference, "Generating content"; Vertex AI reference), as
//! version 3.6.1 of google-genai has them. Generations of models differ in what they take: the model's name decides.

mod answer_reader;
mod answer_writer;
mod call_ids;
mod citations;
mod content_reader;
mod generation;
mod labels;
mod layout;
mod logprobs;
mod media;
mod names;
mod part_reader;
mod part_writer;
mod prompt_reader;
mod prompt_writer;
mod schema;
mod settings_reader;
mod settings_writer;
mod stop;
mod stream_reader;
mod stream_writer;
#[cfg(test)]
mod tests;
mod thoughts;
mod tool_reader;
mod tool_writer;

use super::client::ClientContext;
use super::codec::{Codec, Malformed, Objection, StreamReader, StreamWriter};
use super::feature::{Entry, Feature};
use super::form::{Answer, Prompt};
use super::identifier::{IdentifierRules, NameRule};
use super::translation::Target;
use crate::json::Value;

/// The format.
pub(super) struct Gemini;

/// What Gemini can say.
const FEATURES: &[Entry] = &[
    Entry::lost(Feature::Guardrail, "modelArmorConfig", "only its own provider has it"),
    Entry::changed(Feature::LateInstructions, "contents[].role", "they move to the beginning"),
    Entry::whole(Feature::ImageInline, "contents[].parts[].inlineData"),
    Entry::whole(Feature::ImageUrl, "contents[].parts[].fileData"),
    Entry::lost(
        Feature::ImageDetail,
        "contents[].parts[].mediaResolution",
        "only models since Gemini 3 are told",
    ),
    Entry::whole(Feature::Audio, "contents[].parts[].inlineData"),
    Entry::whole(Feature::Video, "contents[].parts[].inlineData"),
    Entry::whole(Feature::DocumentInline, "contents[].parts[].inlineData"),
    Entry::whole(Feature::DocumentUrl, "contents[].parts[].fileData"),
    Entry::whole(Feature::DocumentText, "contents[].parts[].inlineData"),
    Entry::changed(
        Feature::DocumentName,
        "contents[].parts[].inlineData.displayName",
        "it stands before the document as a text",
    ),
    Entry::lost(Feature::CitationReplay, "contents[].parts[].text", "citations are not sent back"),
    Entry::whole(Feature::ThoughtReplay, "contents[].parts[].thought"),
    Entry::lost(
        Feature::SealReplay,
        "contents[].parts[].thoughtSignature",
        "another provider's thinking is not sent back",
    ),
    Entry::changed(Feature::RefusalReplay, "contents[].parts[].text", "a refusal becomes a text"),
    Entry::lost(Feature::ForeignPart, "contents[].parts[]", "only the same format knows it"),
    Entry::whole(Feature::Tools, "tools[].functionDeclarations"),
    Entry::changed(
        Feature::StrictTools,
        "toolConfig.functionCallingConfig.mode",
        "it holds for all tools as soon as for one",
    ),
    Entry::lost(Feature::HostedTools, "tools[]", "only the same format knows it"),
    Entry::whole(Feature::ToolChoiceNone, "toolConfig.functionCallingConfig"),
    Entry::whole(Feature::ToolChoiceRequired, "toolConfig.functionCallingConfig"),
    Entry::whole(Feature::ToolChoiceNamed, "toolConfig.functionCallingConfig.allowedFunctionNames"),
    Entry::whole(Feature::ToolChoiceAllowed, "toolConfig.functionCallingConfig.allowedFunctionNames"),
    Entry::lost(
        Feature::ToolChoiceForeign,
        "toolConfig.functionCallingConfig.mode",
        "only the same format knows it",
    ),
    Entry::changed(
        Feature::ToolResultMedia,
        "contents[].parts[].functionResponse.parts",
        "models before Gemini 3 are shown them after the results, as all are what is at an address",
    ),
    Entry::whole(Feature::ToolFailure, "contents[].parts[].functionResponse.response.error"),
    Entry::whole(Feature::JsonOutput, "generationConfig.responseMimeType"),
    Entry::whole(Feature::SchemaOutput, "generationConfig.responseJsonSchema"),
    Entry::lost(
        Feature::SpokenOutput,
        "generationConfig.responseModalities",
        "it speaks only as `pcm16` and in one of Google's voices",
    ),
    Entry::whole(Feature::PictureOutput, "generationConfig.responseModalities"),
    Entry::lost(Feature::Choices, "generationConfig.candidateCount", "models since Gemini 3 give one answer"),
    Entry::whole(Feature::OutputLimit, "generationConfig.maxOutputTokens"),
    Entry::changed(
        Feature::Temperature,
        "generationConfig.temperature",
        "models since Gemini 3.6 take none, so it is left out for them",
    ),
    Entry::whole(Feature::HotTemperature, "generationConfig.temperature"),
    Entry::changed(
        Feature::TopP,
        "generationConfig.topP",
        "models since Gemini 3.6 take none, so it is left out for them",
    ),
    Entry::changed(
        Feature::TopK,
        "generationConfig.topK",
        "models since Gemini 3.6 take none, so it is left out for them",
    ),
    Entry::changed(Feature::Seed, "generationConfig.seed", "one of more than 32 bits becomes one of 31"),
    Entry::whole(Feature::PresencePenalty, "generationConfig.presencePenalty"),
    Entry::whole(Feature::FrequencyPenalty, "generationConfig.frequencyPenalty"),
    Entry::whole(Feature::Stop, "generationConfig.stopSequences"),
    Entry::changed(Feature::ManyStops, "generationConfig.stopSequences", "only the first five are sent"),
    Entry::whole(Feature::Logprobs, "generationConfig.responseLogprobs"),
    Entry::changed(
        Feature::ReasoningEffort,
        "generationConfig.thinkingConfig.thinkingLevel",
        "it becomes tokens for Gemini 2.5, for later models the nearest level that they have",
    ),
    Entry::changed(
        Feature::ReasoningTokens,
        "generationConfig.thinkingConfig.thinkingBudget",
        "it is kept within what Gemini 2.5 takes, and becomes a level for later models",
    ),
    Entry::lost(
        Feature::ReasoningShown,
        "generationConfig.thinkingConfig.includeThoughts",
        "only models that think are told",
    ),
    Entry::changed(
        Feature::ReasoningSummary,
        "generationConfig.thinkingConfig.includeThoughts",
        "Google decides how thinking is summed up",
    ),
    Entry::changed(
        Feature::Metadata,
        "labels",
        "labels with characters that Google does not allow are left out",
    ),
    Entry::changed(Feature::ServiceTier, "serviceTier", "a tier that Google has not is the usual one"),
    Entry::lost(Feature::Store, "store", "the provider decides"),
];

/// "Must start with a letter or an underscore. Must be a-z, A-Z, 0-9, or contain underscores, dots and dashes, with a maximum
/// length of 64" (`FunctionDeclaration`, the narrowest of its descriptions).
const TOOL_NAMES: NameRule = NameRule { characters_max: 64, also: "_-.", begins_with_letter: true };

impl Codec for Gemini {
    fn features(&self) -> &'static [Entry] {
        FEATURES
    }

    fn keeps(&self, feature: Feature, prompt: &Prompt<'_>, target: &Target<'_>) -> bool {
        prompt_writer::keeps(feature, prompt, generation::Generation::of(target.model))
    }

    fn identifiers(&self) -> IdentifierRules {
        IdentifierRules { tools: TOOL_NAMES, calls: None }
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

    fn seals_calls(&self) -> bool {
        true
    }
}
