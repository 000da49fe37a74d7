//! Cohere chat, version 2 (API reference, "Chat" and "Chat with Streaming").

mod answer_reader;
mod answer_writer;
mod bounds;
mod citation_reader;
mod citation_writer;
mod documents;
mod logprobs;
mod message_reader;
mod message_writer;
mod prompt_reader;
mod prompt_writer;
mod stop;
mod stream_reader;
mod stream_writer;
#[cfg(test)]
mod tests;

use super::client::ClientContext;
use super::codec::{Codec, Malformed, Objection, StreamReader, StreamWriter};
use super::feature::{Entry, Feature};
use super::form::{Answer, Prompt};
use super::identifier::{IdentifierRules, NameRule};
use super::translation::Target;
use crate::json::Value;

/// The format.
pub(super) struct Cohere;

/// What Cohere's chat can say.
const FEATURES: &[Entry] = &[
    Entry::changed(Feature::LateInstructions, "messages[].role", "they move to the beginning"),
    Entry::whole(Feature::ImageInline, "messages[].content[].image_url"),
    Entry::whole(Feature::ImageUrl, "messages[].content[].image_url"),
    Entry::whole(Feature::ImageDetail, "messages[].content[].image_url.detail"),
    Entry::changed(Feature::DocumentText, "documents", "it becomes one of the request's documents"),
    Entry::whole(Feature::DocumentName, "documents[].data.title"),
    Entry::changed(Feature::DocumentContext, "documents[].data", "it may be cited, too"),
    Entry::whole(Feature::DocumentCitations, "citation_options"),
    Entry::lost(Feature::CitationReplay, "messages[].citations", "citations are not sent back"),
    Entry::whole(Feature::ThoughtReplay, "messages[].content[].thinking"),
    Entry::lost(
        Feature::SealReplay,
        "messages[].content[].signature",
        "another provider's thinking is not sent back",
    ),
    Entry::changed(Feature::RefusalReplay, "messages[].content", "a refusal becomes a text"),
    Entry::lost(Feature::ForeignPart, "messages[].content[].type", "only the same format knows it"),
    Entry::whole(Feature::Tools, "tools"),
    Entry::changed(Feature::StrictTools, "strict_tools", "it holds for all tools as soon as for one"),
    Entry::lost(Feature::HostedTools, "tools[].type", "only the same format knows it"),
    Entry::whole(Feature::ToolChoiceNone, "tool_choice"),
    Entry::whole(Feature::ToolChoiceRequired, "tool_choice"),
    Entry::changed(Feature::ToolChoiceNamed, "tool_choice", "the other tools are left out"),
    Entry::changed(Feature::ToolChoiceAllowed, "tool_choice", "the other tools are left out"),
    Entry::changed(
        Feature::ToolResultMedia,
        "messages[].content[].document",
        "pictures follow the results in a message of the user",
    ),
    Entry::whole(Feature::JsonOutput, "response_format"),
    Entry::whole(Feature::SchemaOutput, "response_format.json_schema"),
    Entry::whole(Feature::OutputLimit, "max_tokens"),
    Entry::whole(Feature::Temperature, "temperature"),
    Entry::changed(Feature::HotTemperature, "temperature", "it becomes 1, the most there is"),
    Entry::changed(Feature::TopP, "p", "it is kept between 0.01 and 0.99"),
    Entry::changed(Feature::TopK, "k", "it is kept between 0 and 500"),
    Entry::whole(Feature::Seed, "seed"),
    Entry::changed(
        Feature::PresencePenalty,
        "presence_penalty",
        "it is kept between 0 and 1, and left out beside a frequency penalty",
    ),
    Entry::changed(Feature::FrequencyPenalty, "frequency_penalty", "it is kept between 0 and 1"),
    Entry::whole(Feature::Stop, "stop_sequences"),
    Entry::changed(Feature::ManyStops, "stop_sequences", "only the first five are sent"),
    Entry::changed(Feature::Logprobs, "logprobs", "there are no alternatives to the tokens"),
    Entry::changed(Feature::ReasoningEffort, "thinking", "it becomes tokens"),
    Entry::whole(Feature::ReasoningTokens, "thinking.token_budget"),
];

/// "Tool names can only contain certain characters (A-Za-z0-9_) and can't begin with a digit" (API reference, "Errors"),
/// without a limit of length that is told. Ids of calls are free.
const TOOL_NAMES: NameRule = NameRule { characters_max: 128, also: "_", begins_with_letter: true };

impl Codec for Cohere {
    fn features(&self) -> &'static [Entry] {
        FEATURES
    }

    fn keeps(&self, feature: Feature, prompt: &Prompt<'_>, _target: &Target<'_>) -> bool {
        prompt_writer::keeps(feature, prompt)
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

    /// A citation repeats the document that it names, so they are kept until the answer.
    fn echoed(&self, request: &Value<'_>) -> Vec<(String, String)> {
        let documents = request.present(citation_writer::ECHOED).map(Value::raw);
        documents.map(|raw| (citation_writer::ECHOED.to_owned(), raw.to_owned())).into_iter().collect()
    }
}
