//! What is asked of an embedding model and what it gives, whatever the format.

use std::borrow::Cow;

use crate::convert::form::Source;
use crate::formats::Usage;
use crate::json::Text;

/// A request for embeddings.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Request<'a> {
    /// What is to be embedded, at least one.
    pub(super) inputs: Vec<Input<'a>>,
    /// What the vectors are for.
    pub(super) purpose: Option<Purpose>,
    /// The title of the texts (Gemini).
    pub(super) title: Option<Text<'a>>,
    /// The length of a vector.
    pub(super) dimensions: Option<u64>,
    /// What the vectors are to look like; none are lists of floats.
    pub(super) encodings: Vec<Encoding>,
    /// What is done about an input that is too long.
    pub(super) truncation: Option<Truncation>,
    /// The most tokens of an input (Cohere).
    pub(super) input_tokens_max: Option<u64>,
    /// The application's user.
    pub(super) user: Option<Text<'a>>,
    /// Members that have no place here: name and JSON.
    pub(super) unknown: Vec<(String, &'a str)>,
    /// Whether several inputs were sent at once, though it may have been one (Gemini).
    pub(super) is_batch: bool,
}

/// Something to embed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Input<'a> {
    /// A text.
    Text(Text<'a>),
    /// A text as tokens of OpenAI's, as a JSON list.
    Tokens(&'a str),
    /// A picture, or texts and pictures that get one vector together.
    Parts(Vec<InputPart<'a>>),
}

/// A part of an input.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum InputPart<'a> {
    /// A text.
    Text(Text<'a>),
    /// A picture.
    Image(Image<'a>),
}

/// A picture to embed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Image<'a> {
    /// Its bytes, or its address.
    pub(super) source: Source<'a>,
    /// Its media type, such as `image/png`, where it was said.
    pub(super) media_type: Option<Text<'a>>,
}

/// What vectors are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To search with.
    Query,
    /// To be found.
    Document,
    /// To tell how alike texts are.
    Similarity,
    /// To be sorted into known classes.
    Classification,
    /// To be sorted into classes that are not known.
    Clustering,
    /// A question to find answers to.
    QuestionAnswering,
    /// A statement to find evidence for.
    FactVerification,
    /// A question to find code for.
    CodeQuery,
}

/// What a vector looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// A list of floats.
    Float,
    /// Floats of 32 bits, little endian, as base64.
    Base64,
    /// A list of numbers from -128 to 127.
    Int8,
    /// A list of numbers from 0 to 255.
    Uint8,
    /// Eight bits each in a list of numbers from -128 to 127.
    Binary,
    /// Eight bits each in a list of numbers from 0 to 255.
    Ubinary,
}

/// What is done about an input that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truncation {
    /// It is refused.
    Never,
    /// Its beginning is left out.
    Start,
    /// Its end is left out.
    End,
}

/// What a provider gave.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Embeddings<'a> {
    /// The provider's id for it.
    pub(super) id: Option<Text<'a>>,
    /// The model.
    pub(super) model: Option<Text<'a>>,
    /// The vectors of all inputs, in their order, for each encoding.
    pub(super) sets: Vec<(Encoding, Vec<Vector<'a>>)>,
    /// What it used.
    pub(super) usage: Usage,
}

/// One vector, as it stood.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Vector<'a> {
    /// A JSON list of numbers.
    Numbers(Cow<'a, str>),
    /// Floats of 32 bits, little endian, as base64.
    Base64(Text<'a>),
}

impl Request<'_> {
    /// What the vectors are to look like, at least one.
    pub(super) fn encodings(&self) -> Vec<Encoding> {
        if self.encodings.is_empty() { vec![Encoding::Float] } else { self.encodings.clone() }
    }

    /// Whether an OpenAI client says this in the words of the provider.
    pub(super) fn says(&self, name: &str) -> bool {
        self.unknown.iter().any(|(known, _)| known == name)
    }

    /// The first of them, for providers that know only one at a time.
    pub(super) fn encoding(&self) -> Encoding {
        self.encodings.first().copied().unwrap_or(Encoding::Float)
    }
}

impl<'a> Input<'a> {
    /// The text that it is, when it is nothing else.
    pub(super) fn text(&self) -> Option<&Text<'a>> {
        match self {
            Self::Text(text) => Some(text),
            Self::Tokens(_) | Self::Parts(_) => None,
        }
    }

    /// The picture that it is, when it is nothing else.
    pub(super) fn image(&self) -> Option<&Image<'a>> {
        match self {
            Self::Parts(parts) => match parts.as_slice() {
                [InputPart::Image(image)] => Some(image),
                _ => None,
            },
            Self::Text(_) | Self::Tokens(_) => None,
        }
    }

    /// The pictures in it.
    pub(super) fn images(&self) -> impl Iterator<Item = &Image<'a>> {
        let parts = match self {
            Self::Parts(parts) => parts.as_slice(),
            Self::Text(_) | Self::Tokens(_) => &[],
        };
        parts.iter().filter_map(|part| match part {
            InputPart::Image(image) => Some(image),
            InputPart::Text(_) => None,
        })
    }
}

impl Encoding {
    const ALL: [Self; 6] = [Self::Float, Self::Base64, Self::Int8, Self::Uint8, Self::Binary, Self::Ubinary];

    /// The word for it that Cohere, Voyage, Mistral and Jina share.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Float => "float",
            Self::Base64 => "base64",
            Self::Int8 => "int8",
            Self::Uint8 => "uint8",
            Self::Binary => "binary",
            Self::Ubinary => "ubinary",
        }
    }

    /// The encoding of a word.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|encoding| encoding.name() == name)
    }

    /// The numbers that it is made of.
    pub(super) fn numbers(self) -> Self {
        if self == Self::Base64 { Self::Float } else { self }
    }
}

impl<'a> Embeddings<'a> {
    /// Adds the answer to the next inputs.
    pub(super) fn append(&mut self, next: Embeddings<'a>) {
        self.id = self.id.take().or(next.id);
        self.model = self.model.take().or(next.model);
        for (encoding, vectors) in next.sets {
            match self.sets.iter_mut().find(|(known, _)| *known == encoding) {
                Some((_, all)) => all.extend(vectors),
                None => self.sets.push((encoding, vectors)),
            }
        }
        self.usage = sum(self.usage, next.usage);
    }
}

/// What several calls used together, of what embedding is charged by. Tokens that one of them does not count are not known
/// of all; pictures that one does not count are none.
fn sum(usage: Usage, next: Usage) -> Usage {
    let sum = |one: Option<u64>, other: Option<u64>| match (one, other) {
        (Some(one), Some(other)) => Some(one.saturating_add(other)),
        (one, other) => one.or(other),
    };
    Usage {
        input_tokens: usage.input_tokens.zip(next.input_tokens).map(|(one, other)| one.saturating_add(other)),
        input_image_tokens: sum(usage.input_image_tokens, next.input_image_tokens),
        images: sum(usage.images, next.images),
        ..usage
    }
}
