//! Cohere embed, version 2 (API reference, "Embed"), and the same models on Amazon Bedrock (user guide, "Cohere Embed v3" and
//! "Cohere Embed v4").

use super::feature::Feature;
use super::form::{Embeddings, Encoding, Image, Input, InputPart, Purpose, Request, Truncation, Vector};
use super::{Asked, Client, Provider, open_ai, vector};
use crate::convert::codec::{Malformed, Objection};
use crate::convert::read::{self, Path};
use crate::formats::Usage;
use crate::json::{ArrayWriter, Kind, ObjectWriter, Text, Value, object};

/// The format.
pub(super) struct Cohere;
/// The format without a model, and with a few words of Amazon's.
pub(super) struct OnBedrock;

const KNOWN: &[&str] = &[
    "model",
    "texts",
    "images",
    "inputs",
    "input_type",
    "embedding_types",
    "output_dimension",
    "truncate",
    "max_tokens",
];
/// "Maximum number of texts per call is `96`".
const INPUTS_MAX: usize = 96;
const LEFT_OUT: &str = "it is left out";
const LACKS: &[(Feature, &str)] = &[
    (Feature::Tokens, ""),
    (Feature::ImageUrls, ""),
    (Feature::Purpose, "the nearest type is named"),
    (Feature::Title, LEFT_OUT),
    (Feature::User, LEFT_OUT),
];

impl Client for Cohere {
    fn member(&self, feature: Feature) -> &'static str {
        match feature {
            Feature::Inputs => "texts",
            Feature::Images | Feature::ImageUrls => "images",
            Feature::Purpose => "input_type",
            Feature::Dimensions => "output_dimension",
            Feature::SmallNumbers | Feature::SeveralEncodings => "embedding_types",
            Feature::Truncation => "truncate",
            Feature::InputLimit => "max_tokens",
            _ => "inputs",
        }
    }

    fn read<'a>(&self, request: &Value<'a>) -> Result<Request<'a>, Objection> {
        let path = &Path::ROOT;
        let inputs = inputs(request)?;
        if inputs.is_empty() {
            return Err(Objection::new("texts", "one of `texts`, `images` and `inputs` must hold something"));
        }
        Ok(Request {
            inputs,
            purpose: purpose(request)?,
            dimensions: read::whole(request, "output_dimension", path)?,
            encodings: encodings(request)?,
            truncation: truncation(request)?,
            input_tokens_max: read::whole(request, "max_tokens", path)?,
            unknown: open_ai::unknown(request, KNOWN),
            ..Request::default()
        })
    }

    fn write(&self, answer: &Embeddings<'_>, asked: &Asked) -> Result<Vec<u8>, Malformed> {
        let mut sets = Vec::with_capacity(asked.encodings.len());
        for encoding in &asked.encodings {
            let vectors = vector::of(answer, *encoding)?.iter();
            let vectors = vectors.map(|vector| vector::converted(vector, *encoding));
            sets.push((*encoding, vectors.collect::<Result<Vec<_>, _>>()?));
        }
        let mut out = Vec::new();
        object(&mut out, |body| {
            body.text("id", answer.id.as_ref().unwrap_or(&Text::from(asked.context.token.as_str())));
            body.object("embeddings", |object| {
                for (encoding, vectors) in &sets {
                    object.array(encoding.name(), |array| {
                        vectors.iter().for_each(|vector| vector.write_element(array));
                    });
                }
            });
            body.str("response_type", "embeddings_by_type");
            body.object("meta", |meta| write_meta(meta, &answer.usage));
        });
        Ok(out)
    }
}

fn write_meta(meta: &mut ObjectWriter<'_>, usage: &Usage) {
    meta.object("api_version", |version| version.str("version", "2"));
    meta.object("billed_units", |units| {
        units.number_if("input_tokens", usage.input_tokens);
        units.number_if("image_tokens", usage.input_image_tokens);
        units.number_if("images", usage.images);
    });
}

impl Provider for Cohere {
    fn lacks(&self) -> &'static [(Feature, &'static str)] {
        LACKS
    }

    fn keeps(&self, feature: Feature, request: &Request<'_>) -> bool {
        feature == Feature::Purpose && is_own_purpose(request)
    }

    fn inputs_max(&self) -> usize {
        INPUTS_MAX
    }

    fn write(&self, request: &Request<'_>, inputs: &[Input<'_>], model: &str) -> Vec<u8> {
        let mut out = Vec::new();
        object(&mut out, |body| {
            body.str("model", model);
            write_inputs(body, inputs, false);
            write_options(body, request, inputs, ("START", "END"));
        });
        out
    }

    fn read<'a>(&self, answer: &Value<'a>, _asked: Encoding) -> Result<Embeddings<'a>, Malformed> {
        read_answer(answer)
    }
}

