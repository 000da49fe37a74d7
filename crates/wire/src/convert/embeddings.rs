//! Translation of embeddings: what clients of three formats ask, in the words of thirteen kinds of providers, and the vectors back.
//!
//! As with conversations each format is read into one form and written from it. Vectors are copied as they stood; between
//! a list of numbers and base64 they are converted without losing a bit. Where a provider takes fewer inputs at a time than
//! a client sends, one request becomes several.

mod amazon;
mod cohere;
mod feature;
mod form;
mod gemini;
mod image;
mod jina;
mod mistral;
mod open_ai;
#[cfg(test)]
pub(in crate::convert) mod tests;
mod vector;
mod vertex;
mod voyage;

use std::fmt::Write as _;

use super::capability::Needs;
use super::client::ClientContext;
use super::codec::{Malformed, Objection};
use super::losses::Loss;
use super::translation::Strictness;
use crate::formats::Usage;
use crate::json::Value;

use feature::{Feature, losses};
use form::{Embeddings, Encoding, Input, Request};

/// The most requests that one request becomes.
const CALLS_MAX: usize = 128;

/// A format that clients ask for embeddings in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EmbeddingClient {
    /// OpenAI: `POST /v1/embeddings`.
    OpenAi,
    /// Cohere, version 2: `POST /v2/embed`.
    Cohere,
    /// Gemini: `POST /v1beta/models/{model}:embedContent` and `:batchEmbedContents`.
    Gemini,
}

/// A format that providers are asked for embeddings in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EmbeddingProvider {
    /// OpenAI, and all that are compatible with it: `POST /embeddings`.
    OpenAi,
    /// Mistral: `POST /v1/embeddings`.
    Mistral,
    /// Voyage AI's texts: `POST /v1/embeddings`.
    Voyage,
    /// Voyage AI's texts and pictures: `POST /v1/multimodalembeddings`.
    VoyageMultimodal,
    /// Jina AI: `POST /v1/embeddings`.
    Jina,
    /// Cohere, version 2: `POST /v2/embed`.
    Cohere,
    /// Cohere's models on Amazon Bedrock: `InvokeModel`.
    CohereOnBedrock,
    /// Amazon Titan Text Embeddings on Bedrock: `InvokeModel`.
    Titan,
    /// Amazon Titan Multimodal Embeddings on Bedrock: `InvokeModel`.
    TitanMultimodal,
    /// Amazon Nova Multimodal Embeddings on Bedrock: `InvokeModel`.
    Nova,
    /// Gemini: `:batchEmbedContents`, whatever the client asked by.
    Gemini,
    /// Gemini where it takes one input at a time: `:embedContent`.
    GeminiAlone,
    /// Google's text embeddings on Vertex AI: `:predict`.
    Vertex,
}

/// A format, as its clients speak it.
trait Client: Sync {
    /// The client's own name for something that it says.
    fn member(&self, feature: Feature) -> &'static str;

    /// Reads a request.
    ///
    /// # Errors
    /// When a member that matters is not what the format says.
    fn read<'a>(&self, request: &Value<'a>) -> Result<Request<'a>, Objection>;

    /// Writes an answer.
    ///
    /// # Errors
    /// When the vectors are not of the kind that was asked for.
    fn write(&self, answer: &Embeddings<'_>, asked: &Asked) -> Result<Vec<u8>, Malformed>;
}

/// A format, as its providers understand it.
trait Provider: Sync {
    /// What it cannot say, and what happens to it.
    fn lacks(&self) -> &'static [(Feature, &'static str)];

    /// Whether this request carries whole what the list says it lacks.
    fn keeps(&self, _feature: Feature, _request: &Request<'_>) -> bool {
        false
    }

    /// Whether members that OpenAI does not know are its own, so that they are passed on.
    fn extends_open_ai(&self) -> bool {
        false
    }

    /// Whether it charges for pictures by the piece and tells of texts alone what they used.
    fn charges_by_picture(&self) -> bool {
        false
    }

    /// The most inputs that it takes at a time.
    fn inputs_max(&self) -> usize;

    /// Writes a request for some of the inputs.
    fn write(&self, request: &Request<'_>, inputs: &[Input<'_>], model: &str) -> Vec<u8>;

    /// Reads an answer. Where it does not say what its numbers are, they are what was asked for.
    ///
    /// # Errors
    /// When it is not what the format says: the provider's failure.
    fn read<'a>(&self, answer: &Value<'a>, asked: Encoding) -> Result<Embeddings<'a>, Malformed>;
}

