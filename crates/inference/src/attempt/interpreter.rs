//! What makes the client's answer of the provider's, where the two speak different formats.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use wire::convert::Translation;
use wire::convert::counting::Counting;
use wire::convert::embeddings::{EmbeddingAnswer, EmbeddingTranslation};
use wire::convert::media::{MediaReader, Unanswered, Unfinished};
use wire::convert::rerank::RerankTranslation;
use wire::formats::Usage;

use super::encode::JSON;

/// How many tokens Bedrock's `InvokeModel` took in, which not every model repeats in its answer (Bedrock user guide, "Monitor
/// your token usage").
const INPUT_TOKENS: &str = "x-amzn-bedrock-input-token-count";

/// The translation of one kind of request, on its way back.
pub(super) enum Interpreter {
    /// Of a conversation, which may be streamed.
    Prompt(Box<Translation>),
    /// Of vectors, for which there may be several answers.
    Embeddings(Box<EmbeddingTranslation>),
    /// Of an order of documents.
    Reranking(Box<RerankTranslation>),
    /// Of a number of tokens.
    Counting(Box<Counting>),
    /// Of images, for which there may be several answers, of speech or of a transcript.
    Media(MediaReader),
}

/// A provider's whole answer to one request.
pub(super) struct Whole {
    body: Bytes,
    input_tokens: Option<u64>,
}

impl Whole {
    /// An answer with what its head says about it.
    pub(super) fn new(headers: &HeaderMap, body: Bytes) -> Self {
        let count = headers.get(INPUT_TOKENS).and_then(|count| count.to_str().ok()?.parse().ok());
        Self { body, input_tokens: count }
    }
}

impl Interpreter {
    /// The client's answer, and what it used. There are as many answers as there were requests, in their order.
    ///
    /// # Errors
    /// When one is not what the provider's format says, or refuses to be an answer.
    pub(super) fn answer(&self, answers: &[Whole]) -> Result<(Vec<u8>, Usage), Unanswered> {
        let first = answers.first().map(|answer| &*answer.body).unwrap_or_default();
        match self {
            Self::Prompt(translation) => Ok(translation.answer(first)?),
            Self::Reranking(translation) => Ok(translation.answer(first)?),
            Self::Counting(counting) => Ok((counting.answer(first)?, Usage::default())),
            Self::Media(reader) => {
                reader.answer(&answers.iter().map(|answer| &*answer.body).collect::<Vec<_>>())
            }
            Self::Embeddings(translation) => {
                let answers = answers.iter().map(|Whole { body, input_tokens }| EmbeddingAnswer {
                    body,
                    input_tokens: *input_tokens,
                });
                Ok(translation.answer(&answers.collect::<Vec<_>>())?)
            }
        }
    }

    /// Whether answers may come that are none yet.
    pub(super) fn may_be_unfinished(&self) -> bool {
        matches!(self, Self::Media(reader) if reader.may_be_unfinished())
    }

    /// How the provider is asked again, where its answer is none yet.
    pub(super) fn unfinished(&self, answer: &[u8]) -> Option<Unfinished> {
        match self {
            Self::Media(reader) => reader.unfinished(answer),
            _ => None,
        }
    }

    /// The type of the client's answer.
    pub(super) fn content_type(&self) -> HeaderValue {
        match self {
            Self::Media(reader) => HeaderValue::from_static(reader.content_type()),
            Self::Prompt(_) | Self::Embeddings(_) | Self::Reranking(_) | Self::Counting(_) => JSON,
        }
    }

    /// The translation of a conversation, the only kind that is streamed.
    pub(super) fn prompt(&self) -> Option<&Translation> {
        match self {
            Self::Prompt(translation) => Some(translation),
            Self::Embeddings(_) | Self::Reranking(_) | Self::Counting(_) | Self::Media(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Bytes, HeaderMap, INPUT_TOKENS, Whole};
    use http::HeaderValue;

    #[test]
    fn tokens_that_only_the_head_counts_are_read() {
        let counted = |count: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(INPUT_TOKENS, HeaderValue::from_static(count));
            Whole::new(&headers, Bytes::new()).input_tokens
        };
        assert_eq!((counted("12"), counted("many"), counted("-1")), (Some(12), None, None));
        assert_eq!(Whole::new(&HeaderMap::new(), Bytes::new()).input_tokens, None);
    }
}
