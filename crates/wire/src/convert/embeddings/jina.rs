//! Jina AI's embeddings (`api.jina.ai`, "Create embeddings").

use super::feature::Feature;
use super::form::{Embeddings, Encoding, Image, Input, InputPart, Purpose, Request, Truncation};
use super::{Provider, open_ai};
use crate::convert::codec::Malformed;
use crate::convert::form::Source;
use crate::json::{ArrayWriter, ObjectWriter, Value, object};

/// The format.
pub(super) struct Jina;

impl Provider for Jina {
    fn lacks(&self) -> &'static [(Feature, &'static str)] {
        &[
            (Feature::Tokens, ""),
            (Feature::Parts, ""),
            (Feature::Purpose, "the nearest task is named"),
            (Feature::Title, "it is left out"),
            (Feature::SmallNumbers, "refused, but for bits"),
            (Feature::SeveralEncodings, "refused, but for floats and base64"),
            (Feature::Truncation, "the end is left out instead of the beginning"),
            (Feature::InputLimit, "it is left out"),
            (Feature::User, "it is left out"),
        ]
    }

    fn keeps(&self, feature: Feature, request: &Request<'_>) -> bool {
        match feature {
            Feature::Purpose => {
                !matches!(request.purpose, Some(Purpose::QuestionAnswering | Purpose::FactVerification))
            }
            Feature::SmallNumbers => {
                request.encodings.iter().all(|encoding| !matches!(encoding, Encoding::Int8 | Encoding::Uint8))
            }
            Feature::SeveralEncodings => open_ai::is_of_floats(request),
            Feature::Truncation => request.truncation != Some(Truncation::Start),
            _ => false,
        }
    }

    fn extends_open_ai(&self) -> bool {
        true
    }

    fn inputs_max(&self) -> usize {
        usize::MAX
    }

    fn write(&self, request: &Request<'_>, inputs: &[Input<'_>], model: &str) -> Vec<u8> {
        let mut out = Vec::new();
        object(&mut out, |body| {
            write_inputs(body, inputs, model);
            if let Some(purpose) = request.purpose.filter(|_| !request.says("task")) {
                body.str("task", task(purpose));
            }
            body.number_if("dimensions", request.dimensions);
            body.bool_if("truncate", request.truncation.map(|truncation| truncation != Truncation::Never));
            let encoding = if request.encodings.contains(&Encoding::Base64) {
                Encoding::Base64
            } else {
                request.encoding()
            };
            if encoding != Encoding::Float && !request.says("embedding_type") {
                body.str("embedding_type", encoding.name());
            }
            open_ai::write_unknown(body, request);
        });
        out
    }

    fn read<'a>(&self, answer: &Value<'a>, asked: Encoding) -> Result<Embeddings<'a>, Malformed> {
        open_ai::read_answer(answer, asked)
    }
}

/// The tasks of the third and the fourth generation.
fn task(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Query | Purpose::QuestionAnswering | Purpose::FactVerification => "retrieval.query",
        Purpose::Document => "retrieval.passage",
        Purpose::Similarity => "text-matching",
        Purpose::Classification => "classification",
        Purpose::Clustering => "separation",
        Purpose::CodeQuery => "code.query",
    }
}

/// A text stands as it is, unless there are pictures, of which each is an object.
fn write_inputs(body: &mut ObjectWriter<'_>, inputs: &[Input<'_>], model: &str) {
    body.str("model", model);
    let has_pictures = inputs.iter().any(|input| input.images().next().is_some());
    body.array("input", |array| {
        for input in inputs {
            match input {
                Input::Text(text) if !has_pictures => array.text(text),
                Input::Text(text) => array.object(|entry| entry.text("text", text)),
                Input::Parts(parts) => parts.iter().for_each(|part| write_part(array, part)),
                Input::Tokens(_) => {}
            }
        }
    });
}

fn write_part(array: &mut ArrayWriter<'_>, part: &InputPart<'_>) {
    array.object(|entry| match part {
        InputPart::Text(text) => entry.text("text", text),
        // Bytes are base64 alone.
        InputPart::Image(Image { source: Source::Inline(base64), .. }) => entry.text("image", base64),
        InputPart::Image(image) => entry.text("image", image.source.text()),
    });
}
