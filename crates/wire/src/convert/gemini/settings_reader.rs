//! `generationConfig`: how the answer is drawn, how much the model thinks, and what the answer looks like.

use super::{names, schema};
use crate::convert::codec::Objection;
use crate::convert::form::{Effort, OutputFormat, Reasoning, Sampling, SpokenOutput, Unknown};
use crate::convert::read::{self, Path};
use crate::json::{Kind, Text, Value};

/// The member that holds them.
pub(super) const CONFIG: &str = "generationConfig";
/// How an answer is spoken, which only Google's voices can.
pub(super) const SPEECH: &str = "generationConfig.speechConfig";

/// Members that the form has a place for.
const KNOWN: [&str; 18] = [
    "temperature",
    "topP",
    "topK",
    "maxOutputTokens",
    "stopSequences",
    "seed",
    "presencePenalty",
    "frequencyPenalty",
    "candidateCount",
    "responseLogprobs",
    "logprobs",
    "thinkingConfig",
    "responseModalities",
    "mediaResolution",
    "responseMimeType",
    "responseSchema",
    "responseJsonSchema",
    "responseFormat",
];

/// What `generationConfig` says.
#[derive(Default)]
pub(super) struct Settings<'a> {
    pub(super) sampling: Sampling<'a>,
    pub(super) reasoning: Reasoning<'a>,
    pub(super) output: OutputFormat<'a>,
    pub(super) spoken: Option<SpokenOutput<'a>>,
    pub(super) pictures: bool,
    pub(super) unknown: Vec<Unknown<'a>>,
}

/// Reads it.
pub(super) fn read<'a>(request: &Value<'a>) -> Result<Settings<'a>, Objection> {
    let Some(config) = names::object(request, CONFIG, &Path::ROOT)? else { return Ok(Settings::default()) };
    let key = names::spelled(request, CONFIG);
    let path = &Path::ROOT.member(&key);
    let mut unknown = names::unknown(config, &KNOWN, &Path::ROOT.member(CONFIG));
    let output = output(config, path, &mut unknown)?;
    let modalities = names::texts(config, "responseModalities", path)?;
    let has = |wanted: &str| modalities.iter().any(|modality| modality.plain().eq_ignore_ascii_case(wanted));
    // Google speaks only so ("Speech generation").
    let spoken = SpokenOutput { voice: None, format: Some(Text::from("pcm16")) };
    Ok(Settings {
        sampling: sampling(config, path)?,
        reasoning: reasoning(config, path, &mut unknown)?,
        output,
        spoken: has("AUDIO").then_some(spoken),
        pictures: has("IMAGE"),
        unknown,
    })
}

/// How closely to look at pictures.
pub(super) fn resolution<'v, 'a>(request: &'v Value<'a>) -> Option<&'v Value<'a>> {
    names::present(names::present(request, CONFIG)?, "mediaResolution")
}

fn sampling<'a>(config: &Value<'a>, path: &Path<'_>) -> Result<Sampling<'a>, Objection> {
    Ok(Sampling {
        output_tokens_max: names::whole(config, "maxOutputTokens", path)?,
        temperature: read::number(config, "temperature", path)?,
        top_p: names::number(config, "topP", path)?,
        top_k: names::number(config, "topK", path)?,
        seed: read::number(config, "seed", path)?,
        presence_penalty: names::number(config, "presencePenalty", path)?,
        frequency_penalty: names::number(config, "frequencyPenalty", path)?,
        stop: names::texts(config, "stopSequences", path)?,
        logprobs: names::flag(config, "responseLogprobs", path)?,
        top_logprobs: read::whole(config, "logprobs", path)?,
        choices: names::whole(config, "candidateCount", path)?,
        ..Sampling::default()
    })
}