impl Provider for OnBedrock {
    fn lacks(&self) -> &'static [(Feature, &'static str)] {
        LACKS
    }

    fn keeps(&self, feature: Feature, request: &Request<'_>) -> bool {
        feature == Feature::Purpose && is_own_purpose(request)
    }

    fn inputs_max(&self) -> usize {
        INPUTS_MAX
    }

    /// The model is in the path. Since the fourth generation the ends of a text are `LEFT` and `RIGHT`.
    fn write(&self, request: &Request<'_>, inputs: &[Input<'_>], model: &str) -> Vec<u8> {
        let mut out = Vec::new();
        let ends = if model.contains("embed-v4") { ("LEFT", "RIGHT") } else { ("START", "END") };
        object(&mut out, |body| {
            write_inputs(body, inputs, true);
            write_options(body, request, inputs, ends);
        });
        out
    }

    /// The tokens are counted in the answer's head alone.
    fn read<'a>(&self, answer: &Value<'a>, _asked: Encoding) -> Result<Embeddings<'a>, Malformed> {
        read_answer(answer)
    }
}

fn is_own_purpose(request: &Request<'_>) -> bool {
    matches!(
        request.purpose,
        Some(Purpose::Query | Purpose::Document | Purpose::Classification | Purpose::Clustering)
    )
}

/// `texts`, `images` and `inputs`, of which a request has one.
fn inputs<'a>(request: &Value<'a>) -> Result<Vec<Input<'a>>, Objection> {
    let path = &Path::ROOT;
    let mut inputs: Vec<Input<'a>> =
        read::texts(request, "texts", path)?.into_iter().map(Input::Text).collect();
    let images = read::texts(request, "images", path)?.into_iter();
    inputs.extend(images.map(|url| Input::Parts(vec![InputPart::Image(Image::at(url))])));
    let place = path.member("inputs");
    for (index, input) in read::list(request, "inputs", path)?.iter().enumerate() {
        let place = place.element(index);
        let content = place.member("content");
        let parts = read::list(input, "content", &place)?.iter().enumerate();
        let mut parts: Vec<InputPart<'a>> =
            parts.map(|(index, part)| read_part(part, &content.element(index))).collect::<Result<_, _>>()?;
        inputs.push(match parts.pop() {
            Some(InputPart::Text(text)) if parts.is_empty() => Input::Text(text),
            Some(last) => Input::Parts(parts.into_iter().chain([last]).collect()),
            None => return Err(read::missing("content", &place)),
        });
    }
    Ok(inputs)
}

fn read_part<'a>(part: &Value<'a>, path: &Path<'_>) -> Result<InputPart<'a>, Objection> {
    match read::tag(part, "type", path)?.as_str() {
        "text" => Ok(InputPart::Text(read::needed_text(part, "text", path)?)),
        "image_url" => {
            let image = read::needed_object(part, "image_url", path)?;
            let url = read::needed_text(image, "url", &path.member("image_url"))?;
            Ok(InputPart::Image(Image::at(url)))
        }
        other => {
            let path = path.member("type");
            let message = format!("`{path}` must be text or image_url, found `{other}`");
            Err(Objection::new(path.to_string(), message))
        }
    }
}

fn purpose(request: &Value<'_>) -> Result<Option<Purpose>, Objection> {
    let Some(word) = read::text(request, "input_type", &Path::ROOT)? else { return Ok(None) };
    match word.plain().as_ref() {
        "search_query" => Ok(Some(Purpose::Query)),
        "search_document" => Ok(Some(Purpose::Document)),
        "classification" => Ok(Some(Purpose::Classification)),
        "clustering" => Ok(Some(Purpose::Clustering)),
        // It only says what the inputs are.
        "image" => Ok(None),
        other => {
            let known = "search_document, search_query, classification, clustering or image";
            Err(Objection::new("input_type", format!("`input_type` must be {known}, found `{other}`")))
        }
    }
}

fn encodings(request: &Value<'_>) -> Result<Vec<Encoding>, Objection> {
    let encoding = |word: Text<'_>| {
        Encoding::named(&word.plain()).ok_or_else(|| {
            let message = format!("`embedding_types` is not known: `{}`", word.plain());
            Objection::new("embedding_types", message)
        })
    };
    read::texts(request, "embedding_types", &Path::ROOT)?.into_iter().map(encoding).collect()
}

