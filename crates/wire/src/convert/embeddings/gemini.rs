//! Gemini's embeddings (Gemini API reference, "Embeddings": `embedContent` and `batchEmbedContents`).

use super::feature::Feature;
use super::form::{Embeddings, Encoding, Image, Input, InputPart, Purpose, Request, Vector};
use super::{Asked, Client, Provider, open_ai, vector};
use crate::convert::codec::{Malformed, Objection};
use crate::convert::form::Source;
use crate::convert::read::{self, Path};
use crate::formats::Usage;
use crate::json::{ArrayWriter, ObjectWriter, Text, Value, object};

/// The format.
pub(super) struct Gemini;
/// The same where a request is for one vector.
pub(super) struct Alone;

const KNOWN: &[&str] = &["model", "content", "requests", "taskType", "title", "outputDimensionality"];
/// "At most 100 requests can be in one batch".
const INPUTS_MAX: usize = 100;

/// What a vector is for, by Gemini's name (`TaskType`).
const TASKS: [(&str, Purpose); 8] = [
    ("RETRIEVAL_QUERY", Purpose::Query),
    ("RETRIEVAL_DOCUMENT", Purpose::Document),
    ("SEMANTIC_SIMILARITY", Purpose::Similarity),
    ("CLASSIFICATION", Purpose::Classification),
    ("CLUSTERING", Purpose::Clustering),
    ("QUESTION_ANSWERING", Purpose::QuestionAnswering),
    ("FACT_VERIFICATION", Purpose::FactVerification),
    ("CODE_RETRIEVAL_QUERY", Purpose::CodeQuery),
];

impl Client for Gemini {
    fn member(&self, feature: Feature) -> &'static str {
        match feature {
            Feature::Inputs => "requests",
            Feature::Purpose => "taskType",
            Feature::Title => "title",
            Feature::Dimensions => "outputDimensionality",
            _ => "content.parts",
        }
    }

    fn read<'a>(&self, request: &Value<'a>) -> Result<Request<'a>, Objection> {
        let path = Path::ROOT;
        if request.present("requests").is_none() {
            return one(request, &path);
        }
        let place = path.member("requests");
        let mut whole: Option<Request<'a>> = None;
        for (index, value) in read::list(request, "requests", &path)?.iter().enumerate() {
            let next = one(value, &place.element(index))?;
            match &mut whole {
                None => whole = Some(next),
                Some(whole) => append(whole, next, &place.element(index))?,
            }
        }
        let whole = whole.ok_or_else(|| Objection::new("requests", "`requests` must hold something"))?;
        Ok(Request { is_batch: true, ..whole })
    }

    fn write(&self, answer: &Embeddings<'_>, asked: &Asked) -> Result<Vec<u8>, Malformed> {
        let vectors = vector::of(answer, Encoding::Float)?
            .iter()
            .map(|vector| vector::converted(vector, Encoding::Float))
            .collect::<Result<Vec<_>, _>>()?;
        let mut out = Vec::new();
        object(&mut out, |body| {
            if asked.is_batch {
                body.array("embeddings", |array| {
                    vectors.iter().for_each(|vector| array.object(|it| vector.write_member(it, "values")));
                });
            } else if let Some(vector) = vectors.first() {
                body.object("embedding", |object| vector.write_member(object, "values"));
            }
            if let Some(tokens) = answer.usage.input_tokens {
                body.object("usageMetadata", |usage| usage.number("promptTokenCount", tokens));
            }
        });
        Ok(out)
    }
}

const LACKS: &[(Feature, &str)] = &[
    (Feature::Tokens, ""),
    (Feature::ImageUrls, ""),
    (Feature::SmallNumbers, ""),
    (Feature::Truncation, "it is left out"),
    (Feature::InputLimit, "it is left out"),
    (Feature::User, "it is left out"),
];

impl Provider for Gemini {
    fn lacks(&self) -> &'static [(Feature, &'static str)] {
        LACKS
    }

    fn inputs_max(&self) -> usize {
        INPUTS_MAX
    }

    fn write(&self, request: &Request<'_>, inputs: &[Input<'_>], model: &str) -> Vec<u8> {
        let mut out = Vec::new();
        object(&mut out, |body| {
            body.array("requests", |array| {
                for input in inputs {
                    array.object(|entry| {
                        entry.str("model", &format!("models/{}", model.trim_start_matches("models/")));
                        write_one(entry, request, input);
                    });
                }
            });
        });
        out
    }

    fn read<'a>(&self, answer: &Value<'a>, _asked: Encoding) -> Result<Embeddings<'a>, Malformed> {
        read_answer(answer)
    }
}

impl Provider for Alone {
    fn lacks(&self) -> &'static [(Feature, &'static str)] {
        LACKS
    }

    fn inputs_max(&self) -> usize {
        1
    }

    /// The model is in the path.
    fn write(&self, request: &Request<'_>, inputs: &[Input<'_>], _model: &str) -> Vec<u8> {
        let mut out = Vec::new();
        object(&mut out, |body| inputs.iter().for_each(|input| write_one(body, request, input)));
        out
    }

    fn read<'a>(&self, answer: &Value<'a>, _asked: Encoding) -> Result<Embeddings<'a>, Malformed> {
        read_answer(answer)
    }
}