/// `thinkingConfig`: "0 is DISABLED. -1 is AUTOMATIC."
fn reasoning<'a>(
    config: &Value<'a>,
    path: &Path<'_>,
    unknown: &mut Vec<Unknown<'a>>,
) -> Result<Reasoning<'a>, Objection> {
    let Some(thinking) = names::object(config, "thinkingConfig", path)? else {
        return Ok(Reasoning::default());
    };
    let path = path.member("thinkingConfig");
    unknown.extend(names::unknown(thinking, &["includeThoughts", "thinkingBudget", "thinkingLevel"], &path));
    let level = names::text(thinking, "thinkingLevel", &path)?;
    let level = level.and_then(|level| Effort::named(&level.plain().to_ascii_lowercase()));
    let reasoning = Reasoning {
        effort: level,
        shown: names::flag(thinking, "includeThoughts", &path)?,
        ..Reasoning::default()
    };
    Ok(match names::number(thinking, "thinkingBudget", &path)? {
        None => reasoning,
        Some("0") => Reasoning { effort: Some(Effort::None), ..reasoning },
        Some(number) if number.starts_with('-') => Reasoning { adaptive: true, ..reasoning },
        Some(_) => Reasoning { tokens_max: names::whole(thinking, "thinkingBudget", &path)?, ..reasoning },
    })
}

/// `responseMimeType` with its schemas, or `responseFormat`, which says the same.
fn output<'a>(
    config: &Value<'a>,
    path: &Path<'_>,
    unknown: &mut Vec<Unknown<'a>>,
) -> Result<OutputFormat<'a>, Objection> {
    if let Some(format) = names::present(config, "responseFormat") {
        return of_formats(config, format, path, unknown);
    }
    let mime = names::text(config, "responseMimeType", path)?;
    let json_schema = names::present(config, "responseJsonSchema").map(|schema| schema.raw().into());
    let own_schema = names::present(config, "responseSchema").map(|own| schema::json_schema(own).into());
    match mime.as_ref().map(Text::plain).as_deref() {
        None | Some("" | "application/json") => Ok(match json_schema.or(own_schema) {
            Some(schema) => of_schema(schema),
            None if mime.is_some_and(|mime| !mime.is_empty()) => OutputFormat::Json,
            None => OutputFormat::Text,
        }),
        Some("text/plain") => Ok(OutputFormat::Text),
        // An answer that is one word of a list, and not in JSON (`text/x.enum`).
        Some(_) => {
            for key in ["responseMimeType", "responseSchema", "responseJsonSchema"] {
                let value = names::present(config, key);
                unknown
                    .extend(value.map(|value| names::unknown_member(key, value, &Path::ROOT.member(CONFIG))));
            }
            Ok(OutputFormat::Text)
        }
    }
}

fn of_formats<'a>(
    config: &Value<'a>,
    format: &Value<'a>,
    path: &Path<'_>,
    unknown: &mut Vec<Unknown<'a>>,
) -> Result<OutputFormat<'a>, Objection> {
    let formats = if format.kind() == Kind::Array { format.elements() } else { std::slice::from_ref(format) };
    let only_text = |format: &Value<'_>| format.members().iter().all(|(key, _)| key == "text");
    if !formats.iter().all(only_text) {
        unknown.push(names::unknown_member("responseFormat", format, &Path::ROOT.member(CONFIG)));
    }
    let Some(text) = formats.iter().find_map(|format| format.present("text")) else {
        return Ok(OutputFormat::Text);
    };
    let key = names::spelled(config, "responseFormat");
    let path = path.member(&key);
    let mime = names::text(text, "mimeType", &path.member("text"))?;
    let is_json = mime.is_none_or(|mime| mime.plain().to_ascii_lowercase().ends_with("json"));
    Ok(match text.present("schema").filter(|_| is_json) {
        Some(schema) => of_schema(schema.raw().into()),
        None if is_json => OutputFormat::Json,
        None => OutputFormat::Text,
    })
}

/// Google follows a schema though it need not say what others demand of one to be followed, so it is not called strict.
fn of_schema(schema: std::borrow::Cow<'_, str>) -> OutputFormat<'_> {
    OutputFormat::Schema { name: None, description: None, schema, strict: None }
}
