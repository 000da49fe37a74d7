//! The facts of a request that the gateway decides on, read without touching the rest.
//!
//! Members that the gateway governs may occur only once: where readers disagree which of two counts, a request could
//! be authorised for one model and served by another.

use super::request_shape::{NestedLimit, RequestShape};
use super::{
    RequestKind, chat, cohere, completions, converse, embeddings, gemini, images, messages, responses,
    speech, transcription,
};
use crate::json::{Document, DuplicateKey, Kind, MemberRef, ScanError};

/// What the gateway needs to know of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFacts {
    /// The kind that the request was read as.
    pub kind: RequestKind,
    /// The model that is asked for.
    pub model: Option<String>,
    /// Whether the answer is to be streamed.
    pub stream: bool,
    /// Whether the client asked for usage in the stream; none when it did not say.
    pub include_usage: Option<bool>,
    /// The most output tokens of one answer, in tokens: the largest of the limits given.
    pub max_output_tokens: Option<u64>,
    /// How many answers are asked for at once, the largest of `n` and `best_of`.
    pub choices: Option<u64>,
    /// The stored response that this request continues, which only its provider knows.
    pub previous_response_id: Option<String>,
}

/// A request whose facts cannot be read with certainty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactsError {
    /// The body is not an object.
    #[error("the body must be an object, found {found}")]
    NotAnObject {
        /// What it is.
        found: Kind,
    },
    /// A governed member occurs more than once.
    #[error(transparent)]
    Duplicate(#[from] DuplicateKey),
    /// A governed member has the wrong type.
    #[error("`{path}` must be {wanted}, found {found}")]
    WrongType {
        /// The member, such as `stream_options.include_usage`.
        path: &'static str,
        /// What it must be.
        wanted: &'static str,
        /// What it is.
        found: Kind,
    },
    /// A part of the body does not scan, so its outline was made from other bytes.
    #[error("the body does not match its outline: {0}")]
    Mismatch(#[from] ScanError),
}

impl FactsError {
    /// The member at fault, for the `param` of an error answer; none when it is the whole body.
    pub fn param(&self) -> Option<&str> {
        match self {
            Self::Duplicate(duplicate) => Some(&duplicate.key),
            Self::WrongType { path, .. } => Some(path),
            Self::NotAnObject { .. } | Self::Mismatch(_) => None,
        }
    }
}

/// Reads the facts of a request.
///
/// # Errors
/// When the body is not an object, a governed member occurs twice, or one that counts in this format has the wrong
/// type. `null` counts as absent, except for `model`.
pub fn facts(kind: RequestKind, document: &Document) -> Result<RequestFacts, FactsError> {
    let shape = shape(kind);
    let governed = Governed::of(document)?;
    let model = governed
        .get(Key::Model)
        .filter(|_| !shape.model_in_path)
        .map(|member| text(Key::Model, &member))
        .transpose()?;
    let stream = match governed.get(Key::Stream).filter(|_| shape.streams) {
        Some(member) => flag(Key::Stream.name(), &member)?.unwrap_or(false),
        None => false,
    };
    let stream = stream || (shape.streams_by_format && governed.is_text(Key::StreamFormat, "sse"));
    let include_usage = match governed.get(Key::StreamOptions).filter(|_| shape.takes_usage_option) {
        Some(options) => include_usage(&options)?,
        None => None,
    };
    let previous_response_id =
        match governed.get(Key::PreviousResponseId).filter(|_| shape.continues_responses) {
            Some(member) if member.kind() != Kind::Null => Some(text(Key::PreviousResponseId, &member)?),
            _ => None,
        };
    let choices = if shape.counts_choices { governed.largest(&[Key::N, Key::BestOf])? } else { None };
    let nested = shape.output_limit.map(|limit| nested_limit(document, limit)).transpose()?;
    let max_output_tokens = governed
        .largest(&[Key::MaxTokens, Key::MaxCompletionTokens, Key::MaxOutputTokens])?
        .max(nested.flatten());
    Ok(RequestFacts { kind, model, stream, include_usage, max_output_tokens, choices, previous_response_id })
}

fn shape(kind: RequestKind) -> RequestShape {
    match kind {
        RequestKind::Chat => chat::REQUEST,
        RequestKind::Completions => completions::REQUEST,
        RequestKind::Responses => responses::REQUEST,
        RequestKind::Messages => messages::REQUEST,
        RequestKind::Embeddings | RequestKind::CohereRetrieval | RequestKind::Rerank => embeddings::REQUEST,
        RequestKind::EmbedContent => embeddings::MODEL_IN_PATH,
        RequestKind::Gemini => gemini::REQUEST,
        RequestKind::Converse => converse::REQUEST,
        RequestKind::Cohere => cohere::REQUEST,
        RequestKind::Images => images::REQUEST,
        RequestKind::Speech => speech::REQUEST,
        RequestKind::Transcription => transcription::REQUEST,
    }
}

/// The members that the gateway governs, whatever the format: a provider may read one that its format lacks.
#[derive(Debug, Clone, Copy)]
enum Key {
    Model,
    Stream,
    StreamOptions,
    MaxTokens,
    MaxCompletionTokens,
    MaxOutputTokens,
    PreviousResponseId,
    N,
    BestOf,
    StreamFormat,
}

const KEYS: usize = 10;

impl Key {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "model" => Self::Model,
            "stream" => Self::Stream,
            "stream_options" => Self::StreamOptions,
            "max_tokens" => Self::MaxTokens,
            "max_completion_tokens" => Self::MaxCompletionTokens,
            "max_output_tokens" => Self::MaxOutputTokens,
            "previous_response_id" => Self::PreviousResponseId,
            "n" => Self::N,
            "best_of" => Self::BestOf,
            "stream_format" => Self::StreamFormat,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Stream => "stream",
            Self::StreamOptions => "stream_options",
            Self::MaxTokens => "max_tokens",
            Self::MaxCompletionTokens => "max_completion_tokens",
            Self::MaxOutputTokens => "max_output_tokens",
            Self::PreviousResponseId => "previous_response_id",
            Self::N => "n",
            Self::BestOf => "best_of",
            Self::StreamFormat => "stream_format",
        }
    }
}

