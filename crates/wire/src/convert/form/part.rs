//! What a turn is made of.

use crate::convert::Format;
use crate::json::Text;

/// One piece of a turn.
#[derive(Debug, Clone, PartialEq)]
pub enum Part<'a> {
    /// Text, with where it was found when the model says so.
    Text {
        /// The text.
        text: Text<'a>,
        /// The sources that the model names for it.
        citations: Vec<Citation<'a>>,
        /// Whether a prompt cache may end here.
        cache: Option<Cache>,
    },
    /// A picture.
    Image(Media<'a>),
    /// Sound.
    Audio(Media<'a>),
    /// A film.
    Video(Media<'a>),
    /// A file to read: a PDF, a text.
    Document(Document<'a>),
    /// The model asks for a tool.
    ToolCall(ToolCall<'a>),
    /// What a tool gave.
    ToolResult(ToolResult<'a>),
    /// The model's thinking.
    Thought(Thought<'a>),
    /// The model declines, in its own words.
    Refusal(Text<'a>),
    /// Something that only its own format knows.
    Foreign(Foreign<'a>),
}

/// Where the bytes of a picture, a sound or a file are.
#[derive(Debug, Clone, PartialEq)]
pub enum Source<'a> {
    /// In the request, as base64.
    Inline(Text<'a>),
    /// At an address that the provider reads.
    Url(Text<'a>),
    /// At the provider, under the id of an upload.
    Upload(Text<'a>),
    /// In the request, as plain text.
    Plain(Text<'a>),
}

/// A picture, a sound or a film.
#[derive(Debug, Clone, PartialEq)]
pub struct Media<'a> {
    /// Its bytes.
    pub source: Source<'a>,
    /// Its media type, such as `image/png`, where it was said.
    pub media_type: Option<Text<'a>>,
    /// How closely to look at a picture, in OpenAI's words (`low`, `high`, `auto`).
    pub detail: Option<Text<'a>>,
    /// Whether a prompt cache may end here.
    pub cache: Option<Cache>,
}

/// A file to read.
#[derive(Debug, Clone, PartialEq)]
pub struct Document<'a> {
    /// Its bytes.
    pub source: Source<'a>,
    /// Its media type, such as `application/pdf`, where it was said.
    pub media_type: Option<Text<'a>>,
    /// Its name or title.
    pub name: Option<Text<'a>>,
    /// What the model is told about it, not to be cited.
    pub context: Option<Text<'a>>,
    /// Whether the model is to cite it.
    pub cited: bool,
    /// Whether a prompt cache may end here.
    pub cache: Option<Cache>,
}

/// A request for a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolCall<'a> {
    /// What its result refers to; formats without ids get one made of its place.
    pub id: Text<'a>,
    /// The tool.
    pub name: Text<'a>,
    /// What it is called with, as JSON; for a tool of free text, the text itself.
    pub input: Text<'a>,
    /// Whether `input` is free text instead of JSON.
    pub is_free_text: bool,
    /// The provider's proof of the thinking that led here (Gemini).
    pub seal: Option<Seal<'a>>,
    /// Whether a prompt cache may end here.
    pub cache: Option<Cache>,
}

/// What a tool gave.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolResult<'a> {
    /// The call that it answers.
    pub call: Text<'a>,
    /// The tool, where the request says so or the call is in it.
    pub name: Option<Text<'a>>,
    /// Text, pictures, documents.
    pub parts: Vec<Part<'a>>,
    /// Whether the tool failed; none where the format cannot say so.
    pub failed: Option<bool>,
    /// Whether it answers a call of free text.
    pub is_free_text: bool,
    /// Whether a prompt cache may end here.
    pub cache: Option<Cache>,
}

/// The model's thinking.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Thought<'a> {
    /// The item that holds it, in Responses.
    pub id: Option<Text<'a>>,
    /// What it thought, in its own words; none when it is hidden.
    pub text: Option<Text<'a>>,
    /// What it thought, summed up.
    pub summary: Vec<Text<'a>>,
    /// The provider's proof of it, without which it may not be sent back; or, where there is no text, the thinking itself
    /// in a form that only the provider reads.
    pub seal: Option<Seal<'a>>,
}

/// A signature or an encrypted text that only the format's own providers can read.
#[derive(Debug, Clone, PartialEq)]
pub struct Seal<'a> {
    /// Whose it is.
    pub format: Format,
    /// The thing itself.
    pub data: Text<'a>,
    /// Whether the thinking is inside of it and nowhere else (Anthropic's `redacted_thinking`).
    pub is_redacted: bool,
}

/// Where the model found something.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Citation<'a> {
    /// The address of the source.
    pub url: Option<Text<'a>>,
    /// The title of the source.
    pub title: Option<Text<'a>>,
    /// The words that were cited.
    pub quote: Option<Text<'a>>,
    /// The document of the request, counted from 0.
    pub document: Option<u64>,
    /// Where in the answer's text it belongs, in characters: from, up to.
    pub span: Option<(u64, u64)>,
    /// The same in the words of the format it came from, for a client of that format.
    pub original: Option<Foreign<'a>>,
}

/// A mark up to which a provider may keep the prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cache {
    /// For how many seconds; none as long as the provider usually does.
    pub seconds: Option<u32>,
}

/// Something that only its own format knows, as it stood.
#[derive(Debug, Clone, PartialEq)]
pub struct Foreign<'a> {
    /// Whose it is.
    pub format: Format,
    /// What it is called there, such as `server_tool_use`.
    pub kind: Text<'a>,
    /// Its JSON.
    pub raw: &'a str,
}

impl<'a> Source<'a> {
    /// The bytes, the address or the id.
    #[must_use]
    pub fn text(&self) -> &Text<'a> {
        match self {
            Self::Inline(text) | Self::Url(text) | Self::Upload(text) | Self::Plain(text) => text,
        }
    }
}

impl<'a> Part<'a> {
    /// Whether a prompt cache may end here.
    #[must_use]
    pub fn cache(&self) -> Option<Cache> {
        match self {
            Self::Text { cache, .. } => *cache,
            Self::Image(media) | Self::Audio(media) | Self::Video(media) => media.cache,
            Self::Document(document) => document.cache,
            Self::ToolCall(call) => call.cache,
            Self::ToolResult(result) => result.cache,
            Self::Thought(_) | Self::Refusal(_) | Self::Foreign(_) => None,
        }
    }

    /// Where it says so; none for parts at which no prompt cache can end.
    pub(crate) fn cache_mut(&mut self) -> Option<&mut Option<Cache>> {
        match self {
            Self::Text { cache, .. } => Some(cache),
            Self::Image(media) | Self::Audio(media) | Self::Video(media) => Some(&mut media.cache),
            Self::Document(document) => Some(&mut document.cache),
            Self::ToolCall(call) => Some(&mut call.cache),
            Self::ToolResult(result) => Some(&mut result.cache),
            Self::Thought(_) | Self::Refusal(_) | Self::Foreign(_) => None,
        }
    }

    /// A text with nothing to it.
    #[must_use]
    pub fn text(text: Text<'a>) -> Self {
        Self::Text { text, citations: Vec::new(), cache: None }
    }
}