/// Reads `embeddings` or `embedding`.
fn read_answer<'a>(answer: &Value<'a>) -> Result<Embeddings<'a>, Malformed> {
    let listed = answer.present("embeddings").map(Value::elements).unwrap_or_default().iter();
    let vectors = listed
        .chain(answer.present("embedding"))
        .map(|entry| {
            let values = entry.get("values");
            Vector::read(values.ok_or_else(|| Malformed("an embedding has no `values`".to_owned()))?)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let tokens = answer.at(&["usageMetadata", "promptTokenCount"]).and_then(Value::as_u64);
    Ok(Embeddings {
        sets: vec![(Encoding::Float, vectors)],
        usage: Usage { input_tokens: tokens, ..Usage::default() },
        ..Embeddings::default()
    })
}

/// Writes what asks for one vector.
fn write_one(entry: &mut ObjectWriter<'_>, request: &Request<'_>, input: &Input<'_>) {
    entry.object("content", |content| {
        content.array("parts", |parts| write_parts(parts, input));
    });
    write_options(entry, request);
}

/// A request for one vector.
fn one<'a>(request: &Value<'a>, path: &Path<'_>) -> Result<Request<'a>, Objection> {
    let content = read::needed_object(request, "content", path)?;
    let place = path.member("content");
    let parts_place = place.member("parts");
    let listed = read::list(content, "parts", &place)?.iter().enumerate();
    let mut parts: Vec<InputPart<'a>> =
        listed.map(|(index, part)| read_part(part, &parts_place.element(index))).collect::<Result<_, _>>()?;
    let input = match parts.pop() {
        Some(InputPart::Text(text)) if parts.is_empty() => Input::Text(text),
        Some(last) => Input::Parts(parts.into_iter().chain([last]).collect()),
        None => return Err(read::missing("parts", &place)),
    };
    let unknown = open_ai::unknown(request, KNOWN).into_iter();
    Ok(Request {
        inputs: vec![input],
        purpose: purpose(request, path)?,
        title: read::text(request, "title", path)?,
        dimensions: read::whole(request, "outputDimensionality", path)?,
        unknown: unknown.map(|(name, raw)| (path.member(&name).to_string(), raw)).collect(),
        ..Request::default()
    })
}

/// Takes another request of a batch, which has to want the same.
fn append<'a>(whole: &mut Request<'a>, next: Request<'a>, path: &Path<'_>) -> Result<(), Objection> {
    let wants = |request: &Request<'a>| (request.purpose, request.title.clone(), request.dimensions);
    if wants(whole) != wants(&next) {
        let message = format!(
            "`{path}` must have the `taskType`, `title` and `outputDimensionality` of the others for a provider of another format"
        );
        return Err(Objection::new(path.to_string(), message));
    }
    whole.inputs.extend(next.inputs);
    whole.unknown.extend(next.unknown);
    Ok(())
}

fn purpose(request: &Value<'_>, path: &Path<'_>) -> Result<Option<Purpose>, Objection> {
    let Some(word) = read::text(request, "taskType", path)? else { return Ok(None) };
    let word = word.plain();
    if word == "TASK_TYPE_UNSPECIFIED" {
        return Ok(None);
    }
    let purpose = TASKS.iter().find(|(name, _)| *name == word).map(|(_, purpose)| *purpose);
    let place = path.member("taskType");
    purpose
        .map(Some)
        .ok_or_else(|| Objection::new(place.to_string(), format!("`{place}` is not known: `{word}`")))
}

fn read_part<'a>(part: &Value<'a>, path: &Path<'_>) -> Result<InputPart<'a>, Objection> {
    if let Some(text) = read::text(part, "text", path)? {
        return Ok(InputPart::Text(text));
    }
    let Some(data) = read::object(part, "inlineData", path)? else {
        let message = format!("`{path}` must have `text` or `inlineData` for a provider of another format");
        return Err(Objection::new(path.to_string(), message));
    };
    let path = path.member("inlineData");
    let media_type = read::needed_text(data, "mimeType", &path)?;
    if !media_type.plain().starts_with("image/") {
        let path = path.member("mimeType");
        let message = format!("`{path}` must be of a picture for a provider of another format");
        return Err(Objection::new(path.to_string(), message));
    }
    let source = Source::Inline(read::needed_text(data, "data", &path)?);
    Ok(InputPart::Image(Image { source, media_type: Some(media_type) }))
}

fn write_parts(parts: &mut ArrayWriter<'_>, input: &Input<'_>) {
    let write_text =
        |text: &Text<'_>, parts: &mut ArrayWriter<'_>| parts.object(|part| part.text("text", text));
    match input {
        Input::Text(text) => write_text(text, parts),
        Input::Parts(list) => list.iter().for_each(|part| match part {
            InputPart::Text(text) => write_text(text, parts),
            InputPart::Image(image) => parts.object(|part| {
                part.object("inlineData", |data| {
                    data.text("mimeType", image.media_type.as_ref().unwrap_or(&Text::from("image/png")));
                    data.text("data", image.source.text());
                });
            }),
        }),
        Input::Tokens(_) => {}
    }
}

fn write_options(entry: &mut ObjectWriter<'_>, request: &Request<'_>) {
    if let Some(name) = task_name(request) {
        entry.str("taskType", name);
    }
    entry.text_if("title", request.title.as_ref());
    entry.number_if("outputDimensionality", request.dimensions);
}

/// What the vectors are for, by Google's name.
pub(super) fn task_name(request: &Request<'_>) -> Option<&'static str> {
    TASKS.iter().find(|(_, purpose)| Some(*purpose) == request.purpose).map(|(name, _)| *name)
}