/// What the answer has to fit.
#[derive(Debug, Clone)]
struct Asked {
    context: ClientContext,
    /// What the vectors are to look like, at least one.
    encodings: Vec<Encoding>,
    /// Whether several inputs were sent at once, though it may have been one (Gemini).
    is_batch: bool,
}

/// A translated request for embeddings.
#[derive(Debug)]
pub struct EmbeddingTranslation {
    /// The requests in the provider's format, to be sent in any order.
    pub bodies: Vec<Vec<u8>>,
    /// What of the client's request was lost.
    pub losses: Vec<Loss>,
    client: EmbeddingClient,
    provider: EmbeddingProvider,
    inputs: usize,
    /// How many pictures are charged by the piece.
    pictures: usize,
    asked: Asked,
}

/// A provider's answer to one of the requests.
#[derive(Debug, Clone, Copy)]
pub struct EmbeddingAnswer<'a> {
    /// The body.
    pub body: &'a [u8],
    /// The tokens of the input, where the answer's head counts them. The body has the first word.
    pub input_tokens: Option<u64>,
}

/// What a request needs a model to be able to do. How long its texts may be is not asked, since most providers cut them.
///
/// # Errors
/// When the request is not what its format says.
pub fn needs(request: &Value<'_>, client: EmbeddingClient) -> Result<Needs, Objection> {
    let request = client.codec().read(request)?;
    let vision = request.inputs.iter().flat_map(Input::images).next().is_some();
    Ok(Needs { vision, ..Needs::default() })
}

/// Translates a request of `client` for `model`, as the provider calls it.
///
/// # Errors
/// When the request is not what its format says, cannot be carried, or would become too many requests.
pub fn translate(
    request: &Value<'_>,
    (client, provider): (EmbeddingClient, EmbeddingProvider),
    model: &str,
    strictness: Strictness,
    context: ClientContext,
) -> Result<EmbeddingTranslation, Objection> {
    let mut request = client.codec().read(request)?;
    let losses = losses(&request, (client, provider), strictness)?;
    if !feature::passes_unknown(client, provider) {
        request.unknown.clear();
    }
    let codec = provider.codec();
    let calls = request.inputs.len().div_ceil(codec.inputs_max());
    if calls > CALLS_MAX {
        let message = format!(
            "{} inputs would become {calls} requests to a provider that takes {} at a time; send at most {}",
            request.inputs.len(),
            codec.inputs_max(),
            CALLS_MAX * codec.inputs_max(),
        );
        return Err(Objection::new(client.codec().member(Feature::Inputs), message));
    }
    let bodies = request
        .inputs
        .chunks(codec.inputs_max())
        .map(|inputs| codec.write(&request, inputs, model))
        .collect();
    let asked = Asked { context, encodings: request.encodings(), is_batch: request.is_batch };
    let pictures =
        request.inputs.iter().flat_map(Input::images).filter(|_| codec.charges_by_picture()).count();
    let inputs = request.inputs.len();
    Ok(EmbeddingTranslation { bodies, losses, client, provider, inputs, pictures, asked })
}

/// Writes what is lost to whom.
pub(super) fn describe(page: &mut String) {
    page.push_str("| to | what a request says | |\n|---|---|---|\n");
    for provider in EmbeddingProvider::ALL {
        for (feature, what) in provider.codec().lacks() {
            let what = match (feature.is_essential(), *what) {
                (true, "") => "refused",
                (_, what) => what,
            };
            let _ = writeln!(page, "| {} | {} | {what} |", provider.title(), feature.about());
        }
    }
}

