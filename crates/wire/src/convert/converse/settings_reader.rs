//! How the answer is drawn, how much the model thinks, what the answer looks like: some of it in Bedrock's own members, some
//! in the fields that it passes on to a model as they are.

use std::borrow::Cow;

use crate::convert::Format;
use crate::convert::codec::Objection;
use crate::convert::form::{Effort, OutputFormat, Reasoning, Sampling, ToolChoice, Unknown};
use crate::convert::messages::{prompt_reader as claude, thinking};
use crate::convert::read::{self, Path};
use crate::json::{Kind, Text, Value};

/// The member with the fields that are passed on.
pub(super) const FIELDS: &str = "additionalModelRequestFields";
/// The member with what of the model's own answer is wanted.
pub(super) const RESPONSE_PATHS: &str = "additionalModelResponseFieldPaths";
/// Where Claude models say at which stop sequence they stopped, whole and in a stream.
pub(super) const STOP_SEQUENCE: [&str; 2] = ["/stop_sequence", "/delta/stop_sequence"];

/// Fields that the form has a place for: Claude's, Nova's, OpenAI's.
const KNOWN_FIELDS: &[&str] = &[
    "thinking",
    "output_config",
    "tool_choice",
    "top_k",
    "inferenceConfig",
    "reasoningConfig",
    "reasoning_config",
    "reasoning_effort",
    "reasoning",
];

/// The fields that are passed on to the model.
pub(super) struct Fields<'v, 'a> {
    value: Option<&'v Value<'a>>,
}

impl<'v, 'a> Fields<'v, 'a> {
    pub(super) fn of(request: &'v Value<'a>) -> Result<Self, Objection> {
        Ok(Self { value: read::object(request, FIELDS, &Path::ROOT)? })
    }

    /// Claude's own choice of tools, which says more than Bedrock's.
    pub(super) fn tool_choice(&self) -> Result<(Option<ToolChoice<'a>>, Option<bool>), Objection> {
        match self.value {
            Some(fields) => claude::tool_choice(fields, &Path::ROOT.member(FIELDS)),
            None => Ok((None, None)),
        }
    }

    fn get(&self, key: &str) -> Option<&'v Value<'a>> {
        self.value?.present(key)
    }
}

/// `inferenceConfig`, and `top_k` as Claude and Nova have it.
pub(super) fn sampling<'a>(request: &Value<'a>, fields: &Fields<'_, 'a>) -> Result<Sampling<'a>, Objection> {
    let top_k = fields.get("top_k").or_else(|| fields.get("inferenceConfig")?.present("topK"));
    let sampling = Sampling { top_k: top_k.and_then(Value::as_number), ..Sampling::default() };
    let Some(config) = read::object(request, "inferenceConfig", &Path::ROOT)? else { return Ok(sampling) };
    let path = &Path::ROOT.member("inferenceConfig");
    Ok(Sampling {
        output_tokens_max: read::whole(config, "maxTokens", path)?,
        temperature: read::number(config, "temperature", path)?,
        top_p: read::number(config, "topP", path)?,
        stop: read::texts(config, "stopSequences", path)?,
        ..sampling
    })
}

/// Claude's `thinking`, and an effort wherever it is said.
pub(super) fn reasoning<'a>(
    request: &Value<'a>,
    fields: &Fields<'_, 'a>,
) -> Result<Reasoning<'a>, Objection> {
    let mut reasoning = match fields.value {
        Some(value) => thinking::read(value, &Path::ROOT.member(FIELDS))?,
        None => Reasoning::default(),
    };
    let named = |effort: &Value<'_>| Effort::named(&effort.as_str()?);
    let own = request.at(&["outputConfig", "effort"]).and_then(named);
    let of_nova = || effort_of_nova(fields.get("reasoningConfig")?);
    let of_openai =
        || named(fields.get("reasoning_effort").or_else(|| fields.get("reasoning")?.present("effort"))?);
    reasoning.effort = own.or(reasoning.effort).or_else(of_nova).or_else(of_openai);
    if let Some(config) = fields.get("reasoning_config") {
        reasoning.effort = reasoning.effort.or_else(|| named(config));
        let budget = config.present("budget_tokens").and_then(Value::as_u64);
        reasoning.tokens_max = reasoning.tokens_max.or(budget);
    }
    Ok(reasoning)
}

