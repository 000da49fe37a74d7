//! A request as a prompt.

use super::message_reader;
use crate::convert::Format;
use crate::convert::codec::Objection;
use crate::convert::form::{
    Attribution, Effort, Foreign, Grammar, OutputFormat, Prompt, Reasoning, Sampling, SpokenOutput, Tool,
    ToolChoice,
};
use crate::convert::read::{self, Path};
use crate::json::{Kind, Text, Value};

/// The members that the form has a place for, or that the gateway itself answers to.
const KNOWN: &[&str] = &[
    "model",
    "messages",
    "stream",
    "stream_options",
    "tools",
    "tool_choice",
    "functions",
    "function_call",
    "parallel_tool_calls",
    "response_format",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "top_k",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "stop",
    "logprobs",
    "top_logprobs",
    "n",
    "verbosity",
    "reasoning_effort",
    "reasoning",
    "audio",
    "modalities",
    "user",
    "safety_identifier",
    "metadata",
    "service_tier",
    "store",
    "prompt_cache_key",
    "prompt_cache_retention",
];

pub(super) fn read<'a>(request: &Value<'a>) -> Result<Prompt<'a>, Objection> {
    let path = &Path::ROOT;
    let messages = path.member("messages");
    let turns = read::list(request, "messages", path)?
        .iter()
        .enumerate()
        .map(|(index, message)| message_reader::read(message, &messages.element(index)))
        .collect::<Result<Vec<_>, _>>()?;
    if turns.is_empty() {
        return Err(Objection::new("messages", "`messages` must hold at least one message"));
    }
    let stream_options = read::object(request, "stream_options", path)?;
    let include_usage = stream_options.and_then(|options| options.get("include_usage")?.as_bool());
    Ok(Prompt {
        stream: read::flag(request, "stream", path)?.unwrap_or(false),
        stream_usage: include_usage == Some(true),
        turns,
        tools: tools(request)?,
        tool_choice: tool_choice(request)?,
        parallel_tool_calls: read::flag(request, "parallel_tool_calls", path)?,
        output: output(request)?,
        sampling: sampling(request)?,
        reasoning: reasoning(request)?,
        spoken: spoken(request)?,
        pictures: has_modality(request, "image")?,
        attribution: attribution(request)?,
        unknown: read::unknown(request, KNOWN, Format::Chat, path),
    })
}

fn tools<'a>(request: &Value<'a>) -> Result<Vec<Tool<'a>>, Objection> {
    let path = Path::ROOT.member("tools");
    let mut tools = Vec::new();
    for (index, value) in read::list(request, "tools", &Path::ROOT)?.iter().enumerate() {
        tools.push(tool(value, &path.element(index))?);
    }
    let path = Path::ROOT.member("functions");
    for (index, value) in read::list(request, "functions", &Path::ROOT)?.iter().enumerate() {
        tools.push(function(value, &path.element(index))?);
    }
    Ok(tools)
}

fn tool<'a>(tool: &Value<'a>, path: &Path<'_>) -> Result<Tool<'a>, Objection> {
    let kind = read::needed_text(tool, "type", path)?;
    match kind.plain().as_ref() {
        "function" => function(read::needed_object(tool, "function", path)?, &path.member("function")),
        "custom" => {
            let custom = read::needed_object(tool, "custom", path)?;
            let path = path.member("custom");
            Ok(Tool::FreeText {
                name: read::needed_text(custom, "name", &path)?,
                description: read::text(custom, "description", &path)?,
                grammar: grammar(custom, &path)?,
            })
        }
        _ => Ok(Tool::Hosted(Foreign { format: Format::Chat, kind: kind.clone(), raw: tool.raw() })),
    }
}

fn grammar<'a>(custom: &Value<'a>, path: &Path<'_>) -> Result<Option<Grammar<'a>>, Objection> {
    let Some(format) = read::object(custom, "format", path)? else { return Ok(None) };
    let within = path.member("format");
    let Some(grammar) = read::object(format, "grammar", &within)? else { return Ok(None) };
    let path = within.member("grammar");
    let syntax = read::needed_text(grammar, "syntax", &path)?;
    Ok(Some(Grammar { syntax, definition: read::needed_text(grammar, "definition", &path)? }))
}

fn function<'a>(function: &Value<'a>, path: &Path<'_>) -> Result<Tool<'a>, Objection> {
    Ok(Tool::Function {
        name: read::needed_text(function, "name", path)?,
        description: read::text(function, "description", path)?,
        schema: read::object(function, "parameters", path)?.map(|schema| schema.raw().into()),
        strict: read::flag(function, "strict", path)?,
        cache: super::content_reader::cache(function),
    })
}

fn tool_choice<'a>(request: &Value<'a>) -> Result<Option<ToolChoice<'a>>, Objection> {
    let path = Path::ROOT;
    let key = ["tool_choice", "function_call"].into_iter().find(|key| request.present(key).is_some());
    let Some((key, choice)) = key.and_then(|key| Some((key, request.present(key)?))) else { return Ok(None) };
    let path = path.member(key);
    if let Some(word) = choice.as_str() {
        return match word.as_ref() {
            "auto" => Ok(Some(ToolChoice::Auto)),
            "none" => Ok(Some(ToolChoice::None)),
            "required" | "any" => Ok(Some(ToolChoice::Required)),
            other => {
                let message =
                    format!("`{path}` must be auto, none or required, or name a tool; found `{other}`");
                Err(Objection::new(path.to_string(), message))
            }
        };
    }
    if choice.kind() != Kind::Object {
        return Err(Objection::wanted(path.to_string(), "a word or an object", choice));
    }
    named_choice(choice, &path).map(Some)
}

