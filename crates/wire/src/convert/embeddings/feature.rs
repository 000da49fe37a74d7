//! What requests for embeddings can say, and what of it a provider does not understand.

use std::borrow::Cow;

use super::form::{Encoding, Input, Request};
use super::{EmbeddingClient, EmbeddingProvider};
use crate::convert::codec::Objection;
use crate::convert::form::Source;
use crate::convert::losses::Loss;
use crate::convert::translation::Strictness;

/// Something that a request can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Feature {
    /// What is to be embedded: what all can say.
    Inputs,
    /// Texts as tokens.
    Tokens,
    /// Pictures.
    Images,
    /// Pictures by address.
    ImageUrls,
    /// Inputs of several parts.
    Parts,
    /// What the vectors are for.
    Purpose,
    /// A title.
    Title,
    /// How long vectors are.
    Dimensions,
    /// Other numbers than floats.
    SmallNumbers,
    /// Vectors in several encodings at once.
    SeveralEncodings,
    /// What is done about inputs that are too long.
    Truncation,
    /// The most tokens of an input.
    InputLimit,
    /// The application's user.
    User,
}

/// What is lost of a request, or why it cannot be sent.
pub(super) fn losses(
    request: &Request<'_>,
    (client, provider): (EmbeddingClient, EmbeddingProvider),
    strictness: Strictness,
) -> Result<Vec<Loss>, Objection> {
    let mut losses = Vec::new();
    for feature in used(request) {
        let lacks = provider.codec().lacks().iter().find(|(lacked, _)| *lacked == feature);
        let Some((_, what)) = lacks.filter(|_| !provider.codec().keeps(feature, request)) else { continue };
        let member = client.codec().member(feature);
        if feature.is_essential() {
            let message = format!(
                "{} (`{member}`) cannot be sent to a provider that speaks {}; remove it, or name a model of another provider",
                feature.about(),
                provider.title(),
            );
            return Err(Objection::new(member, message));
        }
        losses.push(Loss { member: Cow::Borrowed(member), what: Cow::Borrowed(what) });
    }
    if !passes_unknown(client, provider) {
        losses.extend(request.unknown.iter().map(|(name, _)| Loss {
            member: Cow::Owned(name.clone()),
            what: Cow::Borrowed("it is left out"),
        }));
    }
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

/// Whether members that the client's format does not know may be the provider's own.
pub(super) fn passes_unknown(client: EmbeddingClient, provider: EmbeddingProvider) -> bool {
    client == EmbeddingClient::OpenAi && provider.codec().extends_open_ai()
}

fn used(request: &Request<'_>) -> Vec<Feature> {
    let images = || request.inputs.iter().flat_map(Input::images);
    let is_url = |source: &Source<'_>| matches!(source, Source::Url(_));
    let is_mixed = |input: &Input<'_>| matches!(input, Input::Parts(parts) if parts.len() > 1);
    let is_small = |encoding: &Encoding| encoding.numbers() != Encoding::Float;
    let said = [
        (Feature::Tokens, request.inputs.iter().any(|input| matches!(input, Input::Tokens(_)))),
        (Feature::Images, images().next().is_some()),
        (Feature::ImageUrls, images().any(|image| is_url(&image.source))),
        (Feature::Parts, request.inputs.iter().any(is_mixed)),
        (Feature::Purpose, request.purpose.is_some()),
        (Feature::Title, request.title.is_some()),
        (Feature::Dimensions, request.dimensions.is_some()),
        (Feature::SmallNumbers, request.encodings.iter().any(is_small)),
        (Feature::SeveralEncodings, request.encodings.len() > 1),
        (Feature::Truncation, request.truncation.is_some()),
        (Feature::InputLimit, request.input_tokens_max.is_some()),
        (Feature::User, request.user.is_some()),
    ];
    said.into_iter().filter(|(_, is_said)| *is_said).map(|(feature, _)| feature).collect()
}

impl Feature {
    /// Whether vectors without it could not be compared with those that the client has.
    pub(super) fn is_essential(self) -> bool {
        match self {
            Self::Tokens
            | Self::Images
            | Self::ImageUrls
            | Self::Parts
            | Self::Dimensions
            | Self::SmallNumbers
            | Self::SeveralEncodings => true,
            Self::Inputs | Self::Purpose | Self::Title | Self::Truncation | Self::InputLimit | Self::User => {
                false
            }
        }
    }

    /// What it is, for people.
    pub(super) fn about(self) -> &'static str {
        match self {
            Self::Inputs => "inputs",
            Self::Tokens => "texts as tokens",
            Self::Images => "pictures",
            Self::ImageUrls => "pictures by address",
            Self::Parts => "inputs of several parts",
            Self::Purpose => "what the vectors are for",
            Self::Title => "a title",
            Self::Dimensions => "how long vectors are",
            Self::SmallNumbers => "other numbers than floats",
            Self::SeveralEncodings => "vectors in several encodings",
            Self::Truncation => "what is done about long inputs",
            Self::InputLimit => "the most tokens of an input",
            Self::User => "the application's user",
        }
    }
}
