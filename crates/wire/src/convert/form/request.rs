//! What is asked of a model.

use std::borrow::Cow;

use super::part::Part;
use super::tool::{Tool, ToolChoice};
use crate::convert::Format;
use crate::json::Text;

/// A request for an answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Prompt<'a> {
    /// Whether the answer is to be streamed.
    pub stream: bool,
    /// Whether the stream is to report its usage where the format leaves that to the client.
    pub stream_usage: bool,
    /// The conversation, oldest first.
    pub turns: Vec<Turn<'a>>,
    /// What the model may use.
    pub tools: Vec<Tool<'a>>,
    /// Whether it has to.
    pub tool_choice: Option<ToolChoice<'a>>,
    /// Whether it may ask for several tools at once.
    pub parallel_tool_calls: Option<bool>,
    /// What the answer has to look like.
    pub output: OutputFormat<'a>,
    /// How the answer is drawn.
    pub sampling: Sampling<'a>,
    /// How much to think.
    pub reasoning: Reasoning<'a>,
    /// The answer is spoken, too.
    pub spoken: Option<SpokenOutput<'a>>,
    /// Whether a picture may be a part of the answer.
    pub pictures: bool,
    /// On whose behalf.
    pub attribution: Attribution<'a>,
    /// Members that have no place in the form.
    pub unknown: Vec<Unknown<'a>>,
}

/// What one side says at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn<'a> {
    /// Who says it.
    pub role: Role,
    /// What.
    pub parts: Vec<Part<'a>>,
    /// Who of several of the same role.
    pub name: Option<Text<'a>>,
}

/// Who says something. What tools give is said by the user's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The maker of the application, above all others.
    System,
    /// The same, in the words of OpenAI's newer models.
    Developer,
    /// The user.
    User,
    /// The model.
    Assistant,
}

impl Role {
    /// Whether this is an instruction instead of a side of the conversation.
    #[must_use]
    pub fn instructs(self) -> bool {
        matches!(self, Self::System | Self::Developer)
    }
}

/// What an answer has to look like.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum OutputFormat<'a> {
    /// As the model likes.
    #[default]
    Text,
    /// Some JSON.
    Json,
    /// JSON of this schema.
    Schema {
        /// The schema's name.
        name: Option<Text<'a>>,
        /// What it is for.
        description: Option<Text<'a>>,
        /// The schema, as it stood or made of another format's own kind of schema.
        schema: Cow<'a, str>,
        /// Whether it is followed to the letter.
        strict: Option<bool>,
    },
}

/// How an answer is drawn. Numbers are kept as they were written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sampling<'a> {
    /// The most tokens of the answer.
    pub output_tokens_max: Option<u64>,
    /// Randomness.
    pub temperature: Option<&'a str>,
    /// Nucleus sampling.
    pub top_p: Option<&'a str>,
    /// Only the likeliest tokens.
    pub top_k: Option<&'a str>,
    /// Repeats the draw.
    pub seed: Option<&'a str>,
    /// Against tokens that occurred.
    pub presence_penalty: Option<&'a str>,
    /// Against tokens by how often they occurred.
    pub frequency_penalty: Option<&'a str>,
    /// For or against tokens, by OpenAI's numbers for them.
    pub logit_bias: Option<&'a str>,
    /// Where to stop.
    pub stop: Vec<Text<'a>>,
    /// Whether to tell how likely each token was.
    pub logprobs: Option<bool>,
    /// How many alternatives to tell for each.
    pub top_logprobs: Option<u64>,
    /// How many answers.
    pub choices: Option<u64>,
    /// How long-winded (`low`, `medium`, `high`).
    pub verbosity: Option<Text<'a>>,
}

/// How much a model thinks before it answers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reasoning<'a> {
    /// Roughly.
    pub effort: Option<Effort>,
    /// The most tokens of it.
    pub tokens_max: Option<u64>,
    /// Whether it is shown; none leaves it to the provider.
    pub shown: Option<bool>,
    /// How it is summed up, in OpenAI's words (`auto`, `concise`, `detailed`).
    pub summary: Option<Text<'a>>,
    /// Whether the model itself decides how much (Anthropic's `adaptive`).
    pub adaptive: bool,
}

/// A rough amount of thinking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effort {
    /// No thinking.
    None,
    /// As little as possible.
    Minimal,
    /// Little.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
    /// More than much.
    ExtraHigh,
    /// As much as there is.
    Max,
}

impl Effort {
    /// All of them, least first.
    pub const ALL: [Self; 7] =
        [Self::None, Self::Minimal, Self::Low, Self::Medium, Self::High, Self::ExtraHigh, Self::Max];

    /// The word for it that OpenAI and Anthropic share.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::ExtraHigh => "xhigh",
            Self::Max => "max",
        }
    }

    /// The effort of a word.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effort| effort.name() == name)
    }

    /// As tokens, where a provider wants a number: the shares that OpenRouter documents ("Reasoning tokens": 10 %, 20 %,
    /// 50 %, 80 %, 95 % of the output) of an output of 32,000 tokens.
    #[must_use]
    pub fn tokens(self) -> u64 {
        match self {
            Self::None => 0,
            Self::Minimal => 3_200,
            Self::Low => 6_400,
            Self::Medium => 16_000,
            Self::High => 25_600,
            Self::ExtraHigh | Self::Max => 30_400,
        }
    }

    /// The least effort that has room for this many tokens.
    #[must_use]
    pub fn of_tokens(tokens: u64) -> Self {
        Self::ALL.into_iter().find(|effort| tokens <= effort.tokens()).unwrap_or(Self::High).min(Self::High)
    }
}

/// How an answer is spoken.
#[derive(Debug, Clone, PartialEq)]
pub struct SpokenOutput<'a> {
    /// Whose voice.
    pub voice: Option<Text<'a>>,
    /// The sound format (`wav`, `mp3`, `pcm16`).
    pub format: Option<Text<'a>>,
}

/// On whose behalf a request is made, and how the provider is to treat it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Attribution<'a> {
    /// The application's user.
    pub user: Option<Text<'a>>,
    /// The same, hashed (OpenAI's `safety_identifier`).
    pub safety_identifier: Option<Text<'a>>,
    /// Labels: an object of strings.
    pub metadata: Option<&'a str>,
    /// The tier of service.
    pub service_tier: Option<Text<'a>>,
    /// Whether the provider keeps the answer.
    pub store: Option<bool>,
    /// Requests with the same prompt.
    pub prompt_cache_key: Option<Text<'a>>,
    /// How long the prompt is kept, in OpenAI's words.
    pub prompt_cache_retention: Option<Text<'a>>,
}

/// A member of a request that has no place in the form.
#[derive(Debug, Clone, PartialEq)]
pub struct Unknown<'a> {
    /// Whose it is.
    pub format: Format,
    /// Where it stands, such as `safetySettings` or `generationConfig.routingConfig`.
    pub path: String,
    /// Its JSON.
    pub raw: &'a str,
}
