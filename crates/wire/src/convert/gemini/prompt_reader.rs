//! A request as a prompt.

use super::part_reader::foreign;
use super::{content_reader, names, settings_reader, tool_reader};
use crate::convert::codec::Objection;
use crate::convert::form::{Attribution, Prompt, Role, Turn};
use crate::convert::read::{self, Path};
use crate::json::{Text, Value};

/// What was said before, which only Google has: an answer without it would be one to another question.
pub(super) const CACHED: &str = "cachedContent";

/// The members that the form has a place for. The model is in the path; some clients repeat it.
const KNOWN: [&str; 10] = [
    "model",
    "contents",
    "systemInstruction",
    "tools",
    "toolConfig",
    "generationConfig",
    "labels",
    "serviceTier",
    "store",
    CACHED,
];

pub(super) fn read<'a>(request: &Value<'a>) -> Result<Prompt<'a>, Objection> {
    let (mut turns, unknown_of_parts) = content_reader::read(request)?;
    if let Some(cached) = names::present(request, CACHED) {
        turns.insert(0, Turn { role: Role::System, parts: vec![foreign(CACHED, cached)], name: None });
    }
    if let Some(resolution) = settings_reader::resolution(request) {
        content_reader::look_at_all(&mut turns, resolution);
    }
    let mut unknown = names::unknown(request, &KNOWN, &Path::ROOT);
    let tools = tool_reader::tools(request, &mut unknown)?;
    let tool_choice = tool_reader::tool_choice(request, &mut unknown)?;
    let settings = settings_reader::read(request)?;
    unknown.extend(settings.unknown);
    unknown.extend(unknown_of_parts);
    Ok(Prompt {
        stream: false,
        stream_usage: true,
        turns,
        tools,
        tool_choice,
        parallel_tool_calls: None,
        output: settings.output,
        sampling: settings.sampling,
        reasoning: settings.reasoning,
        spoken: settings.spoken,
        pictures: settings.pictures,
        attribution: attribution(request)?,
        unknown,
    })
}

fn attribution<'a>(request: &Value<'a>) -> Result<Attribution<'a>, Objection> {
    let path = &Path::ROOT;
    let tier = names::text(request, "serviceTier", path)?.as_ref().and_then(tier_of_google);
    Ok(Attribution {
        metadata: read::object(request, "labels", path)?.map(Value::raw),
        service_tier: tier,
        store: read::flag(request, "store", path)?,
        ..Attribution::default()
    })
}

/// A tier in OpenAI's words.
pub(super) fn tier_of_google(tier: &Text<'_>) -> Option<Text<'static>> {
    let tier = tier.plain().to_ascii_lowercase();
    match tier.as_str() {
        "" | "unspecified" => None,
        "standard" => Some(Text::from("default")),
        _ => Some(Text::from(tier)),
    }
}
