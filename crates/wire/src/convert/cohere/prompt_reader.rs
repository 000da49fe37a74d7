//! A request as a prompt.

use super::{documents, message_reader};
use crate::convert::Format;
use crate::convert::codec::Objection;
use crate::convert::form::{
    Attribution, Effort, Foreign, OutputFormat, Prompt, Reasoning, Sampling, Tool, ToolChoice, Turn, Unknown,
};
use crate::convert::read::{self, Path};
use crate::json::Value;

/// The members that the form has a place for.
const KNOWN: &[&str] = &[
    "model",
    "messages",
    "stream",
    "tools",
    "strict_tools",
    "tool_choice",
    "documents",
    "citation_options",
    "response_format",
    "max_tokens",
    "stop_sequences",
    "temperature",
    "p",
    "k",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "logprobs",
    "thinking",
];

pub(super) fn read<'a>(request: &Value<'a>) -> Result<Prompt<'a>, Objection> {
    let path = &Path::ROOT;
    let mut unknown = read::unknown(request, KNOWN, Format::Cohere, path);
    let mut turns = turns(request, &mut unknown)?;
    documents::read_into(&mut turns, request)?;
    Ok(Prompt {
        stream: read::flag(request, "stream", path)?.unwrap_or(false),
        stream_usage: true,
        turns,
        tools: tools(request)?,
        tool_choice: tool_choice(request)?,
        parallel_tool_calls: None,
        output: output(request)?,
        sampling: sampling(request)?,
        reasoning: reasoning(request)?,
        spoken: None,
        pictures: false,
        attribution: Attribution::default(),
        unknown,
    })
}

fn turns<'a>(request: &Value<'a>, unknown: &mut Vec<Unknown<'a>>) -> Result<Vec<Turn<'a>>, Objection> {
    let path = Path::ROOT.member("messages");
    let listed = read::list(request, "messages", &Path::ROOT)?;
    if listed.is_empty() {
        return Err(Objection::new("messages", "`messages` must hold at least one message"));
    }
    let turn = |(index, message)| message_reader::read(message, &path.element(index), unknown);
    listed.iter().enumerate().map(turn).collect()
}

fn tools<'a>(request: &Value<'a>) -> Result<Vec<Tool<'a>>, Objection> {
    let path = Path::ROOT.member("tools");
    let strict = read::flag(request, "strict_tools", &Path::ROOT)?;
    let listed = read::list(request, "tools", &Path::ROOT)?.iter().enumerate();
    listed.map(|(index, value)| tool(value, strict, &path.element(index))).collect()
}

fn tool<'a>(tool: &Value<'a>, strict: Option<bool>, path: &Path<'_>) -> Result<Tool<'a>, Objection> {
    let kind = read::needed_text(tool, "type", path)?;
    if kind.plain() != "function" {
        return Ok(Tool::Hosted(Foreign { format: Format::Cohere, kind, raw: tool.raw() }));
    }
    let function = read::needed_object(tool, "function", path)?;
    let path = path.member("function");
    Ok(Tool::Function {
        name: read::needed_text(function, "name", &path)?,
        description: read::text(function, "description", &path)?,
        schema: read::object(function, "parameters", &path)?.map(|schema| schema.raw().into()),
        strict,
        cache: None,
    })
}

fn tool_choice<'a>(request: &Value<'a>) -> Result<Option<ToolChoice<'a>>, Objection> {
    let path = Path::ROOT;
    let Some(word) = read::text(request, "tool_choice", &path)? else { return Ok(None) };
    match word.plain().as_ref() {
        "REQUIRED" => Ok(Some(ToolChoice::Required)),
        "NONE" => Ok(Some(ToolChoice::None)),
        other => {
            let message = format!("`tool_choice` must be REQUIRED or NONE, found `{other}`");
            Err(Objection::new("tool_choice", message))
        }
    }
}

fn output<'a>(request: &Value<'a>) -> Result<OutputFormat<'a>, Objection> {
    let Some(format) = read::object(request, "response_format", &Path::ROOT)? else {
        return Ok(OutputFormat::Text);
    };
    let path = Path::ROOT.member("response_format");
    match read::tag(format, "type", &path)?.as_str() {
        "text" => Ok(OutputFormat::Text),
        "json_object" => Ok(match read::object(format, "json_schema", &path)? {
            Some(schema) => OutputFormat::Schema {
                name: None,
                description: None,
                schema: schema.raw().into(),
                strict: Some(true),
            },
            None => OutputFormat::Json,
        }),
        other => {
            let path = path.member("type");
            let message = format!("`{path}` must be text or json_object, found `{other}`");
            Err(Objection::new(path.to_string(), message))
        }
    }
}

fn sampling<'a>(request: &Value<'a>) -> Result<Sampling<'a>, Objection> {
    let path = &Path::ROOT;
    Ok(Sampling {
        output_tokens_max: read::whole(request, "max_tokens", path)?,
        temperature: read::number(request, "temperature", path)?,
        top_p: read::number(request, "p", path)?,
        top_k: read::number(request, "k", path)?,
        seed: read::number(request, "seed", path)?,
        presence_penalty: read::number(request, "presence_penalty", path)?,
        frequency_penalty: read::number(request, "frequency_penalty", path)?,
        stop: read::texts(request, "stop_sequences", path)?,
        logprobs: read::flag(request, "logprobs", path)?,
        ..Sampling::default()
    })
}

/// Without a budget it is the model that decides how much it thinks ("Reasoning").
fn reasoning<'a>(request: &Value<'a>) -> Result<Reasoning<'a>, Objection> {
    let path = Path::ROOT;
    let Some(thinking) = read::object(request, "thinking", &path)? else { return Ok(Reasoning::default()) };
    let path = path.member("thinking");
    let budget = read::whole(thinking, "token_budget", &path)?;
    let kind = read::text(thinking, "type", &path)?;
    Ok(match kind.map(|kind| kind.plain() == "disabled") {
        Some(true) => Reasoning { effort: Some(Effort::None), ..Reasoning::default() },
        _ => Reasoning { tokens_max: budget, adaptive: budget.is_none(), ..Reasoning::default() },
    })
}