/// The governed members of one request, each at most once.
struct Governed<'d>([Option<MemberRef<'d>>; KEYS]);

impl<'d> Governed<'d> {
    fn of(document: &'d Document) -> Result<Self, FactsError> {
        if document.outline().kind != Kind::Object {
            return Err(FactsError::NotAnObject { found: document.outline().kind });
        }
        let mut found = [None; KEYS];
        for member in document.members() {
            let Some(key) = member.key().as_deref().and_then(Key::of) else {
                continue;
            };
            if found[key as usize].replace(member).is_some() {
                return Err(DuplicateKey { key: key.name().to_owned() }.into());
            }
        }
        Ok(Self(found))
    }

    fn get(&self, key: Key) -> Option<MemberRef<'d>> {
        self.0[key as usize]
    }

    /// Whether the member is this text.
    fn is_text(&self, key: Key, text: &str) -> bool {
        self.get(key).and_then(|member| member.as_str()).as_deref() == Some(text)
    }

    /// The largest of the counts in these members.
    fn largest(&self, keys: &[Key]) -> Result<Option<u64>, FactsError> {
        let mut largest = None;
        for &key in keys {
            if let Some(member) = self.get(key) {
                largest = largest.max(count(key.name(), &member)?);
            }
        }
        Ok(largest)
    }
}

fn text(key: Key, member: &MemberRef<'_>) -> Result<String, FactsError> {
    member.as_str().map(std::borrow::Cow::into_owned).ok_or_else(|| {
        // A string can only be refused for half of a surrogate pair.
        let wanted =
            if member.kind() == Kind::String { "a string without unpaired surrogates" } else { "a string" };
        FactsError::WrongType { path: key.name(), wanted, found: member.kind() }
    })
}

fn count(path: &'static str, member: &MemberRef<'_>) -> Result<Option<u64>, FactsError> {
    match (member.kind(), member.as_u64()) {
        (Kind::Null, _) => Ok(None),
        (_, Some(count)) => Ok(Some(count)),
        (found, None) => Err(FactsError::WrongType { path, wanted: "a whole number, 0 or more", found }),
    }
}

/// A limit of tokens that is not in the body itself.
fn nested_limit(document: &Document, limit: NestedLimit) -> Result<Option<u64>, FactsError> {
    let Some(within) = document.member(limit.within)? else { return Ok(None) };
    match within.kind() {
        Kind::Null => return Ok(None),
        Kind::Object => {}
        found => return Err(FactsError::WrongType { path: limit.within, wanted: "an object", found }),
    }
    let within = Document::of_value(within.raw_bytes())?;
    match within.member(limit.member) {
        Ok(Some(member)) => count(limit.path, &member),
        Ok(None) => Ok(None),
        Err(_) => Err(DuplicateKey { key: limit.path.to_owned() }.into()),
    }
}

fn flag(path: &'static str, member: &MemberRef<'_>) -> Result<Option<bool>, FactsError> {
    match (member.kind(), member.as_bool()) {
        (Kind::Null, _) => Ok(None),
        (_, Some(flag)) => Ok(Some(flag)),
        (found, None) => Err(FactsError::WrongType { path, wanted: "true or false", found }),
    }
}

fn include_usage(options: &MemberRef<'_>) -> Result<Option<bool>, FactsError> {
    const PATH: &str = "stream_options.include_usage";
    match options.kind() {
        Kind::Null => return Ok(None),
        Kind::Object => {}
        found => {
            return Err(FactsError::WrongType { path: "stream_options", wanted: "an object", found });
        }
    }
    let options = Document::of_value(options.raw_bytes())?;
    match options.member("include_usage") {
        Ok(Some(member)) => flag(PATH, &member),
        Ok(None) => Ok(None),
        Err(_) => Err(DuplicateKey { key: PATH.to_owned() }.into()),
    }
}

#[cfg(test)]
mod tests;
