//! Voyage AI's embeddings (API reference, "Text embedding models" and "Multimodal embedding models").

use super::feature::Feature;
use super::form::{Embeddings, Encoding, Image, Input, InputPart, Purpose, Request, Truncation};
use super::{Provider, mistral, open_ai};
use crate::convert::codec::Malformed;
use crate::convert::form::Source;
use crate::formats::Usage;
use crate::json::{ArrayWriter, ObjectWriter, Text, Value, object};

/// Texts.
pub(super) struct Voyage;
/// Texts and pictures.
pub(super) struct Multimodal;

/// "The maximum length of the list is 1,000", for both.
const INPUTS_MAX: usize = 1_000;

const LEFT_OUT: &str = "it is left out";

impl Provider for Voyage {
    fn lacks(&self) -> &'static [(Feature, &'static str)] {
        &[
            (Feature::Tokens, ""),
            (Feature::Images, ""),
            (Feature::Parts, ""),
            (Feature::Purpose, "only queries and documents are told apart, so it is left out"),
            (Feature::Title, LEFT_OUT),
            (Feature::SeveralEncodings, "refused, but for floats and base64"),
            (Feature::Truncation, "the end is left out instead of the beginning"),
            (Feature::InputLimit, LEFT_OUT),
            (Feature::User, LEFT_OUT),
        ]
    }

    fn keeps(&self, feature: Feature, request: &Request<'_>) -> bool {
        keeps(feature, request)
    }

    fn extends_open_ai(&self) -> bool {
        true
    }

    fn inputs_max(&self) -> usize {
        INPUTS_MAX
    }

    fn write(&self, request: &Request<'_>, inputs: &[Input<'_>], model: &str) -> Vec<u8> {
        let mut out = Vec::new();
        object(&mut out, |body| {
            open_ai::write_head(body, inputs, model);
            write_options(body, request);
            open_ai::write_encoding_format(body, request);
            open_ai::write_unknown(body, request);
        });
        out
    }

    fn read<'a>(&self, answer: &Value<'a>, asked: Encoding) -> Result<Embeddings<'a>, Malformed> {
        open_ai::read_answer(answer, asked)
    }
}

impl Provider for Multimodal {
    fn lacks(&self) -> &'static [(Feature, &'static str)] {
        &[
            (Feature::Tokens, ""),
            (Feature::Purpose, "only queries and documents are told apart, so it is left out"),
            (Feature::Title, LEFT_OUT),
            (Feature::SeveralEncodings, "refused, but for floats and base64"),
            (Feature::Truncation, "the end is left out instead of the beginning"),
            (Feature::InputLimit, LEFT_OUT),
            (Feature::User, LEFT_OUT),
        ]
    }

    fn keeps(&self, feature: Feature, request: &Request<'_>) -> bool {
        keeps(feature, request)
    }

    fn inputs_max(&self) -> usize {
        INPUTS_MAX
    }

    fn write(&self, request: &Request<'_>, inputs: &[Input<'_>], model: &str) -> Vec<u8> {
        let mut out = Vec::new();
        object(&mut out, |body| {
            body.str("model", model);
            body.array("inputs", |array| inputs.iter().for_each(|input| write_input(array, input)));
            write_options(body, request);
            if request.encodings.contains(&Encoding::Base64) {
                body.str("output_encoding", "base64");
            }
        });
        out
    }

    fn read<'a>(&self, answer: &Value<'a>, asked: Encoding) -> Result<Embeddings<'a>, Malformed> {
        let count = |key: &str| answer.at(&["usage", key]).and_then(Value::as_u64);
        let (all, texts) = (count("total_tokens"), count("text_tokens"));
        let image_tokens = all.zip(texts).map(|(all, texts)| all.saturating_sub(texts));
        let usage = Usage { input_tokens: all, input_image_tokens: image_tokens, ..Usage::default() };
        Ok(Embeddings { usage, ..open_ai::read_answer(answer, asked)? })
    }
}

fn keeps(feature: Feature, request: &Request<'_>) -> bool {
    match feature {
        Feature::Purpose => matches!(request.purpose, Some(Purpose::Query | Purpose::Document)),
        Feature::Truncation => request.truncation != Some(Truncation::Start),
        Feature::SeveralEncodings => open_ai::is_of_floats(request),
        _ => false,
    }
}

fn write_options(body: &mut ObjectWriter<'_>, request: &Request<'_>) {
    match request.purpose {
        Some(Purpose::Query) => body.str("input_type", "query"),
        Some(Purpose::Document) => body.str("input_type", "document"),
        _ => {}
    }
    body.bool_if("truncation", request.truncation.map(|truncation| truncation != Truncation::Never));
    mistral::write_dimension(body, request);
    mistral::write_dtype(body, request);
}

fn write_input(array: &mut ArrayWriter<'_>, input: &Input<'_>) {
    array.object(|object| {
        object.array("content", |content| match input {
            Input::Text(text) => write_text(content, text),
            Input::Parts(parts) => parts.iter().for_each(|part| match part {
                InputPart::Text(text) => write_text(content, text),
                InputPart::Image(image) => content.object(|part| write_image(part, image)),
            }),
            Input::Tokens(_) => {}
        });
    });
}

fn write_text(content: &mut ArrayWriter<'_>, text: &Text<'_>) {
    content.object(|part| {
        part.str("type", "text");
        part.text("text", text);
    });
}

fn write_image(part: &mut ObjectWriter<'_>, image: &Image<'_>) {
    let key = if matches!(image.source, Source::Inline(_)) { "image_base64" } else { "image_url" };
    part.str("type", key);
    image.write_member(part, key);
}