impl EmbeddingTranslation {
    /// The client's answer of the provider's answers, in the order of the requests, and what they used.
    ///
    /// # Errors
    /// When an answer is not what the provider's format says, or lacks a vector.
    pub fn answer(&self, answers: &[EmbeddingAnswer<'_>]) -> Result<(Vec<u8>, Usage), Malformed> {
        let values = answers
            .iter()
            .map(|answer| Value::parse(answer.body).map_err(|error| Malformed(error.to_string())))
            .collect::<Result<Vec<_>, _>>()?;
        let mut whole: Option<Embeddings<'_>> = None;
        for (value, answer) in values.iter().zip(answers) {
            let mut next = self.provider.codec().read(value, self.asked.numbers())?;
            next.usage.input_tokens = next.usage.input_tokens.or(answer.input_tokens);
            match &mut whole {
                Some(whole) => whole.append(next),
                None => whole = Some(next),
            }
        }
        let whole = whole.unwrap_or_default();
        for (encoding, vectors) in &whole.sets {
            if vectors.len() != self.inputs {
                let (inputs, found) = (self.inputs, vectors.len());
                let name = encoding.name();
                return Err(Malformed(format!("{inputs} inputs got {found} embeddings ({name})")));
            }
        }
        Ok((self.client.codec().write(&whole, &self.asked)?, self.used(whole.usage)))
    }
}

impl EmbeddingTranslation {
    /// What is charged: where pictures are charged beside texts, the tokens of the texts are not all of it.
    fn used(&self, usage: Usage) -> Usage {
        match self.pictures {
            0 => usage,
            pictures => Usage { input_tokens: None, images: Some(pictures as u64), ..usage },
        }
    }
}

impl Asked {
    /// The numbers that were asked for where a provider gives only one kind.
    fn numbers(&self) -> Encoding {
        self.encodings.first().copied().map_or(Encoding::Float, Encoding::numbers)
    }
}

impl EmbeddingClient {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::OpenAi, Self::Cohere, Self::Gemini];

    /// Its name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Cohere => "cohere",
            Self::Gemini => "gemini",
        }
    }

    fn codec(self) -> &'static dyn Client {
        match self {
            Self::OpenAi => &open_ai::OpenAi,
            Self::Cohere => &cohere::Cohere,
            Self::Gemini => &gemini::Gemini,
        }
    }
}

impl EmbeddingProvider {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::OpenAi,
        Self::Mistral,
        Self::Voyage,
        Self::VoyageMultimodal,
        Self::Jina,
        Self::Cohere,
        Self::CohereOnBedrock,
        Self::Titan,
        Self::TitanMultimodal,
        Self::Nova,
        Self::Gemini,
        Self::GeminiAlone,
        Self::Vertex,
    ];

    /// Its name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Mistral => "mistral",
            Self::Voyage => "voyage",
            Self::VoyageMultimodal => "voyage_multimodal",
            Self::Jina => "jina",
            Self::Cohere => "cohere",
            Self::CohereOnBedrock => "cohere_on_bedrock",
            Self::Titan => "titan",
            Self::TitanMultimodal => "titan_multimodal",
            Self::Nova => "nova",
            Self::Gemini => "gemini",
            Self::GeminiAlone => "gemini_alone",
            Self::Vertex => "vertex",
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::OpenAi => "OpenAI embeddings",
            Self::Mistral => "Mistral embeddings",
            Self::Voyage => "Voyage embeddings",
            Self::VoyageMultimodal => "Voyage multimodal embeddings",
            Self::Jina => "Jina embeddings",
            Self::Cohere => "Cohere embed",
            Self::CohereOnBedrock => "Cohere embed on Bedrock",
            Self::Titan => "Titan text embeddings",
            Self::TitanMultimodal => "Titan multimodal embeddings",
            Self::Nova => "Nova multimodal embeddings",
            Self::Gemini => "Gemini embeddings",
            Self::GeminiAlone => "Gemini embeddings, one at a time",
            Self::Vertex => "Vertex text embeddings",
        }
    }

    fn codec(self) -> &'static dyn Provider {
        match self {
            Self::OpenAi => &open_ai::OpenAi,
            Self::Mistral => &mistral::Mistral,
            Self::Voyage => &voyage::Voyage,
            Self::VoyageMultimodal => &voyage::Multimodal,
            Self::Jina => &jina::Jina,
            Self::Cohere => &cohere::Cohere,
            Self::CohereOnBedrock => &cohere::OnBedrock,
            Self::Titan => &amazon::Titan,
            Self::TitanMultimodal => &amazon::TitanMultimodal,
            Self::Nova => &amazon::Nova,
            Self::Gemini => &gemini::Gemini,
            Self::GeminiAlone => &gemini::Alone,
            Self::Vertex => &vertex::Vertex,
        }
    }
}
