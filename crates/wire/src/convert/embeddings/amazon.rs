//! Amazon's own embedding models on Bedrock, one input at a time (Bedrock user guide, "Amazon Titan Text Embeddings",
//! "Amazon Titan Multimodal Embeddings G1"; Nova user guide, "Complete embeddings request and response schema").

use super::Provider;
use super::feature::Feature;
use super::form::{Embeddings, Encoding, Image, Input, InputPart, Purpose, Request, Truncation, Vector};
use crate::convert::codec::Malformed;
use crate::formats::Usage;
use crate::json::{ObjectWriter, Text, Value, object};

/// Titan Text Embeddings. The first generation takes nothing but the text.
pub(super) struct Titan;
/// Titan Multimodal Embeddings.
pub(super) struct TitanMultimodal;
/// Nova Multimodal Embeddings.
pub(super) struct Nova;

const LEFT_OUT: &str = "it is left out";

impl Provider for Titan {
    fn lacks(&self) -> &'static [(Feature, &'static str)] {
        &[
            (Feature::Tokens, ""),
            (Feature::Images, ""),
            (Feature::Parts, ""),
            (Feature::Purpose, LEFT_OUT),
            (Feature::Title, LEFT_OUT),
            // Titan's `binary` has a number for each bit, where everybody else has one for eight.
            (Feature::SmallNumbers, ""),
            (Feature::Truncation, LEFT_OUT),
            (Feature::InputLimit, LEFT_OUT),
            (Feature::User, LEFT_OUT),
        ]
    }

    fn inputs_max(&self) -> usize {
        1
    }

    fn write(&self, request: &Request<'_>, inputs: &[Input<'_>], _model: &str) -> Vec<u8> {
        let mut out = Vec::new();
        object(&mut out, |body| {
            body.text_if("inputText", inputs.first().and_then(Input::text));
            body.number_if("dimensions", request.dimensions);
        });
        out
    }

    fn read<'a>(&self, answer: &Value<'a>, _asked: Encoding) -> Result<Embeddings<'a>, Malformed> {
        read_titan(answer)
    }
}

impl Provider for TitanMultimodal {
    fn lacks(&self) -> &'static [(Feature, &'static str)] {
        &[
            (Feature::Tokens, ""),
            (Feature::ImageUrls, ""),
            (Feature::Parts, "refused, but for a text with a picture"),
            (Feature::Purpose, LEFT_OUT),
            (Feature::Title, LEFT_OUT),
            (Feature::SmallNumbers, ""),
            (Feature::Truncation, LEFT_OUT),
            (Feature::InputLimit, LEFT_OUT),
            (Feature::User, LEFT_OUT),
        ]
    }

    /// A text and a picture together are what it is made for.
    fn keeps(&self, feature: Feature, request: &Request<'_>) -> bool {
        feature == Feature::Parts && request.inputs.iter().all(is_text_and_picture)
    }

    /// Amazon Bedrock pricing: "Price per input image".
    fn charges_by_picture(&self) -> bool {
        true
    }

    fn inputs_max(&self) -> usize {
        1
    }

    fn write(&self, request: &Request<'_>, inputs: &[Input<'_>], _model: &str) -> Vec<u8> {
        let mut out = Vec::new();
        object(&mut out, |body| {
            inputs.iter().for_each(|input| write_titan_input(body, input));
            if let Some(dimensions) = request.dimensions {
                body.object("embeddingConfig", |config| config.number("outputEmbeddingLength", dimensions));
            }
        });
        out
    }

    fn read<'a>(&self, answer: &Value<'a>, _asked: Encoding) -> Result<Embeddings<'a>, Malformed> {
        read_titan(answer)
    }
}

/// At most one of each.
fn is_text_and_picture(input: &Input<'_>) -> bool {
    match input {
        Input::Parts(parts) => {
            let pictures = input.images().count();
            pictures <= 1 && parts.len() - pictures <= 1
        }
        Input::Text(_) | Input::Tokens(_) => true,
    }
}

fn write_titan_input(body: &mut ObjectWriter<'_>, input: &Input<'_>) {
    match input {
        Input::Text(text) => body.text("inputText", text),
        Input::Parts(parts) => parts.iter().for_each(|part| match part {
            InputPart::Text(text) => body.text("inputText", text),
            InputPart::Image(image) => body.text("inputImage", image.source.text()),
        }),
        Input::Tokens(_) => {}
    }
}

