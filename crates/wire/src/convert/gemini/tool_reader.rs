//! `tools` and `toolConfig` of a request.

use super::{names, schema};
use crate::convert::Format;
use crate::convert::codec::Objection;
use crate::convert::form::{Foreign, Tool, ToolChoice, Unknown};
use crate::convert::read::{self, Path};
use crate::json::{Text, Value};

/// Members of a declaration that the form has a place for.
const KNOWN: [&str; 4] = ["name", "description", "parameters", "parametersJsonSchema"];

/// Reads the tools. An entry holds functions, tools of Google's own, or both.
pub(super) fn tools<'a>(
    request: &Value<'a>,
    unknown: &mut Vec<Unknown<'a>>,
) -> Result<Vec<Tool<'a>>, Objection> {
    let path = Path::ROOT.member("tools");
    let mut tools = Vec::new();
    for (index, entry) in read::list(request, "tools", &Path::ROOT)?.iter().enumerate() {
        let path = path.element(index);
        for (key, value) in entry.members().iter().filter(|(key, _)| entry.present(key).is_some()) {
            if names::camel(key) == "functionDeclarations" {
                let path = path.member(key);
                for (index, function) in read::list(entry, key, &path)?.iter().enumerate() {
                    tools.push(function_tool(function, &path.element(index), unknown)?);
                }
            } else {
                let kind = Text::from(names::camel(key).into_owned());
                tools.push(Tool::Hosted(Foreign { format: Format::Gemini, kind, raw: value.raw() }));
            }
        }
    }
    Ok(tools)
}

fn function_tool<'a>(
    function: &Value<'a>,
    path: &Path<'_>,
    unknown: &mut Vec<Unknown<'a>>,
) -> Result<Tool<'a>, Objection> {
    unknown.extend(names::unknown(function, &KNOWN, path));
    let json_schema =
        names::object(function, "parametersJsonSchema", path)?.map(|schema| schema.raw().into());
    let schema = match json_schema {
        Some(schema) => Some(schema),
        None => names::object(function, "parameters", path)?.map(|own| schema::json_schema(own).into()),
    };
    Ok(Tool::Function {
        name: read::needed_text(function, "name", path)?,
        description: read::text(function, "description", path)?,
        schema,
        strict: None,
        cache: None,
    })
}

/// Reads `toolConfig`.
pub(super) fn tool_choice<'a>(
    request: &Value<'a>,
    unknown: &mut Vec<Unknown<'a>>,
) -> Result<Option<ToolChoice<'a>>, Objection> {
    let Some(config) = names::object(request, "toolConfig", &Path::ROOT)? else { return Ok(None) };
    let path = Path::ROOT.member("toolConfig");
    unknown.extend(names::unknown(config, &["functionCallingConfig"], &path));
    let Some(calling) = names::object(config, "functionCallingConfig", &path)? else { return Ok(None) };
    let path = path.member("functionCallingConfig");
    unknown.extend(names::unknown(calling, &["mode", "allowedFunctionNames"], &path));
    let mut allowed = names::texts(calling, "allowedFunctionNames", &path)?;
    let mode = read::text(calling, "mode", &path)?.map(|mode| mode.plain().to_ascii_uppercase());
    Ok(match (mode.as_deref(), allowed.len()) {
        (None | Some("" | "MODE_UNSPECIFIED" | "AUTO"), _) => Some(ToolChoice::Auto),
        (Some("NONE"), _) => Some(ToolChoice::None),
        (Some("ANY"), 0) => Some(ToolChoice::Required),
        (Some("ANY"), 1) => allowed.pop().map(ToolChoice::Named),
        (Some("ANY"), _) => Some(ToolChoice::Allowed { names: allowed, required: true }),
        (Some("VALIDATED"), 1..) => Some(ToolChoice::Allowed { names: allowed, required: false }),
        (Some(mode), _) => {
            let kind = Text::from(mode.to_owned());
            Some(ToolChoice::Foreign(Foreign { format: Format::Gemini, kind, raw: calling.raw() }))
        }
    })
}
