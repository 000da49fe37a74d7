//! A request as a prompt.

use super::{block_reader, cache_points, settings_reader};
use crate::convert::Format;
use crate::convert::codec::Objection;
use crate::convert::form::{Attribution, Foreign, Prompt, Role, Tool, ToolChoice, Turn, Unknown};
use crate::convert::read::{self, Path};
use crate::json::{Text, Value};

/// The members that the form has a place for. `modelId` is in the path; some clients repeat it.
const KNOWN: &[&str] = &[
    "modelId",
    "messages",
    "system",
    "inferenceConfig",
    "toolConfig",
    "outputConfig",
    "additionalModelRequestFields",
    "additionalModelResponseFieldPaths",
    "requestMetadata",
    "serviceTier",
];

pub(super) fn read<'a>(request: &Value<'a>) -> Result<Prompt<'a>, Objection> {
    let path = &Path::ROOT;
    let mut turns = system(request)?;
    let listed = read::list(request, "messages", path)?;
    if listed.is_empty() {
        return Err(Objection::new("messages", "`messages` must hold at least one message"));
    }
    let messages = path.member("messages");
    for (index, message) in listed.iter().enumerate() {
        turns.push(turn(message, &messages.element(index))?);
    }
    let mut tools = tools(request)?;
    cache_points::fold(&mut tools, &mut turns);
    turns.retain(|turn| !turn.parts.is_empty());
    let fields = settings_reader::Fields::of(request)?;
    let (claudes_choice, parallel_tool_calls) = fields.tool_choice()?;
    Ok(Prompt {
        stream: false,
        stream_usage: true,
        turns,
        tools,
        tool_choice: tool_choice(request)?.or(claudes_choice),
        parallel_tool_calls,
        output: settings_reader::output(request, &fields)?,
        sampling: settings_reader::sampling(request, &fields)?,
        reasoning: settings_reader::reasoning(request, &fields)?,
        spoken: None,
        pictures: false,
        attribution: attribution(request)?,
        unknown: unknown(request, &fields),
    })
}

/// Instructions: texts, and what a guardrail is to look at.
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

/// The tools; a mark among them is the one before it's.
fn tools<'a>(request: &Value<'a>) -> Result<Vec<Tool<'a>>, Objection> {
    let Some(config) = read::object(request, "toolConfig", &Path::ROOT)? else { return Ok(Vec::new()) };
    let path = Path::ROOT.member("toolConfig");
    let listed = path.member("tools");
    let mut tools = Vec::new();
    for (index, value) in read::list(config, "tools", &path)?.iter().enumerate() {
        match cache_points::read(value) {
            Some(mark) => {
                if let Some(cache) = cache_points::cache_of_tools(&mut tools) {
                    *cache = Some(mark);
                }
            }
            None => tools.push(tool(value, &listed.element(index))?),
        }
    }
    Ok(tools)
}

fn tool<'a>(tool: &Value<'a>, path: &Path<'_>) -> Result<Tool<'a>, Objection> {
    let Some(spec) = read::object(tool, "toolSpec", path)? else {
        let kind = tool.members().first().map_or("tool", |(key, _)| key.as_ref());
        return Ok(Tool::Hosted(foreign(kind, tool)));
    };
    let path = path.member("toolSpec");
    let schema = read::needed_object(spec, "inputSchema", &path)?;
    Ok(Tool::Function {
        name: read::needed_text(spec, "name", &path)?,
        description: read::text(spec, "description", &path)?,
        schema: Some(read::needed_object(schema, "json", &path.member("inputSchema"))?.raw().into()),
        strict: read::flag(spec, "strict", &path)?,
        cache: None,
    })
}

fn tool_choice<'a>(request: &Value<'a>) -> Result<Option<ToolChoice<'a>>, Objection> {
    let path = Path::ROOT.member("toolConfig");
    let config = read::object(request, "toolConfig", &Path::ROOT)?;
    let choice = config.map(|config| read::object(config, "toolChoice", &path)).transpose()?.flatten();
    let Some((kind, choice)) = choice.and_then(|choice| Some((choice.members().first()?.0.as_ref(), choice)))
    else {
        return Ok(None);
    };
    let path = path.member("toolChoice");
    Ok(Some(match kind {
        "auto" => ToolChoice::Auto,
        "any" => ToolChoice::Required,
        "tool" => {
            let tool = read::needed_object(choice, "tool", &path)?;
            ToolChoice::Named(read::needed_text(tool, "name", &path.member("tool"))?)
        }
        _ => ToolChoice::Foreign(foreign(kind, choice)),
    }))
}

fn foreign<'a>(kind: &str, value: &Value<'a>) -> Foreign<'a> {
    Foreign { format: Format::Converse, kind: Text::from(kind.to_owned()), raw: value.raw() }
}

fn attribution<'a>(request: &Value<'a>) -> Result<Attribution<'a>, Objection> {
    let path = &Path::ROOT;
    let tier = read::object(request, "serviceTier", path)?;
    let tier = tier.map(|tier| read::needed_text(tier, "type", &path.member("serviceTier"))).transpose()?;
    Ok(Attribution {
        metadata: read::object(request, "requestMetadata", path)?.map(Value::raw),
        service_tier: tier,
        ..Attribution::default()
    })
}

fn unknown<'a>(request: &Value<'a>, fields: &settings_reader::Fields<'_, 'a>) -> Vec<Unknown<'a>> {
    let mut unknown = read::unknown(request, KNOWN, Format::Converse, &Path::ROOT);
    unknown.extend(settings_reader::unknown(request, fields));
    unknown
}