fn named_choice<'a>(choice: &Value<'a>, path: &Path<'_>) -> Result<ToolChoice<'a>, Objection> {
    for key in ["function", "custom"] {
        if let Some(tool) = read::object(choice, key, path)? {
            return Ok(ToolChoice::Named(read::needed_text(tool, "name", &path.member(key))?));
        }
    }
    if let Some(allowed) = read::object(choice, "allowed_tools", path)? {
        let path = path.member("allowed_tools");
        let names = read::list(allowed, "tools", &path)?.iter().filter_map(allowed_name).collect();
        let required = read::text(allowed, "mode", &path)?.is_some_and(|mode| mode.plain() == "required");
        return Ok(ToolChoice::Allowed { names, required });
    }
    match read::text(choice, "name", path)? {
        Some(name) => Ok(ToolChoice::Named(name)),
        None => {
            let kind = read::needed_text(choice, "type", path)?;
            Ok(ToolChoice::Foreign(Foreign { format: Format::Chat, kind, raw: choice.raw() }))
        }
    }
}

fn allowed_name<'a>(tool: &Value<'a>) -> Option<Text<'a>> {
    let named = |key: &str| tool.at(&[key, "name"]).and_then(Value::text);
    named("function").or_else(|| named("custom")).or_else(|| tool.get("name")?.text())
}

fn output<'a>(request: &Value<'a>) -> Result<OutputFormat<'a>, Objection> {
    let Some(format) = read::object(request, "response_format", &Path::ROOT)? else {
        return Ok(OutputFormat::Text);
    };
    let path = Path::ROOT.member("response_format");
    match read::tag(format, "type", &path)?.as_str() {
        "text" => Ok(OutputFormat::Text),
        "json_object" => Ok(OutputFormat::Json),
        "json_schema" => {
            let schema = read::needed_object(format, "json_schema", &path)?;
            let path = path.member("json_schema");
            Ok(OutputFormat::Schema {
                name: read::text(schema, "name", &path)?,
                description: read::text(schema, "description", &path)?,
                schema: read::object(schema, "schema", &path)?.map_or("{}", Value::raw).into(),
                strict: read::flag(schema, "strict", &path)?,
            })
        }
        other => {
            let path = path.member("type");
            let message = format!("`{path}` must be text, json_object or json_schema, found `{other}`");
            Err(Objection::new(path.to_string(), message))
        }
    }
}

fn sampling<'a>(request: &Value<'a>) -> Result<Sampling<'a>, Objection> {
    let path = &Path::ROOT;
    let limit = read::whole(request, "max_completion_tokens", path)?;
    Ok(Sampling {
        output_tokens_max: limit.or(read::whole(request, "max_tokens", path)?),
        temperature: read::number(request, "temperature", path)?,
        top_p: read::number(request, "top_p", path)?,
        top_k: read::number(request, "top_k", path)?,
        seed: read::number(request, "seed", path)?,
        presence_penalty: read::number(request, "presence_penalty", path)?,
        frequency_penalty: read::number(request, "frequency_penalty", path)?,
        logit_bias: read::object(request, "logit_bias", path)?.map(Value::raw),
        stop: read::texts(request, "stop", path)?,
        logprobs: read::flag(request, "logprobs", path)?,
        top_logprobs: read::whole(request, "top_logprobs", path)?,
        choices: read::whole(request, "n", path)?,
        verbosity: read::text(request, "verbosity", path)?,
    })
}

/// OpenAI's word for the effort, or OpenRouter's object ("Reasoning tokens").
fn reasoning<'a>(request: &Value<'a>) -> Result<Reasoning<'a>, Objection> {
    let path = Path::ROOT;
    let word = read::text(request, "reasoning_effort", &path)?;
    let Some(object) = read::object(request, "reasoning", &path)? else {
        let effort = word.and_then(|word| Effort::named(&word.plain()));
        return Ok(Reasoning { effort, ..Reasoning::default() });
    };
    let path = path.member("reasoning");
    let word = word.or(read::text(object, "effort", &path)?);
    let off = read::flag(object, "enabled", &path)? == Some(false);
    let effort = word.and_then(|word| Effort::named(&word.plain()));
    Ok(Reasoning {
        effort: if off { Some(Effort::None) } else { effort },
        tokens_max: read::whole(object, "max_tokens", &path)?,
        shown: read::flag(object, "exclude", &path)?.map(|hidden| !hidden),
        ..Reasoning::default()
    })
}

fn spoken<'a>(request: &Value<'a>) -> Result<Option<SpokenOutput<'a>>, Objection> {
    if !has_modality(request, "audio")? {
        return Ok(None);
    }
    let path = Path::ROOT.member("audio");
    let Some(audio) = read::object(request, "audio", &Path::ROOT)? else {
        return Ok(Some(SpokenOutput { voice: None, format: None }));
    };
    let voice = audio.present("voice").and_then(|voice| voice.text().or_else(|| voice.get("id")?.text()));
    Ok(Some(SpokenOutput { voice, format: read::text(audio, "format", &path)? }))
}

fn has_modality(request: &Value<'_>, wanted: &str) -> Result<bool, Objection> {
    let modalities = read::list(request, "modalities", &Path::ROOT)?;
    Ok(modalities.iter().any(|modality| modality.as_str().as_deref() == Some(wanted)))
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
