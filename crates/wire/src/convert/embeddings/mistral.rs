//! Mistral's embeddings (API reference, "Embeddings").

use super::feature::Feature;
use super::form::{Embeddings, Encoding, Input, Request};
use super::{Provider, open_ai};
use crate::convert::codec::Malformed;
use crate::json::{ObjectWriter, Value, object};

/// The format.
pub(super) struct Mistral;

impl Provider for Mistral {
    fn lacks(&self) -> &'static [(Feature, &'static str)] {
        &[
            (Feature::Tokens, ""),
            (Feature::Images, ""),
            (Feature::Parts, ""),
            (Feature::Purpose, "it is left out"),
            (Feature::Title, "it is left out"),
            (Feature::SeveralEncodings, "refused, but for floats and base64"),
            (Feature::Truncation, "it is left out"),
            (Feature::InputLimit, "it is left out"),
            (Feature::User, "it is left out"),
        ]
    }

    fn keeps(&self, feature: Feature, request: &Request<'_>) -> bool {
        feature == Feature::SeveralEncodings && open_ai::is_of_floats(request)
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
            open_ai::write_head(body, inputs, model);
            write_dimension(body, request);
            write_dtype(body, request);
            open_ai::write_encoding_format(body, request);
            open_ai::write_unknown(body, request);
        });
        out
    }

    fn read<'a>(&self, answer: &Value<'a>, asked: Encoding) -> Result<Embeddings<'a>, Malformed> {
        open_ai::read_answer(answer, asked)
    }
}

/// Writes how long a vector is.
pub(super) fn write_dimension(body: &mut ObjectWriter<'_>, request: &Request<'_>) {
    if !request.says("output_dimension") {
        body.number_if("output_dimension", request.dimensions);
    }
}

/// Writes what numbers a vector is of, where it is not of floats.
pub(super) fn write_dtype(body: &mut ObjectWriter<'_>, request: &Request<'_>) {
    let numbers = request.encoding().numbers();
    if numbers != Encoding::Float && !request.says("output_dtype") {
        body.str("output_dtype", numbers.name());
    }
}
