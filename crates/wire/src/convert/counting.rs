//! Counting the tokens of a request before it is made: clients of four formats ask, providers of five are asked, and where a
//! provider has nothing to ask it is estimated.
//!
//! A counting request holds the same conversation as the request that it is about, so it is translated as one; then what
//! does not count is left out.

mod estimate;
mod media;
mod picture;
#[cfg(test)]
mod tests;

use super::Format;
use super::codec::{Malformed, Objection};
use super::form::{Attribution, Sampling};
use super::losses::Loss;
use super::translation::{Strictness, Target, carry};
use crate::json::{ObjectWriter, Value, object};
use crate::tokens::NoTokenizer;

/// A format of counting requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CountFormat {
    /// Anthropic: `POST /v1/messages/count_tokens`.
    Messages,
    /// OpenAI: `POST /v1/responses/input_tokens`.
    Responses,
    /// Gemini API: `POST /v1beta/models/{model}:countTokens`, which takes a whole request in `generateContentRequest`.
    Gemini,
    /// Gemini on Vertex AI: the same path, which takes the members of the request themselves.
    Vertex,
    /// Amazon Bedrock: `POST /model/{model}/count-tokens`, which takes a request in `input.converse`.
    Converse,
}

/// A counting request for a provider.
#[derive(Debug)]
pub struct Counting {
    /// The request.
    pub body: Vec<u8>,
    /// What of the conversation it does not hold.
    pub losses: Vec<Loss>,
    client: CountFormat,
    provider: CountFormat,
}