fn truncation(request: &Value<'_>) -> Result<Option<Truncation>, Objection> {
    let Some(word) = read::text(request, "truncate", &Path::ROOT)? else { return Ok(None) };
    match word.plain().as_ref() {
        "NONE" => Ok(Some(Truncation::Never)),
        "START" => Ok(Some(Truncation::Start)),
        "END" => Ok(Some(Truncation::End)),
        other => {
            Err(Objection::new("truncate", format!("`truncate` must be NONE, START or END, found `{other}`")))
        }
    }
}

/// Texts alone, pictures alone, or both. Bedrock has the address of a picture as a string where Cohere has an object.
fn write_inputs(body: &mut ObjectWriter<'_>, inputs: &[Input<'_>], on_bedrock: bool) {
    if inputs.iter().all(|input| input.text().is_some()) {
        return body.array("texts", |array| {
            inputs.iter().filter_map(Input::text).for_each(|text| array.text(text));
        });
    }
    if inputs.iter().all(|input| input.image().is_some()) {
        return body.array("images", |array| {
            for image in inputs.iter().filter_map(Input::image) {
                let mut url = Vec::new();
                image.write_url(&mut url);
                array.raw(std::str::from_utf8(&url).unwrap_or("\"\""));
            }
        });
    }
    body.array("inputs", |array| {
        for input in inputs {
            array.object(|entry| entry.array("content", |content| write_content(content, input, on_bedrock)));
        }
    });
}

fn write_content(content: &mut ArrayWriter<'_>, input: &Input<'_>, on_bedrock: bool) {
    let write_text = |text: &Text<'_>, content: &mut ArrayWriter<'_>| {
        content.object(|part| {
            part.str("type", "text");
            part.text("text", text);
        });
    };
    match input {
        Input::Text(text) => write_text(text, content),
        Input::Parts(parts) => parts.iter().for_each(|part| match part {
            InputPart::Text(text) => write_text(text, content),
            InputPart::Image(image) => content.object(|part| {
                part.str("type", "image_url");
                if on_bedrock {
                    image.write_member(part, "image_url");
                } else {
                    part.object("image_url", |object| image.write_member(object, "url"));
                }
            }),
        }),
        Input::Tokens(_) => {}
    }
}

/// Writes what is to be done with the inputs. The type of input has to be named; without one texts are taken for what is to
/// be found.
fn write_options(
    body: &mut ObjectWriter<'_>,
    request: &Request<'_>,
    inputs: &[Input<'_>],
    (start, end): (&str, &str),
) {
    let is_of_images = inputs.iter().all(|input| input.image().is_some());
    body.str(
        "input_type",
        match request.purpose {
            None if is_of_images => "image",
            None | Some(Purpose::Document | Purpose::Similarity) => "search_document",
            Some(
                Purpose::Query | Purpose::QuestionAnswering | Purpose::FactVerification | Purpose::CodeQuery,
            ) => "search_query",
            Some(Purpose::Classification) => "classification",
            Some(Purpose::Clustering) => "clustering",
        },
    );
    let mut encodings: Vec<Encoding> = request.encodings().into_iter().map(Encoding::numbers).collect();
    encodings.dedup();
    body.array("embedding_types", |array| encodings.iter().for_each(|encoding| array.str(encoding.name())));
    body.number_if("output_dimension", request.dimensions);
    body.number_if("max_tokens", request.input_tokens_max);
    match request.truncation {
        None => {}
        Some(Truncation::Never) => body.str("truncate", "NONE"),
        Some(Truncation::Start) => body.str("truncate", start),
        Some(Truncation::End) => body.str("truncate", end),
    }
}

/// Vectors by their type, or of floats alone, as Bedrock has them where no type was asked for.
fn read_answer<'a>(answer: &Value<'a>) -> Result<Embeddings<'a>, Malformed> {
    let embeddings =
        answer.get("embeddings").ok_or_else(|| Malformed("the answer has no `embeddings`".to_owned()))?;
    let vectors = |list: &Value<'a>| list.elements().iter().map(Vector::read).collect::<Result<Vec<_>, _>>();
    let sets = match embeddings.kind() {
        Kind::Array => vec![(Encoding::Float, vectors(embeddings)?)],
        _ => {
            let sets = embeddings.members().iter().filter(|(_, list)| list.kind() == Kind::Array);
            sets.filter_map(|(key, list)| Some((Encoding::named(key)?, vectors(list))))
                .map(|(encoding, vectors)| Ok((encoding, vectors?)))
                .collect::<Result<Vec<_>, _>>()?
        }
    };
    let usage = answer.get("meta").and_then(Usage::of_cohere_meta).unwrap_or_default();
    Ok(Embeddings { id: answer.present("id").and_then(Value::text), model: None, sets, usage })
}
