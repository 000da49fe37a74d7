//! OpenAI embeddings (API reference, "Embeddings"), and the members and the answer that Mistral, Voyage and Jina have of it.

use super::feature::Feature;
use super::form::{Embeddings, Encoding, Input, Purpose, Request, Vector};
use super::{Asked, Client, Provider, vector};
use crate::convert::codec::{Malformed, Objection};
use crate::convert::read::{self, Path};
use crate::formats::Usage;
use crate::json::{Kind, ObjectWriter, Text, Value, object};

/// The format.
pub(super) struct OpenAi;

const KNOWN: &[&str] = &["model", "input", "dimensions", "encoding_format", "user", "input_type"];

impl Client for OpenAi {
    fn member(&self, feature: Feature) -> &'static str {
        match feature {
            Feature::Purpose => "input_type",
            Feature::Dimensions => "dimensions",
            Feature::SmallNumbers | Feature::SeveralEncodings => "encoding_format",
            Feature::User => "user",
            _ => "input",
        }
    }

    fn read<'a>(&self, request: &Value<'a>) -> Result<Request<'a>, Objection> {
        let path = &Path::ROOT;
        Ok(Request {
            inputs: inputs(request)?,
            purpose: purpose(request)?,
            dimensions: read::whole(request, "dimensions", path)?,
            encodings: encodings(request)?,
            user: read::text(request, "user", path)?,
            unknown: unknown(request, KNOWN),
            ..Request::default()
        })
    }

    fn write(&self, answer: &Embeddings<'_>, asked: &Asked) -> Result<Vec<u8>, Malformed> {
        let encoding = asked.encodings.first().copied().unwrap_or(Encoding::Float);
        let vectors = vector::of(answer, encoding)?
            .iter()
            .map(|vector| vector::converted(vector, encoding))
            .collect::<Result<Vec<_>, _>>()?;
        let tokens = answer.usage.input_tokens.unwrap_or(0);
        let mut out = Vec::new();
        object(&mut out, |body| {
            body.str("object", "list");
            body.array("data", |data| {
                for (index, vector) in (0..).zip(&vectors) {
                    data.object(|entry| {
                        entry.str("object", "embedding");
                        entry.number("index", index);
                        vector.write_member(entry, "embedding");
                    });
                }
            });
            body.text("model", answer.model.as_ref().unwrap_or(&Text::from(asked.context.model.as_str())));
            body.object("usage", |usage| {
                usage.number("prompt_tokens", tokens);
                usage.number("total_tokens", tokens);
            });
        });
        Ok(out)
    }
}

impl Provider for OpenAi {
    fn lacks(&self) -> &'static [(Feature, &'static str)] {
        &[
            (Feature::Images, ""),
            (Feature::Parts, ""),
            (Feature::Purpose, "it is left out"),
            (Feature::Title, "it is left out"),
            (Feature::SmallNumbers, ""),
            (Feature::SeveralEncodings, "refused, but for floats and base64"),
            (Feature::Truncation, "it is left out"),
            (Feature::InputLimit, "it is left out"),
        ]
    }

    fn keeps(&self, feature: Feature, request: &Request<'_>) -> bool {
        feature == Feature::SeveralEncodings && is_of_floats(request)
    }

    fn extends_open_ai(&self) -> bool {
        true
    }

    /// API reference: "Any array must be 2048 dimensions or less".
    fn inputs_max(&self) -> usize {
        2_048
    }

    fn write(&self, request: &Request<'_>, inputs: &[Input<'_>], model: &str) -> Vec<u8> {
        let mut out = Vec::new();
        object(&mut out, |body| {
            write_head(body, inputs, model);
            body.number_if("dimensions", request.dimensions);
            write_encoding_format(body, request);
            body.text_if("user", request.user.as_ref());
            write_unknown(body, request);
        });
        out
    }

    fn read<'a>(&self, answer: &Value<'a>, asked: Encoding) -> Result<Embeddings<'a>, Malformed> {
        read_answer(answer, asked)
    }
}

/// Whether floats and their base64 are all that is asked for, which are made of one another.
pub(super) fn is_of_floats(request: &Request<'_>) -> bool {
    request.encodings.iter().all(|encoding| encoding.numbers() == Encoding::Float)
}

