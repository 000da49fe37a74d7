//! Google's text embeddings on Vertex AI, by its raw predictions (Vertex AI docs, "Text embeddings API").

use super::feature::Feature;
use super::form::{Embeddings, Encoding, Input, Request, Truncation, Vector};
use super::{Provider, gemini};
use crate::convert::codec::Malformed;
use crate::formats::{Usage, whole};
use crate::json::{ArrayWriter, Kind, Value, object};

/// The format.
pub(super) struct Vertex;

/// "For each request, you're limited to 250 input texts".
const INPUTS_MAX: usize = 250;

const LEFT_OUT: &str = "it is left out";

impl Provider for Vertex {
    fn lacks(&self) -> &'static [(Feature, &'static str)] {
        &[
            (Feature::Tokens, ""),
            (Feature::Images, ""),
            (Feature::Parts, ""),
            (Feature::SmallNumbers, ""),
            (Feature::Truncation, "the end is left out instead of the beginning"),
            (Feature::InputLimit, LEFT_OUT),
            (Feature::User, LEFT_OUT),
        ]
    }

    fn keeps(&self, feature: Feature, request: &Request<'_>) -> bool {
        feature == Feature::Truncation && request.truncation != Some(Truncation::Start)
    }

    fn inputs_max(&self) -> usize {
        INPUTS_MAX
    }

    /// The model is in the path.
    fn write(&self, request: &Request<'_>, inputs: &[Input<'_>], _model: &str) -> Vec<u8> {
        let mut out = Vec::new();
        object(&mut out, |body| {
            body.array("instances", |array| {
                inputs.iter().for_each(|input| write_instance(array, request, input));
            });
            let truncates = request.truncation.map(|truncation| truncation != Truncation::Never);
            if truncates.is_some() || request.dimensions.is_some() {
                body.object("parameters", |parameters| {
                    parameters.bool_if("autoTruncate", truncates);
                    parameters.number_if("outputDimensionality", request.dimensions);
                });
            }
        });
        out
    }

    fn read<'a>(&self, answer: &Value<'a>, _asked: Encoding) -> Result<Embeddings<'a>, Malformed> {
        let listed = answer.get("predictions").filter(|listed| listed.kind() == Kind::Array);
        let listed = listed.ok_or_else(|| Malformed("the answer has no `predictions`".to_owned()))?;
        let values = |prediction: &Value<'a>| {
            let values = prediction.at(&["embeddings", "values"]);
            Vector::read(values.ok_or_else(|| Malformed("a prediction has no `embeddings`".to_owned()))?)
        };
        let vectors = listed.elements().iter().map(values).collect::<Result<Vec<_>, _>>()?;
        let tokens = |prediction: &Value<'_>| {
            prediction.at(&["embeddings", "statistics", "token_count"]).and_then(whole)
        };
        // A count that one of them lacks is not known.
        let mut counts = listed.elements().iter().map(tokens);
        let input_tokens = counts.try_fold(0_u64, |sum, count| Some(sum.saturating_add(count?)));
        Ok(Embeddings {
            sets: vec![(Encoding::Float, vectors)],
            usage: Usage { input_tokens, ..Usage::default() },
            ..Embeddings::default()
        })
    }
}

fn write_instance(array: &mut ArrayWriter<'_>, request: &Request<'_>, input: &Input<'_>) {
    array.object(|instance| {
        if let Some(name) = gemini::task_name(request) {
            instance.str("task_type", name);
        }
        instance.text_if("title", request.title.as_ref());
        instance.text_if("content", input.text());
    });
}
