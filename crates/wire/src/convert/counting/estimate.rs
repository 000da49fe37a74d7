//! About how many tokens a conversation has: its texts exactly as `o200k_base` counts them, and rules of thumb for what stands
//! between them and for what is no text.

use super::media::{audio_tokens, document_tokens, video_tokens};
use super::picture::picture_tokens;
use crate::convert::form::{Document, OutputFormat, Part, Prompt, Source, Tool, Turn};
use crate::json::Text;
use crate::tokens::{NoTokenizer, Tokenizer};

/// What opens and closes a turn, and what opens the answer (OpenAI cookbook, "How to count tokens with tiktoken").
const TURN: u64 = 3;
const ANSWER: u64 = 3;
/// What stands around each function and around all of them (the same, for GPT-4o).
const FUNCTION: u64 = 7;
const FUNCTIONS: u64 = 12;

/// About how many tokens a prompt has.
pub(super) fn estimate(prompt: &Prompt<'_>) -> Result<u64, NoTokenizer> {
    let meter = Meter(Tokenizer::o200k()?);
    let turns: u64 = prompt.turns.iter().map(|turn| meter.turn(turn)).sum();
    let functions = if prompt.tools.is_empty() { 0 } else { FUNCTIONS };
    let tools: u64 = prompt.tools.iter().map(|tool| meter.tool(tool)).sum();
    let schema = match &prompt.output {
        OutputFormat::Schema { schema, .. } => meter.0.count(schema),
        OutputFormat::Text | OutputFormat::Json => 0,
    };
    Ok(turns + ANSWER + functions + tools + schema)
}

struct Meter(&'static Tokenizer);

impl Meter {
    fn turn(&self, turn: &Turn<'_>) -> u64 {
        let name = turn.name.as_ref().map_or(0, |name| self.text(name) + 1);
        TURN + name + self.parts(&turn.parts)
    }

    fn parts(&self, parts: &[Part<'_>]) -> u64 {
        parts.iter().map(|part| self.part(part)).sum()
    }

    fn part(&self, part: &Part<'_>) -> u64 {
        match part {
            Part::Text { text, .. } | Part::Refusal(text) => self.text(text),
            Part::Image(image) => picture_tokens(image),
            Part::Audio(audio) => audio_tokens(audio),
            Part::Video(video) => video_tokens(video),
            Part::Document(document) => self.document(document),
            Part::ToolCall(call) => TURN + self.text(&call.name) + self.text(&call.input),
            Part::ToolResult(result) => TURN + self.parts(&result.parts),
            Part::Thought(thought) => {
                thought.text.iter().chain(&thought.summary).map(|text| self.text(text)).sum()
            }
            Part::Foreign(foreign) => self.0.count(foreign.raw),
        }
    }

    fn document(&self, document: &Document<'_>) -> u64 {
        let about = document.name.iter().chain(&document.context).map(|text| self.text(text)).sum::<u64>();
        about
            + match &document.source {
                Source::Plain(text) => self.text(text),
                source => document_tokens(source),
            }
    }

    fn tool(&self, tool: &Tool<'_>) -> u64 {
        let described = |name: &Text<'_>, description: &Option<Text<'_>>| {
            FUNCTION + self.text(name) + description.as_ref().map_or(0, |text| self.text(text))
        };
        match tool {
            Tool::Function { name, description, schema, .. } => {
                described(name, description) + schema.as_ref().map_or(0, |schema| self.0.count(schema))
            }
            Tool::FreeText { name, description, grammar } => {
                described(name, description)
                    + grammar.as_ref().map_or(0, |grammar| self.text(&grammar.definition))
            }
            Tool::Hosted(foreign) => self.0.count(foreign.raw),
        }
    }

    fn text(&self, text: &Text<'_>) -> u64 {
        self.0.count(&text.plain())
    }
}