/// Why tokens cannot be estimated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotEstimated {
    /// The request is at fault.
    #[error(transparent)]
    Request(#[from] Objection),
    /// There is nothing to count with.
    #[error(transparent)]
    Tokenizer(#[from] NoTokenizer),
}

/// Translates a counting request of `client` for a target that counts in one of `providers`, the preferred one first.
///
/// # Errors
/// When the request is not what its format says, or none of the formats can carry it.
pub fn translate(
    request: &Value<'_>,
    client: CountFormat,
    providers: &[CountFormat],
    target: &Target<'_>,
    strictness: Strictness,
) -> Result<Counting, Objection> {
    let conversation = client.conversation(request)?;
    let own = providers.iter().find(|provider| provider.format() == client.format());
    if let Some(&provider) = own {
        let body = provider.write(conversation, target.model);
        return Ok(Counting { body, losses: Vec::new(), client, provider });
    }
    refuse_stored(conversation, client)?;
    let mut prompt = client.format().codec().read_prompt(conversation)?;
    // How the answer is drawn and on whose behalf is nothing to count.
    prompt.sampling = Sampling::default();
    prompt.attribution = Attribution::default();
    (prompt.stream, prompt.spoken) = (false, None);
    let formats: Vec<Format> = providers.iter().map(|provider| provider.format()).collect();
    let carried = carry(&mut prompt, client.format(), &formats, target, strictness)?;
    let provider = providers.iter().copied().find(|provider| provider.format() == carried.provider);
    let provider = provider.ok_or_else(|| Objection::new("", "the target counts in no format"))?;
    let whole = Value::parse(&carried.body).map_err(|error| Objection::new("", error.to_string()))?;
    let body = provider.write(&whole, target.model);
    Ok(Counting { body, losses: carried.losses, client, provider })
}

/// About how many tokens the conversation of a counting request has.
///
/// # Errors
/// When the request is not what its format says, or part of the conversation is not in it.
pub fn estimate(request: &Value<'_>, client: CountFormat) -> Result<u64, NotEstimated> {
    let conversation = client.conversation(request)?;
    refuse_stored(conversation, client)?;
    let prompt = client.format().codec().read_prompt(conversation)?;
    Ok(estimate::estimate(&prompt)?)
}

/// A conversation that is kept elsewhere is counted where it is kept.
fn refuse_stored(conversation: &Value<'_>, client: CountFormat) -> Result<(), Objection> {
    let stored = ["previous_response_id", "conversation"]
        .into_iter()
        .find(|member| client == CountFormat::Responses && conversation.present(member).is_some());
    let Some(member) = stored else { return Ok(()) };
    let message = format!(
        "`{member}` can be counted only by a provider that speaks OpenAI Responses and holds that conversation; send the whole `input`"
    );
    Err(Objection::new(member, message))
}

impl Counting {
    /// The provider's answer in the client's format.
    ///
    /// # Errors
    /// When it is not what the provider's format says.
    pub fn answer(&self, body: &[u8]) -> Result<Vec<u8>, Malformed> {
        let answer = Value::parse(body).map_err(|error| Malformed(error.to_string()))?;
        let member = self.provider.total();
        let tokens = answer.get(member).and_then(Value::as_u64);
        let tokens = tokens.ok_or_else(|| Malformed(format!("`{member}` is missing")))?;
        Ok(self.client.answer(tokens))
    }

    /// The format that the provider counts in.
    #[must_use]
    pub fn provider(&self) -> CountFormat {
        self.provider
    }
}

impl CountFormat {
    /// All of them, in the order in which they are preferred: those that take most of a request first.
    pub const ALL: [Self; 5] = [Self::Messages, Self::Responses, Self::Gemini, Self::Vertex, Self::Converse];

    /// The format of the conversation in it.
    #[must_use]
    pub fn format(self) -> Format {
        match self {
            Self::Messages => Format::Messages,
            Self::Responses => Format::Responses,
            Self::Gemini | Self::Vertex => Format::Gemini,
            Self::Converse => Format::Converse,
        }
    }

    /// The answer that says a number of tokens.
    #[must_use]
    pub fn answer(self, tokens: u64) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        object(&mut out, |answer| {
            if self == Self::Responses {
                answer.str("object", "response.input_tokens");
            }
            answer.number(self.total(), tokens);
        });
        out
    }

    /// The member of an answer with the number of tokens.
    fn total(self) -> &'static str {
        match self {
            Self::Messages | Self::Responses => "input_tokens",
            Self::Gemini | Self::Vertex => "totalTokens",
            Self::Converse => "inputTokens",
        }
    }

    /// The conversation in a request. Clients of Gemini send it wrapped or not, whichever of Google's APIs they mean.
    fn conversation<'v, 'a>(self, request: &'v Value<'a>) -> Result<&'v Value<'a>, Objection> {
        match self {
            Self::Messages | Self::Responses => Ok(request),
            Self::Gemini | Self::Vertex => Ok(request
                .present("generateContentRequest")
                .or_else(|| request.present("generate_content_request"))
                .unwrap_or(request)),
            Self::Converse => request.at(&["input", "converse"]).ok_or_else(|| {
                let message = "`input.converse` is missing; `input.invokeModel` is counted only by Amazon Bedrock itself";
                Objection::new("input.converse", message)
            }),
        }
    }

    /// The members of a conversation that its counting takes beside the model: any other is refused by the provider. `None`
    /// takes all.
    fn counted(self) -> Option<&'static [&'static str]> {
        match self {
            // API reference, "Count tokens in a Message".
            Self::Messages => Some(&[
                "messages",
                "system",
                "tools",
                "tool_choice",
                "thinking",
                "output_config",
                "cache_control",
            ]),
            // API reference, "Get input token counts".
            Self::Responses => Some(&[
                "input",
                "instructions",
                "tools",
                "tool_choice",
                "parallel_tool_calls",
                "reasoning",
                "text",
                "truncation",
                "conversation",
                "previous_response_id",
                "personality",
            ]),
            Self::Gemini => None,
            // Vertex AI REST reference, `publishers.models.countTokens`. Both spellings are JSON of the same message.
            Self::Vertex => Some(&[
                "contents",
                "systemInstruction",
                "system_instruction",
                "tools",
                "generationConfig",
                "generation_config",
            ]),
            // Bedrock API reference, `ConverseTokensRequest`.
            Self::Converse => Some(&["messages", "system", "toolConfig", "additionalModelRequestFields"]),
        }
    }

    /// A request with a conversation of this format, its members as they stood.
    fn write(self, conversation: &Value<'_>, model: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(conversation.raw().len() + 128);
        let counts =
            |name: &str| name != "model" && self.counted().is_none_or(|counted| counted.contains(&name));
        let members = |out: &mut ObjectWriter<'_>| {
            for (name, value) in conversation.members().iter().filter(|(name, _)| counts(name)) {
                out.named(name, value.raw());
            }
        };
        object(&mut out, |request| match self {
            Self::Messages | Self::Responses => {
                request.str("model", model);
                members(request);
            }
            Self::Vertex => members(request),
            Self::Gemini => request.object("generateContentRequest", |whole| {
                whole.str("model", &format!("models/{model}"));
                members(whole);
            }),
            Self::Converse => request.object("input", |input| input.object("converse", members)),
        });
        out
    }
}
