//! A request as a prompt.

use super::{item_reader, tool_reader};
use crate::convert::Format;
use crate::convert::codec::Objection;
use crate::convert::form::{
    Attribution, Effort, Foreign, OutputFormat, Part, Prompt, Reasoning, Role, Sampling, Turn, Unknown,
};
use crate::convert::read::{self, Path};
use crate::json::{Kind, Text, Value};

/// The members that the form has a place for, or that the gateway itself answers to: what was stored before stands in
/// `input` by now (`history.rs`), and a response in the background is the gateway's own affair.
const KNOWN: &[&str] = &[
    "model",
    "input",
    "instructions",
    "prompt",
    "previous_response_id",
    "conversation",
    "background",
    "store",
    "stream",
    "stream_options",
    "include",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "text",
    "reasoning",
    "max_output_tokens",
    "temperature",
    "top_p",
    "top_logprobs",
    "truncation",
    "user",
    "safety_identifier",
    "metadata",
    "service_tier",
    "prompt_cache_key",
    "prompt_cache_retention",
];
/// What `include` asks for that the form has a place for. Sealed thinking is always given.
pub(super) const SEALED_THINKING: &str = "reasoning.encrypted_content";
pub(super) const LOGPROBS: &str = "message.output_text.logprobs";

pub(super) fn read<'a>(request: &Value<'a>) -> Result<Prompt<'a>, Objection> {
    let path = &Path::ROOT;
    let mut unknown = unknown(request)?;
    Ok(Prompt {
        stream: read::flag(request, "stream", path)?.unwrap_or(false),
        stream_usage: true,
        turns: turns(request)?,
        tools: tool_reader::tools(request, &mut unknown)?,
        tool_choice: tool_reader::choice(request)?,
        parallel_tool_calls: read::flag(request, "parallel_tool_calls", path)?,
        output: output(request)?,
        sampling: sampling(request)?,
        reasoning: reasoning(request)?,
        spoken: None,
        pictures: false,
        attribution: attribution(request)?,
        unknown,
    })
}

fn turns<'a>(request: &Value<'a>) -> Result<Vec<Turn<'a>>, Objection> {
    let path = &Path::ROOT;
    let mut turns = Vec::new();
    let mut instruct = |part| turns.push(Turn { role: Role::System, parts: vec![part], name: None });
    let instructions = read::text(request, "instructions", path)?.filter(|text| !text.is_empty());
    if let Some(text) = instructions {
        instruct(Part::text(text));
    }
    let template = read::object(request, "prompt", path)?;
    if let Some(template) = template {
        let kind = Text::from("prompt");
        instruct(Part::Foreign(Foreign { format: Format::Responses, kind, raw: template.raw() }));
    }
    let said = input(request)?;
    if said.is_empty() && template.is_none() {
        return Err(Objection::new("input", "`input` must hold at least one item"));
    }
    turns.extend(said);
    Ok(turns)
}

fn input<'a>(request: &Value<'a>) -> Result<Vec<Turn<'a>>, Objection> {
    let Some(input) = request.present("input") else { return Ok(Vec::new()) };
    if let Some(text) = input.text() {
        let parts = if text.is_empty() { Vec::new() } else { vec![Part::text(text)] };
        return Ok(vec![Turn { role: Role::User, parts, name: None }]);
    }
    match input.kind() {
        Kind::Array => item_reader::turns(input.elements(), &Path::ROOT.member("input")),
        _ => Err(Objection::wanted("input", "a string or a list of items", input)),
    }
}

/// What a request says beyond the form.
fn unknown<'a>(request: &Value<'a>) -> Result<Vec<Unknown<'a>>, Objection> {
    let root = Path::ROOT;
    let mut unknown = read::unknown(request, KNOWN, Format::Responses, &root);
    if request.get("truncation").and_then(Value::as_str).is_some_and(|word| word != "disabled") {
        unknown.extend(request.get("truncation").map(|value| member("truncation".to_owned(), value)));
    }
    let (text, reasoning) = (root.member("text"), root.member("reasoning"));
    for (key, known, path) in [
        ("text", &["format", "verbosity"][..], &text),
        ("reasoning", &["effort", "summary", "generate_summary"][..], &reasoning),
    ] {
        if let Some(object) = read::object(request, key, &root)? {
            unknown.extend(read::unknown(object, known, Format::Responses, path));
        }
    }
    let include = root.member("include");
    for (index, value) in read::list(request, "include", &root)?.iter().enumerate() {
        if value.as_str().is_none_or(|word| word != SEALED_THINKING && word != LOGPROBS) {
            unknown.push(member(include.element(index).to_string(), value));
        }
    }
    Ok(unknown)
}

