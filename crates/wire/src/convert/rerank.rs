//! Translation of reranking: what clients of three formats ask, in the words of five kinds of providers, and the order back.
//!
//! Documents that a client wants back are those that it sent, so no provider is asked to return them.

mod amazon;
mod cohere;
mod form;
mod jina;
#[cfg(test)]
mod tests;
mod voyage;

use std::borrow::Cow;
use std::fmt::Write as _;

use super::client::ClientContext;
use super::codec::{Malformed, Objection};
use super::losses::Loss;
use super::translation::Strictness;
use crate::formats::Usage;
use crate::json::Value;

use form::{Feature, Ranking, Request};

/// A format that clients ask for an order in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RerankClient {
    /// Cohere, version 2: `POST /v2/rerank`.
    Cohere,
    /// Jina AI: `POST /v1/rerank`. What clients of Cohere's version 1 send is read, and they can read the answer.
    Jina,
    /// Voyage AI: `POST /v1/rerank`.
    Voyage,
}

/// A format that providers are asked for an order in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RerankProvider {
    /// Cohere, version 2, and all that follow it: `POST /v2/rerank`.
    Cohere,
    /// Jina AI: `POST /v1/rerank`.
    Jina,
    /// Voyage AI: `POST /v1/rerank`.
    Voyage,
    /// Amazon Bedrock's own operation: `POST /rerank` of `bedrock-agent-runtime`.
    BedrockAgent,
    /// Cohere's models on Amazon Bedrock: `InvokeModel`.
    CohereOnBedrock,
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

    /// Writes an answer, with the documents of the request where they are wanted back.
    fn write(&self, ranking: &Ranking<'_>, documents: &[String], context: &ClientContext) -> Vec<u8>;
}

/// A format, as its providers understand it.
trait Provider: Sync {
    /// What it cannot say, and what happens to it; nothing where it would have to be refused.
    fn lacks(&self) -> &'static [(Feature, Option<&'static str>)];

    /// Writes a request for a model, as the provider calls it.
    fn write(&self, request: &Request<'_>, model: &str) -> Vec<u8>;

    /// Reads an answer.
    ///
    /// # Errors
    /// When it is not what the format says: the provider's failure.
    fn read<'a>(&self, answer: &Value<'a>) -> Result<Ranking<'a>, Malformed>;
}

/// A translated request for an order.
#[derive(Debug)]
pub struct RerankTranslation {
    /// The request in the provider's format.
    pub body: Vec<u8>,
    /// What of the client's request was lost.
    pub losses: Vec<Loss>,
    client: RerankClient,
    provider: RerankProvider,
    documents: u64,
    /// The documents as the client wants them back, as JSON; none where it does not.
    returned: Vec<String>,
    context: ClientContext,
}

/// Translates a request of `client` for `model`, as the provider calls it.
///
/// # Errors
/// When the request is not what its format says, or cannot be carried.
pub fn translate(
    request: &Value<'_>,
    (client, provider): (RerankClient, RerankProvider),
    model: &str,
    strictness: Strictness,
    context: ClientContext,
) -> Result<RerankTranslation, Objection> {
    let request = client.codec().read(request)?;
    let losses = losses(&request, (client, provider), strictness)?;
    let body = provider.codec().write(&request, model);
    let returned = if request.returns_documents { request.documents_as_json() } else { Vec::new() };
    let documents = request.documents.len() as u64;
    Ok(RerankTranslation { body, losses, client, provider, documents, returned, context })
}

/// Writes what is lost to whom.
pub(super) fn describe(page: &mut String) {
    page.push_str("| to | what a request says | |\n|---|---|---|\n");
    for provider in RerankProvider::ALL {
        for (feature, what) in provider.codec().lacks() {
            let what = what.unwrap_or("refused");
            let _ = writeln!(page, "| {} | {} | {what} |", provider.title(), feature.about());
        }
    }
}

impl RerankTranslation {
    /// The provider's answer in the client's format, and what it used.
    ///
    /// # Errors
    /// When the answer is not what the provider's format says, or names a document that was not sent.
    pub fn answer(&self, body: &[u8]) -> Result<(Vec<u8>, Usage), Malformed> {
        let value = Value::parse(body).map_err(|error| Malformed(error.to_string()))?;
        let ranking = self.provider.codec().read(&value)?;
        if let Some(result) = ranking.results.iter().find(|result| result.index >= self.documents) {
            let (index, documents) = (result.index, self.documents);
            return Err(Malformed(format!("document {index} of {documents} is ranked")));
        }
        Ok((self.client.codec().write(&ranking, &self.returned, &self.context), ranking.usage))
    }
}

fn losses(
    request: &Request<'_>,
    (client, provider): (RerankClient, RerankProvider),
    strictness: Strictness,
) -> Result<Vec<Loss>, Objection> {
    let mut losses = Vec::new();
    for feature in request.features() {
        let lacks = provider.codec().lacks().iter().find(|(lacked, _)| *lacked == feature);
        let Some((_, what)) = lacks else { continue };
        let member = client.codec().member(feature);
        let Some(what) = what else {
            let message = format!(
                "{} (`{member}`) cannot be sent to a provider that speaks {}; remove it, or name a model of another provider",
                feature.about(),
                provider.title(),
            );
            return Err(Objection::new(member, message));
        };
        losses.push(Loss { member: Cow::Borrowed(member), what: Cow::Borrowed(what) });
    }
    losses.extend(
        request
            .unknown
            .iter()
            .map(|name| Loss { member: Cow::Owned(name.clone()), what: Cow::Borrowed("it is left out") }),
    );
    match losses.first() {
        Some(first) if strictness == Strictness::Strict => {
            let message = format!(
                "`{}` would not reach a provider that speaks {} as it was said ({}), and the route is strict",
                first.member,
                provider.title(),
                first.what,
            );
            Err(Objection::new(first.member.clone(), message))
        }
        _ => Ok(losses),
    }
}

impl RerankClient {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Cohere, Self::Jina, Self::Voyage];

    /// Its name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cohere => "cohere",
            Self::Jina => "jina",
            Self::Voyage => "voyage",
        }
    }

    fn codec(self) -> &'static dyn Client {
        match self {
            Self::Cohere => &cohere::Cohere,
            Self::Jina => &jina::Jina,
            Self::Voyage => &voyage::Voyage,
        }
    }
}

impl RerankProvider {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Cohere, Self::Jina, Self::Voyage, Self::BedrockAgent, Self::CohereOnBedrock];

    /// Its name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cohere => "cohere",
            Self::Jina => "jina",
            Self::Voyage => "voyage",
            Self::BedrockAgent => "bedrock_agent",
            Self::CohereOnBedrock => "cohere_on_bedrock",
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Cohere => "Cohere rerank",
            Self::Jina => "Jina rerank",
            Self::Voyage => "Voyage rerank",
            Self::BedrockAgent => "Bedrock rerank",
            Self::CohereOnBedrock => "Cohere rerank on Bedrock",
        }
    }

    fn codec(self) -> &'static dyn Provider {
        match self {
            Self::Cohere => &cohere::Cohere,
            Self::Jina => &jina::Jina,
            Self::Voyage => &voyage::Voyage,
            Self::BedrockAgent => &amazon::Agent,
            Self::CohereOnBedrock => &amazon::CohereOnBedrock,
        }
    }
}