/// A text, texts, or the tokens of one or several.
fn inputs<'a>(request: &Value<'a>) -> Result<Vec<Input<'a>>, Objection> {
    let path = Path::ROOT.member("input");
    let input = request.present("input").ok_or_else(|| read::missing("input", &Path::ROOT))?;
    if let Some(text) = input.text() {
        return Ok(vec![Input::Text(text)]);
    }
    let elements = input.elements();
    let is_number = |value: &Value<'_>| value.kind() == Kind::Number;
    if !elements.is_empty() && elements.iter().all(is_number) {
        return Ok(vec![Input::Tokens(input.raw())]);
    }
    if elements.is_empty() {
        let message = "`input` must be a text or a list of at least one";
        return Err(Objection::new(path.to_string(), message));
    }
    let one = |(index, value): (usize, &Value<'a>)| match value.text() {
        Some(text) => Ok(Input::Text(text)),
        None if value.kind() == Kind::Array && value.elements().iter().all(is_number) => {
            Ok(Input::Tokens(value.raw()))
        }
        None => Err(Objection::wanted(path.element(index).to_string(), "a text or a list of tokens", value)),
    };
    elements.iter().enumerate().map(one).collect()
}

/// `input_type`, which OpenAI does not have and several compatible providers do, in Cohere's or in Voyage's words.
fn purpose(request: &Value<'_>) -> Result<Option<Purpose>, Objection> {
    let Some(word) = read::text(request, "input_type", &Path::ROOT)? else { return Ok(None) };
    match word.plain().as_ref() {
        "query" | "search_query" => Ok(Some(Purpose::Query)),
        "document" | "passage" | "search_document" => Ok(Some(Purpose::Document)),
        "classification" => Ok(Some(Purpose::Classification)),
        "clustering" => Ok(Some(Purpose::Clustering)),
        other => Err(Objection::new("input_type", format!("`input_type` is not known: `{other}`"))),
    }
}

fn encodings(request: &Value<'_>) -> Result<Vec<Encoding>, Objection> {
    let Some(word) = read::text(request, "encoding_format", &Path::ROOT)? else { return Ok(Vec::new()) };
    match Encoding::named(&word.plain()) {
        Some(encoding @ (Encoding::Float | Encoding::Base64)) => Ok(vec![encoding]),
        _ => {
            let message = format!("`encoding_format` must be float or base64, found `{}`", word.plain());
            Err(Objection::new("encoding_format", message))
        }
    }
}

/// The members that are not among the known ones: name and JSON.
pub(super) fn unknown<'a>(request: &Value<'a>, known: &[&str]) -> Vec<(String, &'a str)> {
    let is_unknown = |key: &str, value: &Value<'_>| value.kind() != Kind::Null && !known.contains(&key);
    let members = request.members().iter().filter(|(key, value)| is_unknown(key, value));
    members.map(|(key, value)| (key.to_string(), value.raw())).collect()
}

/// Writes `model` and `input`.
pub(super) fn write_head(body: &mut ObjectWriter<'_>, inputs: &[Input<'_>], model: &str) {
    body.str("model", model);
    body.array("input", |array| {
        for input in inputs {
            match input {
                Input::Text(text) => array.text(text),
                Input::Tokens(raw) => array.raw(raw),
                Input::Parts(_) => {}
            }
        }
    });
}

/// Writes `encoding_format`, where base64 is asked for: less to send than digits.
pub(super) fn write_encoding_format(body: &mut ObjectWriter<'_>, request: &Request<'_>) {
    if request.encodings.contains(&Encoding::Base64) {
        body.str("encoding_format", "base64");
    }
}

/// Writes what an OpenAI client said that OpenAI does not know.
pub(super) fn write_unknown(body: &mut ObjectWriter<'_>, request: &Request<'_>) {
    request.unknown.iter().for_each(|(name, raw)| body.named(name, raw));
}

/// Reads `data`, in the order of its numbers.
pub(super) fn read_answer<'a>(answer: &Value<'a>, asked: Encoding) -> Result<Embeddings<'a>, Malformed> {
    let data = answer.get("data").filter(|data| data.kind() == Kind::Array);
    let data = data.ok_or_else(|| Malformed("the answer has no `data`".to_owned()))?;
    let mut placed = Vec::with_capacity(data.elements().len());
    for (place, entry) in (0..).zip(data.elements()) {
        let index = entry.get("index").and_then(Value::as_u64).unwrap_or(place);
        let vector =
            entry.get("embedding").ok_or_else(|| Malformed("an entry has no `embedding`".to_owned()))?;
        placed.push((index, Vector::read(vector)?));
    }
    placed.sort_by_key(|(index, _)| *index);
    let vectors = placed.into_iter().map(|(_, vector)| vector).collect();
    let count = |key: &str| answer.at(&["usage", key]).and_then(Value::as_u64);
    Ok(Embeddings {
        id: answer.present("id").and_then(Value::text),
        model: answer.present("model").and_then(Value::text),
        sets: vec![(asked, vectors)],
        usage: Usage {
            input_tokens: count("prompt_tokens").filter(|tokens| *tokens > 0).or(count("total_tokens")),
            ..Usage::default()
        },
    })
}