fn member<'a>(path: String, value: &Value<'a>) -> Unknown<'a> {
    Unknown { format: Format::Responses, path, raw: value.raw() }
}

fn output<'a>(request: &Value<'a>) -> Result<OutputFormat<'a>, Objection> {
    let Some(text) = read::object(request, "text", &Path::ROOT)? else { return Ok(OutputFormat::Text) };
    let within = Path::ROOT.member("text");
    let Some(format) = read::object(text, "format", &within)? else { return Ok(OutputFormat::Text) };
    let path = within.member("format");
    match read::tag(format, "type", &path)?.as_str() {
        "text" => Ok(OutputFormat::Text),
        "json_object" => Ok(OutputFormat::Json),
        "json_schema" => Ok(OutputFormat::Schema {
            name: read::text(format, "name", &path)?,
            description: read::text(format, "description", &path)?,
            schema: read::needed_object(format, "schema", &path)?.raw().into(),
            strict: read::flag(format, "strict", &path)?,
        }),
        other => {
            let path = path.member("type");
            let message = format!("`{path}` must be text, json_object or json_schema, found `{other}`");
            Err(Objection::new(path.to_string(), message))
        }
    }
}

fn sampling<'a>(request: &Value<'a>) -> Result<Sampling<'a>, Objection> {
    let path = &Path::ROOT;
    let top_logprobs = read::whole(request, "top_logprobs", path)?.filter(|count| *count > 0);
    let include = read::list(request, "include", path)?;
    let included = include.iter().any(|word| word.as_str().as_deref() == Some(LOGPROBS));
    let verbosity = read::object(request, "text", path)?
        .map(|text| read::text(text, "verbosity", &path.member("text")))
        .transpose()?;
    Ok(Sampling {
        output_tokens_max: read::whole(request, "max_output_tokens", path)?,
        temperature: read::number(request, "temperature", path)?,
        top_p: read::number(request, "top_p", path)?,
        logprobs: (included || top_logprobs.is_some()).then_some(true),
        top_logprobs,
        verbosity: verbosity.flatten(),
        ..Sampling::default()
    })
}

/// Whoever asks for a summary wants to see the thinking; `auto` says nothing more than that.
fn reasoning<'a>(request: &Value<'a>) -> Result<Reasoning<'a>, Objection> {
    let Some(object) = read::object(request, "reasoning", &Path::ROOT)? else {
        return Ok(Reasoning::default());
    };
    let path = Path::ROOT.member("reasoning");
    let effort = read::text(object, "effort", &path)?;
    let summary = read::text(object, "summary", &path)?.or(read::text(object, "generate_summary", &path)?);
    Ok(Reasoning {
        effort: effort.and_then(|effort| Effort::named(&effort.plain())),
        shown: summary.is_some().then_some(true),
        summary: summary.filter(|word| word.plain() != "auto"),
        ..Reasoning::default()
    })
}

fn attribution<'a>(request: &Value<'a>) -> Result<Attribution<'a>, Objection> {
    let path = &Path::ROOT;
    Ok(Attribution {
        user: read::text(request, "user", path)?,
        safety_identifier: read::text(request, "safety_identifier", path)?,
        metadata: read::object(request, "metadata", path)?.map(Value::raw),
        service_tier: read::text(request, "service_tier", path)?,
        store: read::flag(request, "store", path)?,
        prompt_cache_key: read::text(request, "prompt_cache_key", path)?,
        prompt_cache_retention: read::text(request, "prompt_cache_retention", path)?,
    })
}