/// `reasoningConfig` (Amazon Nova 2 user guide, "Extended thinking").
fn effort_of_nova(config: &Value<'_>) -> Option<Effort> {
    match config.present("type").and_then(Value::as_str).as_deref() {
        Some("disabled") => Some(Effort::None),
        _ => Effort::named(&config.present("maxReasoningEffort")?.as_str()?),
    }
}

/// `outputConfig.textFormat`, whose schema is text; and Claude's own `output_config.format`.
pub(super) fn output<'a>(
    request: &Value<'a>,
    fields: &Fields<'_, 'a>,
) -> Result<OutputFormat<'a>, Objection> {
    let path = Path::ROOT.member("outputConfig");
    let config = read::object(request, "outputConfig", &Path::ROOT)?;
    let format = config.map(|config| read::object(config, "textFormat", &path)).transpose()?.flatten();
    let Some(format) = format else {
        let of_claude = fields.value.map(|value| claude::output(value, &Path::ROOT.member(FIELDS)));
        return of_claude.unwrap_or(Ok(OutputFormat::Text));
    };
    let path = path.member("textFormat");
    let structure = read::needed_object(format, "structure", &path)?;
    let path = path.member("structure");
    let schema = read::needed_object(structure, "jsonSchema", &path)?;
    let path = path.member("jsonSchema");
    Ok(OutputFormat::Schema {
        name: read::text(schema, "name", &path)?,
        description: read::text(schema, "description", &path)?,
        schema: schema_in(&read::needed_text(schema, "schema", &path)?, &path)?,
        strict: Some(true),
    })
}

fn schema_in<'a>(text: &Text<'_>, path: &Path<'_>) -> Result<Cow<'a, str>, Objection> {
    let schema = text.plain();
    let is_object = Value::parse(schema.as_bytes()).is_ok_and(|value| value.kind() == Kind::Object);
    if is_object {
        return Ok(Cow::Owned(schema.into_owned()));
    }
    let path = path.member("schema").to_string();
    let message = format!("`{path}` must be a JSON schema as a string");
    Err(Objection::new(path, message))
}

/// What the form has no place for.
pub(super) fn unknown<'a>(request: &Value<'a>, fields: &Fields<'_, 'a>) -> Vec<Unknown<'a>> {
    let root = &Path::ROOT;
    let within = |holder: Option<&Value<'a>>, known: &[&str], path: &Path<'_>| {
        holder.map(|holder| read::unknown(holder, known, Format::Converse, path)).unwrap_or_default()
    };
    let mut unknown = Vec::new();
    for (name, known) in [
        ("inferenceConfig", ["maxTokens", "temperature", "topP", "stopSequences"].as_slice()),
        ("toolConfig", &["tools", "toolChoice"]),
        ("outputConfig", &["textFormat", "effort"]),
    ] {
        unknown.extend(within(request.present(name), known, &root.member(name)));
    }
    let path = &root.member(FIELDS);
    unknown.extend(within(fields.value, KNOWN_FIELDS, path));
    unknown.extend(within(fields.get("output_config"), &["effort", "format"], &path.member("output_config")));
    unknown.extend(within(fields.get("inferenceConfig"), &["topK"], &path.member("inferenceConfig")));
    let paths = request.present(RESPONSE_PATHS);
    let is_unknown = |paths: &&Value<'_>| paths.elements().iter().any(|path| !is_stop_sequence(path));
    unknown.extend(paths.filter(is_unknown).map(|paths| Unknown {
        format: Format::Converse,
        path: RESPONSE_PATHS.to_owned(),
        raw: paths.raw(),
    }));
    unknown
}

fn is_stop_sequence(path: &Value<'_>) -> bool {
    path.as_str().is_some_and(|path| STOP_SEQUENCE.contains(&path.as_ref()))
}

/// Whether the client asks at which stop sequence the model stopped.
pub(super) fn echoed(request: &Value<'_>) -> Vec<(String, String)> {
    let paths = request.present(RESPONSE_PATHS);
    let asks = |paths: &&Value<'_>| paths.elements().iter().any(is_stop_sequence);
    let asked = paths.filter(asks).map(|paths| (RESPONSE_PATHS.to_owned(), paths.raw().to_owned()));
    asked.into_iter().collect()
}