fn read_titan<'a>(answer: &Value<'a>) -> Result<Embeddings<'a>, Malformed> {
    if let Some(message) = answer.present("message").and_then(Value::as_str) {
        return Err(Malformed(message.into_owned()));
    }
    let vector =
        answer.get("embedding").ok_or_else(|| Malformed("the answer has no `embedding`".to_owned()))?;
    let usage =
        Usage { input_tokens: answer.get("inputTextTokenCount").and_then(Value::as_u64), ..Usage::default() };
    let sets = vec![(Encoding::Float, vec![Vector::read(vector)?])];
    Ok(Embeddings { sets, usage, ..Embeddings::default() })
}

impl Provider for Nova {
    fn lacks(&self) -> &'static [(Feature, &'static str)] {
        &[
            (Feature::Tokens, ""),
            (Feature::ImageUrls, ""),
            (Feature::Parts, ""),
            (Feature::Purpose, "the nearest purpose is named"),
            (Feature::Title, LEFT_OUT),
            (Feature::SmallNumbers, ""),
            (Feature::InputLimit, LEFT_OUT),
            (Feature::User, LEFT_OUT),
        ]
    }

    fn keeps(&self, feature: Feature, request: &Request<'_>) -> bool {
        let is_own = |purpose| {
            matches!(
                purpose,
                Purpose::Query | Purpose::Document | Purpose::Classification | Purpose::Clustering
            )
        };
        feature == Feature::Purpose && request.purpose.is_some_and(is_own)
    }

    /// Amazon Bedrock pricing: "Price per input image".
    fn charges_by_picture(&self) -> bool {
        true
    }

    fn inputs_max(&self) -> usize {
        1
    }

    fn write(&self, request: &Request<'_>, inputs: &[Input<'_>], _model: &str) -> Vec<u8> {
        let mut out = Vec::new();
        object(&mut out, |body| {
            body.str("schemaVersion", "nova-multimodal-embed-v1");
            body.str("taskType", "SINGLE_EMBEDDING");
            body.object("singleEmbeddingParams", |params| {
                params.str("embeddingPurpose", nova_purpose(request.purpose));
                params.number_if("embeddingDimension", request.dimensions);
                inputs.iter().for_each(|input| write_nova_input(params, input, request.truncation));
            });
        });
        out
    }

    /// The tokens are counted in the answer's head alone.
    fn read<'a>(&self, answer: &Value<'a>, _asked: Encoding) -> Result<Embeddings<'a>, Malformed> {
        let entries = answer.get("embeddings").map(Value::elements).unwrap_or_default();
        let vector = entries.first().and_then(|entry| entry.get("embedding"));
        let vector = vector.ok_or_else(|| Malformed("the answer has no `embeddings`".to_owned()))?;
        let sets = vec![(Encoding::Float, vec![Vector::read(vector)?])];
        Ok(Embeddings { sets, ..Embeddings::default() })
    }
}

/// The purpose has to be named; without one texts are taken for what is to be found.
fn nova_purpose(purpose: Option<Purpose>) -> &'static str {
    match purpose {
        None | Some(Purpose::Document | Purpose::Similarity) => "GENERIC_INDEX",
        Some(
            Purpose::Query | Purpose::QuestionAnswering | Purpose::FactVerification | Purpose::CodeQuery,
        ) => "GENERIC_RETRIEVAL",
        Some(Purpose::Classification) => "CLASSIFICATION",
        Some(Purpose::Clustering) => "CLUSTERING",
    }
}

fn write_nova_input(params: &mut ObjectWriter<'_>, input: &Input<'_>, truncation: Option<Truncation>) {
    if let Some(text) = input.text() {
        return params.object("text", |object| {
            // It has to be named; a text that is too long is refused unless asked otherwise.
            object.str(
                "truncationMode",
                match truncation {
                    None | Some(Truncation::Never) => "NONE",
                    Some(Truncation::Start) => "START",
                    Some(Truncation::End) => "END",
                },
            );
            object.text("value", text);
        });
    }
    if let Some(image) = input.image() {
        params.object("image", |object| {
            object.text("format", &image_format(image));
            object.object("source", |source| source.text("bytes", image.source.text()));
        });
    }
}

/// `png`, `jpeg`, `gif` or `webp`.
fn image_format(image: &Image<'_>) -> Text<'static> {
    let media_type = image.media_type.as_ref().map(Text::plain).unwrap_or_default();
    match media_type.strip_prefix("image/") {
        Some("jpg") => Text::from("jpeg"),
        Some(format) => Text::from(format.to_owned()),
        None => Text::from("png"),
    }
}
