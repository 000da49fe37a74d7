//! A request as a prompt.

use super::{block_reader, thinking};
use crate::convert::Format;
use crate::convert::codec::Objection;
use crate::convert::form::{
    Attribution, Cache, Foreign, OutputFormat, Part, Prompt, Role, Sampling, Tool, ToolChoice, Turn,
};
use crate::convert::read::{self, Path};
use crate::json::{Text, Value};

/// The members that the form has a place for.
const KNOWN: &[&str] = &[
    "model",
    "messages",
    "system",
    "max_tokens",
    "stream",
    "stop_sequences",
    "temperature",
    "top_p",
    "top_k",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "output_format",
    "metadata",
    "service_tier",
    "cache_control",
];

pub(super) fn read<'a>(request: &Value<'a>) -> Result<Prompt<'a>, Objection> {
    let path = &Path::ROOT;
    let mut turns = system(request)?;
    let messages = path.member("messages");
    let listed = read::list(request, "messages", path)?;
    if listed.is_empty() {
        return Err(Objection::new("messages", "`messages` must hold at least one message"));
    }
    for (index, message) in listed.iter().enumerate() {
        turns.push(turn(message, &messages.element(index))?);
    }
    if let Some(cache) = block_reader::cache(request) {
        mark_last(&mut turns, cache);
    }
    let (tool_choice, parallel_tool_calls) = tool_choice(request, path)?;
    Ok(Prompt {
        stream: read::flag(request, "stream", path)?.unwrap_or(false),
        stream_usage: true,
        turns,
        tools: tools(request)?,
        tool_choice,
        parallel_tool_calls,
        output: output(request, path)?,
        sampling: sampling(request)?,
        reasoning: thinking::read(request, path)?,
        spoken: None,
        pictures: false,
        attribution: attribution(request)?,
        unknown: read::unknown(request, KNOWN, Format::Messages, path),
    })
}

fn system<'a>(request: &Value<'a>) -> Result<Vec<Turn<'a>>, Objection> {
    let parts = block_reader::read(request, "system", &Path::ROOT)?;
    Ok(if parts.is_empty() { Vec::new() } else { vec![Turn { role: Role::System, parts, name: None }] })
}

fn turn<'a>(message: &Value<'a>, path: &Path<'_>) -> Result<Turn<'a>, Objection> {
    let role = match read::tag(message, "role", path)?.as_str() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        other => {
            let path = path.member("role");
            let message = format!("`{path}` must be user, assistant or system, found `{other}`");
            return Err(Objection::new(path.to_string(), message));
        }
    };
    Ok(Turn { role, parts: block_reader::read(message, "content", path)?, name: None })
}

/// The mark of a whole request is one at its last part ("Prompt caching", automatic caching).
fn mark_last(turns: &mut [Turn<'_>], mark: Cache) {
    let last = turns.iter_mut().rev().find_map(|turn| turn.parts.last_mut());
    if let Some(cache) = last.and_then(Part::cache_mut) {
        *cache = Some(mark);
    }
}

fn tools<'a>(request: &Value<'a>) -> Result<Vec<Tool<'a>>, Objection> {
    let path = Path::ROOT.member("tools");
    let listed = read::list(request, "tools", &Path::ROOT)?.iter().enumerate();
    listed.map(|(index, value)| tool(value, &path.element(index))).collect()
}

fn tool<'a>(tool: &Value<'a>, path: &Path<'_>) -> Result<Tool<'a>, Objection> {
    match read::text(tool, "type", path)? {
        Some(kind) if kind.plain() != "custom" => {
            Ok(Tool::Hosted(Foreign { format: Format::Messages, kind, raw: tool.raw() }))
        }
        _ => Ok(Tool::Function {
            name: read::needed_text(tool, "name", path)?,
            description: read::text(tool, "description", path)?,
            schema: Some(read::needed_object(tool, "input_schema", path)?.raw().into()),
            strict: read::flag(tool, "strict", path)?,
            cache: block_reader::cache(tool),
        }),
    }
}

/// The choice, and whether several tools may be used at once, which Anthropic says within it.
pub(in crate::convert) fn tool_choice<'a>(
    holder: &Value<'a>,
    path: &Path<'_>,
) -> Result<(Option<ToolChoice<'a>>, Option<bool>), Objection> {
    let Some(choice) = read::object(holder, "tool_choice", path)? else { return Ok((None, None)) };
    let path = path.member("tool_choice");
    let parallel = read::flag(choice, "disable_parallel_tool_use", &path)?.map(|disabled| !disabled);
    let kind = read::needed_text(choice, "type", &path)?;
    let read = match kind.plain().as_ref() {
        "auto" => ToolChoice::Auto,
        "none" => ToolChoice::None,
        "any" => ToolChoice::Required,
        "tool" => ToolChoice::Named(read::needed_text(choice, "name", &path)?),
        _ => ToolChoice::Foreign(Foreign { format: Format::Messages, kind: kind.clone(), raw: choice.raw() }),
    };
    Ok((Some(read), parallel))
}

/// `output_config.format`, and `output_format` as it was called in the beta.
pub(in crate::convert) fn output<'a>(
    holder: &Value<'a>,
    path: &Path<'_>,
) -> Result<OutputFormat<'a>, Objection> {
    let config = read::object(holder, "output_config", path)?;
    let within = path.member("output_config");
    let (format, path) =
        match config.map(|config| read::object(config, "format", &within)).transpose()?.flatten() {
            Some(format) => (Some(format), within.member("format")),
            None => (read::object(holder, "output_format", path)?, path.member("output_format")),
        };
    let Some(format) = format else { return Ok(OutputFormat::Text) };
    match read::tag(format, "type", &path)?.as_str() {
        "json_schema" => Ok(OutputFormat::Schema {
            name: None,
            description: None,
            schema: read::needed_object(format, "schema", &path)?.raw().into(),
            strict: Some(true),
        }),
        other => {
            let path = path.member("type");
            Err(Objection::new(path.to_string(), format!("`{path}` must be json_schema, found `{other}`")))
        }
    }
}

fn sampling<'a>(request: &Value<'a>) -> Result<Sampling<'a>, Objection> {
    let path = &Path::ROOT;
    Ok(Sampling {
        output_tokens_max: read::whole(request, "max_tokens", path)?,
        temperature: read::number(request, "temperature", path)?,
        top_p: read::number(request, "top_p", path)?,
        top_k: read::number(request, "top_k", path)?,
        stop: read::texts(request, "stop_sequences", path)?,
        ..Sampling::default()
    })
}

fn attribution<'a>(request: &Value<'a>) -> Result<Attribution<'a>, Objection> {
    let path = Path::ROOT;
    let metadata = read::object(request, "metadata", &path)?;
    let user = metadata.map(|metadata| read::text(metadata, "user_id", &path.member("metadata")));
    let tier = read::text(request, "service_tier", &path)?.map(|tier| match tier.plain().as_ref() {
        "standard_only" => Text::from("default"),
        _ => tier,
    });
    Ok(Attribution { user: user.transpose()?.flatten(), service_tier: tier, ..Attribution::default() })
}
